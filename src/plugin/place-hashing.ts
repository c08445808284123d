/**
 * SHA-1 and SHA-256 as the place offers them: node:crypto on threads in Node; WebCrypto, which hashes off the page's thread, in a browser. Owns that choice, and
 * the pool over WebCrypto; threads are those of hash-pool.ts.
 */
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, ShoalError } from '../contract/index.ts'
import { hashPool } from './hash-pool.ts'
import type { Digest, HashPool } from './hash-pool.ts'

export type PlaceAlgorithm = 'sha1' | 'sha256'

/** What there is of Node; undefined in a browser. */
const node = (globalThis as { readonly process?: { readonly getBuiltinModule?: typeof process.getBuiltinModule } }).process?.getBuiltinModule
const nodeCrypto = node?.('node:crypto')
const plain = { sha1, sha256 } as const

/** At once, on this thread: for little. */
export const hashNow = (algorithm: PlaceAlgorithm, bytes: Uint8Array): Uint8Array =>
  nodeCrypto === undefined ? plain[algorithm](bytes) : nodeCrypto.hash(algorithm, bytes, 'buffer')

/** One less than the machine's cores, 1 … 4. */
export const fittingThreads = (): number =>
  Math.min(4, Math.max(1, (node === undefined ? navigator.hardwareConcurrency : node('node:os').availableParallelism()) - 1))

const webName = { sha1: 'SHA-1', sha256: 'SHA-256' } as const
const isKnown = (algorithm: string): algorithm is PlaceAlgorithm => Object.hasOwn(webName, algorithm)

/** WebCrypto takes no memory that is shared. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : Uint8Array.from(bytes)

const webDigest = async (bytes: Uint8Array, { algorithm, leaves }: Digest): Promise<Uint8Array> => {
  const of = (name: string): PlaceAlgorithm => {
    if (isKnown(name)) return name
    throw new ShoalError('BUG', `WebCrypto is not asked for ${name} here. Please report it.`)
  }
  const digest = async (part: Uint8Array): Promise<Uint8Array> => new Uint8Array(await crypto.subtle.digest(webName[of(algorithm)], unshared(part)))
  if (leaves === undefined) return digest(bytes)
  const count = Math.ceil(bytes.byteLength / leaves.bytes)
  const found = await Promise.all(Array.from({ length: count }, (_, i) => digest(bytes.subarray(i * leaves.bytes, (i + 1) * leaves.bytes))))
  const join = of(leaves.join ?? algorithm)
  const zero = new Uint8Array(hashNow(of(algorithm), new Uint8Array()).byteLength)
  let level = [...found, ...Array.from({ length: leaves.width - count }, () => zero)]
  while (level.length > 1) {
    const below = level
    level = Array.from({ length: below.length / 2 }, (_, i) => hashNow(join, concatBytes(...below.slice(2 * i, 2 * i + 2))))
  }
  return level[0] ?? zero
}

/** @param threads pieces hashed at a time, as far as whoever fills the pool asks */
export const webHashPool = (threads: number): HashPool => {
  let stopped = false
  const work = async (bytes: Uint8Array, digest: Digest): Promise<Uint8Array> => {
    if (stopped) throw new ShoalError('STOPPED', 'Hashing was stopped. Start the peer again.')
    return webDigest(bytes, digest)
  }
  return {
    threads,
    prepare () { /* WebCrypto has threads */ },
    digest: async (parts, digest) => work(parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts), digest),
    stop () {
      stopped = true
      return Promise.resolve()
    }
  }
}

/** @param name of the threads, as tools show them */
export const placeHashPool = (threads: number, name: string): HashPool => {
  if (node === undefined || nodeCrypto === undefined) return webHashPool(threads)
  const { Worker } = node('node:worker_threads')
  return hashPool({ hash: nodeCrypto.hash, threads, start: source => new Worker(source, { eval: true, execArgv: [], name }) })
}
