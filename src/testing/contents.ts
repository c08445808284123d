/** Contents, layouts and randomness for suites and tests: the same on every run, random only from a seed that is named when something fails. */
import { leafBytes, pieceBytes, pieceCount } from '../contract/index.ts'
import type { Layout, Manifest, PieceIndex } from '../contract/index.ts'

/** Byte i is i mod 251, but every block of 16 KiB begins with its number in 4 bytes, big-endian: so no two blocks are equal. */
export const contentOf = (length: number): Uint8Array => {
  const bytes = Uint8Array.from({ length: Math.min(length, 251) }, (_, i) => i)
  const whole = new Uint8Array(length)
  for (let at = 0; at < length; at += bytes.byteLength) whole.set(bytes.subarray(0, length - at), at)
  const stamp = new Uint8Array(4)
  for (let number = 0; number * leafBytes < length; number++) {
    new DataView(stamp.buffer).setUint32(0, number)
    whole.set(stamp.subarray(0, length - number * leafBytes), number * leafBytes)
  }
  return whole
}

export const pieceOf = (layout: Layout, content: Uint8Array, piece: PieceIndex): Uint8Array =>
  content.subarray(piece * layout.pieceLength, piece * layout.pieceLength + pieceBytes(layout, piece))

/** The same bytes in parts of uneven sizes. */
export const partsOf = (bytes: Uint8Array, seed = 1): readonly Uint8Array[] => {
  const random = seeded(seed)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength;) {
    const part = bytes.subarray(at, at + 1 + Math.floor(random() * 40_000))
    parts.push(part)
    at += part.byteLength
  }
  return parts
}

/** A manifest that nobody proves anything by: for storage, which does not look at roots. */
export const manifestOf = (layout: Layout, root = 'ab'.repeat(32)): Manifest => ({ format: 1, scheme: 'sha256', coding: 'none', root, ...layout })

/** One table of sizes for all suites: around the block, around the piece, and many pieces. */
export const layouts = (pieceLength = 4 * leafBytes): readonly Layout[] => [
  0, 1, leafBytes - 1, leafBytes, leafBytes + 1, pieceLength - 1, pieceLength, pieceLength + 1, 2 * pieceLength, 13 * pieceLength + 777
].map(length => ({ length, pieceLength }))

export const everyPiece = (layout: Layout): readonly PieceIndex[] => Array.from({ length: pieceCount(layout) }, (_, piece) => piece)

/** Uniform in [0, 1), from a 32-bit seed (mulberry32). */
export const seeded = (seed: number): () => number => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
