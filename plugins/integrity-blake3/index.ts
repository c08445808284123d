/**
 * Integrity by a binary tree of BLAKE3 over leaves of 16 KiB. Owns the shape of that tree and its options; which code hashes is in implementations.ts, when it
 * is loaded in hashing.ts; pages, threads and sealing are those of shoal/plugin. The few hashes above pieces are made in plain JavaScript, at once.
 */
import { blake3 } from '@noble/hashes/blake3.js'
import { definePlugin, integerOption, knownOptions, leafBytes, lifted, nodeBytes, pieceCount, pieceLayer, pieceSealer, pieceVerifier, powerOfTwoFrom, ShoalError } from 'shoal/plugin'
import type { Context, Digest, Integrity, Layout, Tree } from 'shoal/plugin'
import { lazyPool } from './hashing.ts'
import { fastest, isNode, leafAlgorithm, loadImplementation, nodeAlgorithm, nodeKey } from './implementations.ts'
import type { Implementation, ImplementationName } from './implementations.ts'

export interface Blake3Options {
  /** Threads that hash, 1 … 64. @default one less than the machine's cores, 1 … 4 */
  readonly threads?: number
  /** @default 'fastest': of those that load here, by a measurement of a few milliseconds with the first piece */
  readonly implementation?: 'fastest' | ImplementationName
}

const key = new TextEncoder().encode(nodeKey)
const nothing = blake3(new Uint8Array())

const leafTree: Tree = { join: pair => blake3(pair, { key }), pad: new Uint8Array(nodeBytes) }

/** Leaves under one piece: a content of one piece is as wide as it must be, the last piece of a longer one as wide as the others. */
const pieceLeaves = (layout: Layout): number =>
  pieceCount(layout) > 1 ? layout.pieceLength / leafBytes : powerOfTwoFrom(Math.ceil(layout.length / leafBytes))

const layer = pieceLayer({
  hashBytes: nodeBytes,
  nodes: hashes => hashes,
  tree: layout => lifted(leafTree, Math.log2(pieceLeaves(layout))),
  root: ({ length }, top) => length === 0 ? nothing : top
})

const cores = (): number => isNode() ? process.getBuiltinModule('node:os').availableParallelism() : 1

const chooser = (wanted: unknown, log: Context['log']): () => Promise<Implementation> => {
  switch (wanted) {
    case 'native':
    case 'wasm': return () => loadImplementation(wanted)
    case undefined:
    case 'fastest': return () => fastest([() => loadImplementation('native'), () => loadImplementation('wasm')], log)
    default: throw new ShoalError('BAD_OPTION', `The option implementation of integrity-blake3 cannot be ${JSON.stringify(wanted)}. Choose fastest, native or wasm.`)
  }
}

export const blake3Integrity = (options: Blake3Options, { log }: Pick<Context, 'log'>): Integrity => {
  knownOptions('integrity-blake3', options, ['threads', 'implementation'])
  const threads = integerOption('integrity-blake3', 'threads', options.threads, { min: 1, max: 64, otherwise: Math.min(4, Math.max(1, cores() - 1)) })
  const pool = lazyPool(chooser(options.implementation, log), threads)
  const digest = (layout: Layout): Digest => ({ algorithm: leafAlgorithm, leaves: { bytes: leafBytes, width: pieceLeaves(layout), join: nodeAlgorithm } })

  return {
    scheme: 'blake3',
    rootDependsOnPieceLength: false,
    hashBytes: nodeBytes,
    sealer: layout => pieceSealer({
      layout, pool, hashBytes: nodeBytes, digest: () => digest(layout),
      seal: async hashes => ({ root: await layer.root(layout, hashes), hashes })
    }),
    proof: (...range) => layer.proof(...range),
    proves: (...range) => layer.proves(...range),
    verify: pieceVerifier(pool, digest),
    prepare () { pool.prepare() },
    stop: async () => pool.stop()
  }
}

export default definePlugin('integrity', 'blake3', blake3Integrity)
