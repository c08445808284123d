import type { FileIdentity, Files } from './files.ts'
import type { Manifest } from './manifest.ts'
import type { PieceIndex } from './ids.ts'

/** Where a content's bytes lie. */
export type Place =
  /** A complete file that the user has: shared in place, never written. */
  | { readonly existing: string; readonly identity?: FileIdentity }
  /** A download: `folder/name`, written as `folder/name.part` until it is finished. `overwrite` lets the last rename replace a file. */
  | { readonly folder: string; readonly name: string; readonly overwrite?: boolean }

export interface Storage {
  /**
   * Opens a content's place, makes what is missing, and reads its record. One open store per place.
   * @throws ShoalError STORAGE_FAILED, STORAGE_FULL, FILE_NOT_FOUND, FILE_EXISTS (`folder/name` exists and `overwrite` is not set),
   *         SOURCE_CHANGED (an existing file is not the one of `identity`)
   */
  open (manifest: Manifest, place: Place, signal: AbortSignal): Promise<Store>
  /** What its paths name. @default the files of the machine */
  readonly files?: Files
}

/** What a store has of its content. Packed bitfields, piece 0 the highest bit of byte 0. */
export interface StoreHave {
  /** Verified before, and the record says so reliably. */
  readonly sure: Uint8Array
  /** Written, but a power cut may have lost it: to be read and verified again before it counts: then it is written again, which makes it sure, or forgotten. Disjoint from `sure`. */
  readonly doubtful: Uint8Array
}

/**
 * Keeps the pieces of one content, and its own record of which it has. Rule: data before record, never the other way.
 * Every method but `have` may throw ShoalError STORAGE_FULL (try again later), STORAGE_FAILED or SOURCE_CHANGED.
 */
export interface Store {
  /** As of open plus every write that returned. */
  have (): StoreHave
  /** Takes the space for the whole content, so that a full disk shows at once. */
  reserve (): Promise<void>
  /** Exactly `length` bytes of a piece that it has. The caller owns them. */
  read (piece: PieceIndex, offset: number, length: number): Promise<Uint8Array>
  /** A whole verified piece, in parts. The parts belong to the store until it returns; recorded as had when it returns. */
  write (piece: PieceIndex, parts: readonly Uint8Array[]): Promise<void>
  /** Takes a piece out of the record: it was doubtful and is bad. */
  forget (piece: PieceIndex): Promise<void>
  /** The proved piece hashes kept so far: the whole piece layer with zeros where a page is missing, or undefined if there are none. */
  hashes (): Promise<Uint8Array | undefined>
  /** Keeps a page of proved piece hashes. `at`: byte offset in the piece layer; `total`: bytes of the whole layer. */
  writeHashes (at: number, bytes: Uint8Array, total: number): Promise<void>
  /** Makes all that was written durable: data, then record. */
  flush (): Promise<void>
  /**
   * Durable, and renamed to its final name without replacing another file; returns that path. It is read on until it is closed. Idempotent.
   * @throws FILE_EXISTS: nothing is lost, and it can be tried again
   */
  finish (): Promise<string>
  /** Closes and removes what this store wrote: the partial file and the record. Never an existing file. */
  discard (): Promise<void>
  /** Flushes and releases. Idempotent. */
  close (): Promise<void>
}
