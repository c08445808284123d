/**
 * Integrity by the file tree of BitTorrent v2 (BEP 52): SHA-256 over leaves of 16 KiB, so that the root does not depend on the piece length and any
 * program that reads torrents can check it. Owns that tree; pages, threads and sealing are those of shoal/plugin.
 */
import { definePlugin, fittingThreads, fromHex, hashNow, integerOption, knownOptions, leafBytes, lifted, nodeBytes, pieceCount, pieceLayer, pieceSealer, pieceVerifier, placeHashPool, powerOfTwoFrom } from 'shoal/plugin'
import type { Digest, Integrity, Layout, Tree } from 'shoal/plugin'

export interface Sha256Options {
  /** Threads that hash, 1 … 64. @default one less than the machine's cores, 1 … 4 */
  readonly threads?: number
}

const sha256 = (bytes: Uint8Array): Uint8Array => hashNow('sha256', bytes)
const nothing = fromHex('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')

const leafTree: Tree = { join: sha256, pad: new Uint8Array(nodeBytes) }

/** Leaves under one piece: a content of one piece is as wide as it must be, the last piece of a longer one as wide as the others. */
const pieceLeaves = (layout: Layout): number =>
  pieceCount(layout) > 1 ? layout.pieceLength / leafBytes : powerOfTwoFrom(Math.ceil(layout.length / leafBytes))

const pieceTree = (layout: Layout): Tree => lifted(leafTree, Math.log2(pieceLeaves(layout)))

const layer = pieceLayer({
  hashBytes: nodeBytes,
  nodes: hashes => hashes,
  tree: pieceTree,
  root: ({ length }, top) => length === 0 ? nothing : top
})

export const sha256Integrity = (options: Sha256Options): Integrity => {
  knownOptions('integrity-sha256', options, ['threads'])
  const threads = integerOption('integrity-sha256', 'threads', options.threads, { min: 1, max: 64, otherwise: fittingThreads() })
  const pool = placeHashPool(threads, 'shoal sha256')
  const digest = (layout: Layout): Digest => ({ algorithm: 'sha256', leaves: { bytes: leafBytes, width: pieceLeaves(layout) } })

  return {
    scheme: 'sha256',
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

export default definePlugin('integrity', 'sha256', sha256Integrity)
