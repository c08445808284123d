/** What a content is, and how its bytes are cut. The identity made of it is computed in core/content-id.ts. */
import type { PieceIndex } from './ids.ts'

/** The smallest unit of a request and of the sha256 tree, in bytes. */
export const leafBytes = 16 * 1024
/** Pieces are a power of two from 16 KiB to 16 MiB. */
export const minPieceBytes = leafBytes
export const maxPieceBytes = 16 * 1024 * 1024
export const defaultPieceBytes = 512 * 1024

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
