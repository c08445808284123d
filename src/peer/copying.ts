/** Pieces from one store into another of this peer, so that what is here already is not fetched. */
import { assert, bitfield, pieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { Integrity, Manifest, Store } from '../contract/index.ts'

export interface Copy {
  readonly manifest: Manifest
  readonly integrity: Integrity
  readonly from: Store
  readonly to: Store
  readonly signal: AbortSignal
  /** The source cannot be read. */
  unreadable (error: unknown): void
}

/**
 * Copies what a store misses from one that has all, each piece verified again on its way: the same rule as for what comes from a peer.
 * @returns false when the source cannot be read any more; what was copied stays
 * @throws ShoalError INTEGRITY when the source is not what it was, and what writing throws
 */
export const copyPieces = async ({ manifest, integrity, from, to, signal, unreadable }: Copy): Promise<boolean> => {
  const reading = async <T>(work: () => Promise<T>): Promise<{ readonly value: T } | undefined> => {
    try { return { value: await work() } } catch (error) {
      unreadable(error)
      return undefined
    }
  }
  const pieces = pieceCount(manifest)
  if (pieces === 0) return true
  const kept = await reading(() => from.hashes())
  if (kept === undefined) return false
  const hashes = kept.value
  assert(hashes !== undefined, 'a complete store keeps its piece layer')
  await to.writeHashes(0, hashes, hashes.byteLength)
  const had = bitfield(pieces, to.have().sure)
  for (let piece = 0; piece < pieces; piece++) {
    signal.throwIfAborted()
    if (had.has(piece)) continue
    const read = await reading(() => from.read(piece, 0, pieceBytes(manifest, piece)))
    if (read === undefined) return false
    const expected = hashes.subarray(piece * integrity.hashBytes, (piece + 1) * integrity.hashBytes)
    if (!await integrity.verify(manifest, piece, expected, [read.value])) {
      throw new ShoalError('INTEGRITY', `Piece ${piece} of the copy on this machine is damaged. Stop sharing that copy; then download again.`)
    }
    await to.write(piece, [read.value])
  }
  return true
}
