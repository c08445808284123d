/**
 * BLAKE3 by the two packages that bring it fast: native code, and WebAssembly that runs anywhere. Owns loading them, a check of each before it is believed,
 * and the choice between them, which is measured. What is hashed is in index.ts.
 */
import { ShoalError } from 'shoal/plugin'
import type { OneShotHash } from 'shoal/plugin'

export type ImplementationName = 'native' | 'wasm'

export interface Implementation {
  readonly name: ImplementationName
  readonly hash: OneShotHash
  /** The same as an expression for a thread, which shares nothing with us. Absent where there are no threads of Node. */
  readonly source?: string
}

/** Inner nodes of the tree are hashed with this key, so that none can be taken for a leaf. 32 bytes, part of the format. */
export const nodeKey = 'shoal integrity-blake3 tree node'
/** The algorithms of a `Digest`: BLAKE3, and BLAKE3 with the key above. */
export const [leafAlgorithm, nodeAlgorithm] = ['blake3', 'blake3 node']

interface NativeHasher { reset (): void, update (bytes: Uint8Array): unknown, digest (): string }
interface NativePackage { readonly Blake3Hasher: { new (): NativeHasher, newKeyed (key: Buffer): NativeHasher } }
interface WasmHasher { init (): WasmHasher, update (bytes: Uint8Array): WasmHasher, digest (form: 'binary'): Uint8Array }
interface WasmPackage { createBLAKE3 (bits: number, key?: Uint8Array): Promise<WasmHasher> }

/** Uses nothing but its arguments: its source text is run in threads. */
export const nativeHash = ({ Blake3Hasher }: NativePackage, key: string, leaf: string): OneShotHash => {
  const [plain, keyed] = [new Blake3Hasher(), Blake3Hasher.newKeyed(Buffer.from(key))]
  return (algorithm, bytes) => {
    const hasher = algorithm === leaf ? plain : keyed
    hasher.reset()
    hasher.update(bytes)
    return Buffer.from(hasher.digest(), 'hex').toString('latin1')
  }
}

/** Uses nothing but its arguments, as above. */
export const wasmHash = async ({ createBLAKE3 }: WasmPackage, key: string, leaf: string): Promise<OneShotHash> => {
  const [plain, keyed] = [await createBLAKE3(256), await createBLAKE3(256, new TextEncoder().encode(key))]
  return (algorithm, bytes) => String.fromCharCode(...(algorithm === leaf ? plain : keyed).init().update(bytes).digest('binary'))
}

const packages = { native: '@napi-rs/blake-hash', wasm: 'hash-wasm' } as const

/** Whether there are the modules and threads of Node. */
export const isNode = (): boolean => typeof process === 'object' && typeof process.getBuiltinModule === 'function'

/** For a thread: loads the package from where we find it. */
const sourceOf = (name: ImplementationName): string | undefined => {
  if (!isNode()) return undefined
  const make = name === 'native' ? nativeHash : wasmHash
  return `(${make.toString()})(process.getBuiltinModule('node:module').createRequire(${JSON.stringify(import.meta.url)})(${JSON.stringify(packages[name])}), ${
    JSON.stringify(nodeKey)}, ${JSON.stringify(leafAlgorithm)})`
}

/** BLAKE3 of nothing, and of two zero nodes under the key. */
const known: readonly (readonly [string, Uint8Array, string])[] = [
  [leafAlgorithm, new Uint8Array(), 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [nodeAlgorithm, new Uint8Array(64), '06579cc72ae3aeb8be70143fc7298f865a09e3ccacf6bad8fd9e5d531757b1d1']
]
const hexOf = (binary: string): string => Array.from(binary, character => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')

/** @throws ShoalError PLUGIN_FAILED when its package cannot be loaded here, or hashes wrongly */
export const loadImplementation = async (name: ImplementationName): Promise<Implementation> => {
  const failed = (why: string, cause?: unknown): ShoalError => new ShoalError('PLUGIN_FAILED',
    `The ${name} BLAKE3 of integrity-blake3 cannot be used: ${why}. Install ${packages[name]} for this machine, or choose the other by the option implementation.`, { cause })
  let hash: OneShotHash
  try {
    hash = name === 'native' ? nativeHash(nativePackage(), nodeKey, leafAlgorithm) : await wasmHash(await import('hash-wasm'), nodeKey, leafAlgorithm)
  } catch (cause) { throw failed(cause instanceof Error ? cause.message : String(cause), cause) }
  for (const [algorithm, bytes, digest] of known) if (hexOf(hash(algorithm, bytes, 'binary')) !== digest) throw failed(`it gives a wrong ${algorithm}`)
  const source = sourceOf(name)
  return { name, hash, ...(source === undefined ? {} : { source }) }
}

/** Named at run time only, so that what bundles this for a browser does not look for it. */
const nativePackage = (): NativePackage => {
  if (!isNode()) throw new Error('native code runs under Node only')
  return process.getBuiltinModule('node:module').createRequire(import.meta.url)(packages.native) as NativePackage
}

const sampleBytes = 16 * 1024
const rounds = 5
const perRound = 8

/** Seconds for 128 KiB in leaves, the best of five: others may be using the machine. */
export const secondsOf = ({ hash }: Implementation): number => {
  const sample = new Uint8Array(sampleBytes).fill(7)
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    for (let i = 0; i < perRound; i++) hash(leafAlgorithm, sample, 'binary')
    best = Math.min(best, performance.now() - began)
  }
  return best / 1000
}

/**
 * The faster of those that load here.
 * @param candidates how each is loaded
 * @throws ShoalError PLUGIN_FAILED when none does: why the last did not
 */
export const fastest = async (
  candidates: readonly (() => Promise<Implementation>)[], log: (line: string) => void, measure: (implementation: Implementation) => number = secondsOf
): Promise<Implementation> => {
  let best: { readonly implementation: Implementation, readonly seconds: number } | undefined
  let failure: unknown
  for (const load of candidates) {
    try {
      const implementation = await load()
      const seconds = measure(implementation)
      log(`${implementation.name}: ${Math.round(perRound * sampleBytes / seconds / 1e6)} MB/s`)
      if (best === undefined || seconds < best.seconds) best = { implementation, seconds }
    } catch (error) {
      failure = error
      log(error instanceof Error ? error.message : String(error))
    }
  }
  if (best === undefined) throw failure
  return best.implementation
}
