/**
 * The pool that hashes pieces by whichever implementation was chosen, which happens when the first piece comes: a peer that never meets this scheme loads
 * nothing for it. Owns that, and hashing in turns where there are no threads.
 */
import { concatBytes, hashPool, ShoalError } from 'shoal/plugin'
import type { Digest, HashPool, OneShotHash } from 'shoal/plugin'
import type { Implementation } from './implementations.ts'

/** About a millisecond of WebAssembly. */
const leavesPerTurn = 32

const bytesOf = (binary: string): Uint8Array => Uint8Array.from(binary, character => character.charCodeAt(0))
const turn = async (): Promise<void> => new Promise(resolve => { setTimeout(resolve, 0) })

/** Where there are no threads: here, letting others have their turn. */
const digestInTurns = async (hash: OneShotHash, bytes: Uint8Array, { algorithm, leaves }: Digest): Promise<Uint8Array> => {
  if (leaves === undefined) return bytesOf(hash(algorithm, bytes, 'binary'))
  let level: Uint8Array[] = Array.from({ length: leaves.width }, () => new Uint8Array(32))
  for (let i = 0; i * leaves.bytes < bytes.byteLength; i++) {
    level[i] = bytesOf(hash(algorithm, bytes.subarray(i * leaves.bytes, (i + 1) * leaves.bytes), 'binary'))
    if (i % leavesPerTurn === leavesPerTurn - 1) await turn()
  }
  while (level.length > 1) {
    const below = level
    level = Array.from({ length: below.length / 2 }, (_, i) => bytesOf(hash(leaves.join ?? algorithm, concatBytes(...below.slice(2 * i, 2 * i + 2)), 'binary')))
  }
  return level[0] ?? new Uint8Array(32)
}

const poolHere = (hash: OneShotHash): HashPool => ({
  threads: 1,
  prepare () { /* it has no threads */ },
  digest: (parts, digest) => digestInTurns(hash, concatBytes(...parts), digest),
  stop: () => Promise.resolve()
})

/** Native code takes 0.2 ms for so much, and 0.2 ms are what the main thread needs to hand it over and take the answer, beside the work of the other thread. */
const nativeInlineBytes = 512 * 1024

const threadPool = ({ name, hash, source = '' }: Implementation, threads: number): HashPool => {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  return hashPool({ hash, hashSource: source, threads, ...name === 'native' ? { inlineBytes: nativeInlineBytes } : {}, start: script => new Worker(script, { eval: true, execArgv: [], name: 'shoal blake3' }) })
}

/** @param choose called once, with the first piece; again with the next if it failed */
export const lazyPool = (choose: () => Promise<Implementation>, threads: number): HashPool => {
  let chosen: Promise<HashPool> | undefined
  let stopped = false
  const pool = async (): Promise<HashPool> => {
    if (stopped) throw new ShoalError('STOPPED', 'Hashing was stopped. Start the peer again.')
    chosen ??= choose().then(implementation => implementation.source === undefined ? poolHere(implementation.hash) : threadPool(implementation, threads))
      .catch((error: unknown) => { chosen = undefined; throw error })
    return chosen
  }
  return {
    threads,
    prepare () { pool().then(made => { made.prepare() }, () => undefined) }, // why not is told to the first who has work
    digest: async (parts, digest) => (await pool()).digest(parts, digest),
    async stop () {
      stopped = true
      await (await chosen?.catch(() => undefined))?.stop()
    }
  }
}
