/** What a store has when it is opened, after what a power cut may have taken was looked at. */
import { bitfield, pieceBytes, pieceCount } from '../contract/index.ts'
import type { Integrity, Manifest, Store } from '../contract/index.ts'

export interface Doubts {
  readonly manifest: Manifest
  readonly integrity: Integrity
  readonly store: Store
  readonly signal: AbortSignal
  hashed (bytes: number): void
  /** Does it, again and again while the disk is full. */
  whileFull (attempt: () => Promise<void>): Promise<void>
}

/** Pieces that a power cut may have lost are read and hashed again: never fetched for nothing, never believed. */
export const settleDoubts = async ({ manifest, integrity, store, signal, hashed, whileFull }: Doubts): Promise<void> => {
  const hashes = await store.hashes()
  for (const piece of bitfield(pieceCount(manifest), store.have().doubtful)) {
    signal.throwIfAborted()
    const bytes = pieceBytes(manifest, piece)
    const expected = hashes?.subarray(piece * integrity.hashBytes, (piece + 1) * integrity.hashBytes)
    const data = [await store.read(piece, 0, bytes)]
    hashed(bytes)
    const isGood = expected !== undefined && await integrity.verify(manifest, piece, expected, data)
    await whileFull(() => isGood ? store.write(piece, data) : store.forget(piece))
  }
}

export const sureBytes = (manifest: Manifest, store: Store): number => {
  let bytes = 0
  for (const piece of bitfield(pieceCount(manifest), store.have().sure)) bytes += pieceBytes(manifest, piece)
  return bytes
}
