/** Requests without an answer, in any order. Owns the counting; who owes whom is in side.ts. */
import type { BlockRange } from '../core/message.ts'

export interface Owed {
  readonly size: number
  add (range: BlockRange): void
  /** @returns whether it was there */
  take (range: BlockRange): boolean
}

/** The same range may be in it more than once: asked, cancelled, asked again before the first answer came. */
export const createOwed = (): Owed => {
  const counts = new Map<string, number>()
  let size = 0
  const keyOf = ({ piece, offset, length }: BlockRange): string => `${piece} ${offset} ${length}`
  return {
    get size () { return size },
    add (range) {
      const key = keyOf(range)
      counts.set(key, (counts.get(key) ?? 0) + 1)
      size++
    },
    take (range) {
      const key = keyOf(range)
      const count = counts.get(key)
      if (count === undefined) return false
      if (count === 1) counts.delete(key); else counts.set(key, count - 1)
      size--
      return true
    }
  }
}
