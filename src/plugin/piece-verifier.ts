/** Whether a piece is what its hash says, for schemes whose piece hash is one digest of a pool. Owns that bytes of another length, or of no piece, are refused before they are hashed. */
import { equalBytes, pieceBytes, pieceCount } from '../contract/index.ts'
import type { Integrity, Layout } from '../contract/index.ts'
import type { Digest, HashPool } from './hash-pool.ts'

export const pieceVerifier = (pool: Pick<HashPool, 'digest'>, digest: (layout: Layout) => Digest): Integrity['verify'] => (manifest, piece, expected, parts) => {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
  if (piece < 0 || piece >= pieceCount(manifest) || length !== pieceBytes(manifest, piece)) return false
  const found = pool.digest(parts, digest(manifest))
  return found instanceof Promise ? found.then(result => equalBytes(result, expected)) : equalBytes(found, expected)
}
