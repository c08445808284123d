/** What a content is, and how its bytes are cut. The identity made of it is computed in core/content-id.ts. */
import type { PieceIndex } from './ids.ts'

/** The smallest unit of a request and of the sha256 tree, in bytes. */
export const leafBytes = 16 * 1024
/** Pieces are a power of two from 16 KiB to 16 MiB. */
export const minPieceBytes = leafBytes
export const maxPieceBytes = 16 * 1024 * 1024
const leastPieceBytes = 128 * 1024
/** Of all but small contents. */
export const defaultPieceBytes = 512 * 1024
/** A content has so many pieces or more, if they need not be smaller than the least for it: peers pass on whole pieces, and a swarm waits for them at both its ends. */
const fewPieces = 256
/** Above this many pieces the usual length doubles, so that a piece layer stays below 2 MiB. */
const manyPieces = 65_536

/** How a content's bytes are cut into pieces. */
export interface Layout {
  /** Length of the whole content in bytes, 0 … 2^53 - 1. */
  readonly length: number
  /** Length of every piece but the last, in bytes: a power of two. */
  readonly pieceLength: number
}

export interface Manifest extends Layout {
  readonly format: 1
  /** Name of the integrity scheme, such as `sha256`. A peer without it lists the content and cannot download it. */
  readonly scheme: string
  /** How content bytes become wire bytes. `none`: they are the same. */
  readonly coding: string
  /** Hex of the scheme's root. */
  readonly root: string
}

export const pieceCount = ({ length, pieceLength }: Layout): number => Math.ceil(length / pieceLength)

/** Length in bytes of one piece: `pieceLength`, or what is left for the last. */
export const pieceBytes = ({ length, pieceLength }: Layout, piece: PieceIndex): number =>
  Math.min(pieceLength, length - piece * pieceLength)

/** The piece length of a content of that length, in bytes, when nobody asked for another. */
export const choosePieceLength = (length: number): number => {
  let pieceLength = leastPieceBytes
  while (pieceLength < defaultPieceBytes && pieceCount({ length, pieceLength }) > fewPieces) pieceLength *= 2
  while (pieceLength < maxPieceBytes && pieceCount({ length, pieceLength }) > manyPieces) pieceLength *= 2
  return pieceLength
}
