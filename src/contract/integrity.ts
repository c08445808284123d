import type { Layout, Manifest } from './manifest.ts'
import type { PieceIndex } from './ids.ts'

/** What sealing a content gives. */
export interface Seal {
  /** Hex of the root. */
  readonly root: string
  /** The hash of every piece, one after another: `pieceCount(layout) * hashBytes` bytes. The piece layer of the manifest. */
  readonly hashes: Uint8Array
  /** What people compare by eye, such as `sha1 of all pieces`: shown beside the root, checked when a download finishes. Absent when the root is that. */
  readonly combined?: string
}

/** Takes a content's bytes in order, in parts of any size, and gives its seal. */
export interface Sealer {
  /** The part may be reused by the caller after the promise resolved. */
  push (bytes: Uint8Array): void | Promise<void>
  /** @throws ShoalError INTEGRITY when the bytes pushed are not `layout.length`. */
  finish (): Promise<Seal>
}

/** Seals a content into a root, proves hashes to it, verifies pieces. A policy: it hashes, and does no other I/O. */
export interface Integrity {
  /** The name in a manifest. Equal to the plugin's name. */
  readonly scheme: string
  /** Whether the root depends on the piece length; such schemes have the piece length in their content id. */
  readonly rootDependsOnPieceLength: boolean
  /** Bytes of one piece hash. */
  readonly hashBytes: number
  sealer (layout: Layout): Sealer
  /** Pieces are about to come: what verifying takes, such as threads, is started, so that the first does not wait for it. Returns at once; may be called again. */
  prepare? (): void
  /**
   * The proof that `count` hashes of the piece layer, from `first`, belong to the root. `first` is a multiple of 512, or the range is the whole layer.
   * @param hashes the whole piece layer
   * @throws ShoalError INTEGRITY when they are not those of the manifest's root: they were damaged where they are kept
   */
  proof (manifest: Manifest, hashes: Uint8Array, first: number, count: number): Uint8Array
  /** Whether `hashes` are the piece hashes from `first` on. Called with data from strangers: never throws for bad data. */
  proves (manifest: Manifest, first: number, hashes: Uint8Array, proof: Uint8Array): boolean
  /**
   * Whether the parts, in order, are the piece. False: bad data. Throws: a bug. Does not keep or change the parts.
   * @param expected the piece's hash, already proved
   */
  verify (manifest: Manifest, piece: PieceIndex, expected: Uint8Array, parts: readonly Uint8Array[]): boolean | Promise<boolean>
  /** What `Seal.combined` is, from the whole piece layer, so that it can be checked when a download finishes. Absent when seals have none. */
  combined? (hashes: Uint8Array): string
  /** Releases threads and memory. */
  stop? (): Promise<void>
}

/** Piece hashes are asked for, proved and kept in pages of at most this many. */
export const hashPage = 512
