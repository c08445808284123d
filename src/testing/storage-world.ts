/** What the storage suite works with: a storage, the files around it, and the few things that are done in nearly every case. */
import assert from 'node:assert/strict'
import { bitfield, pieceCount, ShoalError } from '../contract/index.ts'
import type { ErrorCode, Layout, Manifest, PieceIndex, Place, Storage, Store } from '../contract/index.ts'
import { layouts, partsOf, pieceOf } from './contents.ts'

/** A storage and the files around it. */
export interface StorageWorld {
  /** The storage as the next process would open it. Stores of the one before must be closed. */
  readonly restart: () => Promise<Storage>
  /** An empty folder for downloads. */
  readonly folder: string
  /** The same files, as other programs see them. */
  readonly files: {
    readonly put: (path: string, bytes: Uint8Array) => Promise<void>
    readonly get: (path: string) => Promise<Uint8Array | undefined>
    readonly remove: (path: string) => Promise<void>
  }
}

export const never: AbortSignal = new AbortController().signal

export const open = async (storage: Storage, manifest: Manifest, place: Place): Promise<Store> => storage.open(manifest, place, never)

export const writePieces = async (store: Store, manifest: Manifest, content: Uint8Array, pieces: Iterable<PieceIndex>): Promise<void> => {
  for (const piece of pieces) await store.write(piece, partsOf(pieceOf(manifest, content, piece), piece + 1))
}

/** The pieces that a store is sure of. */
export const sureOf = (store: Store, layout: Layout): readonly PieceIndex[] => [...bitfield(pieceCount(layout), store.have().sure)]

export const refused = async (code: ErrorCode | undefined, what: string, work: Promise<unknown>): Promise<void> => {
  await assert.rejects(work, (error: unknown) => ShoalError.is(error, code), `${what} is refused${code === undefined ? '' : ` with ${code}`}`)
}

export const many: Layout = layouts().at(-1) ?? { length: 0, pieceLength: 16_384 }
