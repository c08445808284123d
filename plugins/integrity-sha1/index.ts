/**
 * Integrity by the piece hashes of BitTorrent v1: SHA-1 of every piece. SHA-1 alone binds nobody (collisions can be made), so the hashes lie under a
 * Merkle root of SHA-256; the README defines it. Owns that root and the combined SHA-1 that people compare; pages, threads and sealing are those of shoal/plugin.
 */
import { byteWriter, definePlugin, fittingThreads, hashNow, integerOption, knownOptions, nodeBytes, pieceLayer, pieceSealer, pieceVerifier, placeHashPool, toHex } from 'shoal/plugin'
import type { Integrity, Tree } from 'shoal/plugin'

export interface Sha1Options {
  /** Threads that hash, 1 … 64. @default one less than the machine's cores, 1 … 4 */
  readonly threads?: number
}

const hashBytes = 20
const domain = { leaf: 0, node: 1, root: 2 }

const sha256 = (kind: number, bytes: Uint8Array): Uint8Array => {
  const input = new Uint8Array(1 + bytes.byteLength)
  input[0] = kind
  input.set(bytes, 1)
  return hashNow('sha256', input)
}

const tree: Tree = { join: pair => sha256(domain.node, pair), pad: new Uint8Array(nodeBytes) }

const combined = (hashes: Uint8Array): string => toHex(hashNow('sha1', hashes))

const layer = pieceLayer({
  hashBytes,
  nodes (hashes) {
    const nodes = new Uint8Array(hashes.byteLength / hashBytes * nodeBytes)
    for (let at = 0; at * hashBytes < hashes.byteLength; at++) nodes.set(sha256(domain.leaf, hashes.subarray(at * hashBytes, (at + 1) * hashBytes)), at * nodeBytes)
    return nodes
  },
  tree: () => tree,
  root: ({ length, pieceLength }, top) => sha256(domain.root, byteWriter().u64(length).u32(pieceLength).raw(top).finish())
})

export const sha1Integrity = (options: Sha1Options): Integrity => {
  knownOptions('integrity-sha1', options, ['threads'])
  const threads = integerOption('integrity-sha1', 'threads', options.threads, { min: 1, max: 64, otherwise: fittingThreads() })
  const pool = placeHashPool(threads, 'shoal sha1')
  const digest = { algorithm: 'sha1' } as const

  return {
    scheme: 'sha1',
    rootDependsOnPieceLength: true,
    hashBytes,
    sealer: layout => pieceSealer({
      layout, pool, hashBytes, digest: () => digest,
      seal: async hashes => ({ root: await layer.root(layout, hashes), hashes, combined: combined(hashes) })
    }),
    proof: (...range) => layer.proof(...range),
    proves: (...range) => layer.proves(...range),
    verify: pieceVerifier(pool, () => digest),
    combined,
    prepare () { pool.prepare() },
    stop: async () => pool.stop()
  }
}

export default definePlugin('integrity', 'sha1', sha1Integrity)
