/** A selector's view without a session: any candidates, seeded, and every look at it is counted. */
import type { PieceIndex, SelectorView } from '../contract/index.ts'

export interface SelectorViewFacts {
  readonly pieces: number
  /** @default 0 */
  readonly owned?: number
  /** @default every piece */
  readonly candidates?: Iterable<PieceIndex>
  /** @default 1 for every piece */
  readonly availability?: (piece: PieceIndex) => number
  readonly seed: number
}

export interface CountingView extends SelectorView {
  /** Pieces given, questions answered and numbers drawn so far. */
  readonly looks: number
  readonly candidates: number
  /** The piece was asked for: it is no candidate any more. */
  take (piece: PieceIndex): void
  /** The pieces that were taken are verified and stored. */
  own (count: number): void
}

/** Uniform in [0, 1), from a seed: a linear congruential generator modulo 2^32. Good enough for tests. */
export const draws = (seed: number): () => number => {
  let state = (seed ^ 0x5bd1e995) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 0) / 0x1_0000_0000
  }
}

/** A walk over what is left of an order. Skips what was removed without visiting it. */
const remaining = (order: readonly PieceIndex[], places: ReadonlyMap<PieceIndex, number>) => {
  const next = Int32Array.from({ length: order.length + 1 }, (_, at) => at)
  const find = (from: number): number => {
    let at = from
    for (let to = next[at] ?? order.length; to !== at; to = next[at] ?? order.length) {
      next[at] = next[to] ?? order.length
      at = to
    }
    return at
  }
  return {
    remove (piece: PieceIndex): void {
      const at = places.get(piece)
      if (at !== undefined) next[at] = at + 1
    },
    * walk (look: () => void): Iterable<PieceIndex> {
      for (let at = find(0); at < order.length; at = find(at + 1)) {
        look()
        yield order[at] ?? 0
      }
    }
  }
}

const placesOf = (order: readonly PieceIndex[]): ReadonlyMap<PieceIndex, number> => new Map(order.map((piece, at) => [piece, at]))

export const selectorView = ({ pieces, owned = 0, candidates, availability = () => 1, seed }: SelectorViewFacts): CountingView => {
  const random = draws(seed)
  const rising = candidates === undefined ? Array.from({ length: pieces }, (_, piece) => piece) : [...new Set(candidates)].sort((a, b) => a - b)
  const ties = new Map(rising.map(piece => [piece, random()]))
  const rare = rising.toSorted((a, b) => availability(a) - availability(b) || (ties.get(a) ?? 0) - (ties.get(b) ?? 0))
  const left = new Set(rising)
  const byIndex = remaining(rising, placesOf(rising))
  const byRarity = remaining(rare, placesOf(rare))
  let looks = 0
  let had = owned
  const look = (): void => { looks++ }
  return {
    pieces,
    get owned () { return had },
    get looks () { return looks },
    get candidates () { return left.size },
    byIndex: () => byIndex.walk(look),
    byRarity: () => byRarity.walk(look),
    isCandidate (piece) { look(); return left.has(piece) },
    availability (piece) { look(); return availability(piece) },
    random () { look(); return random() },
    take (piece) {
      left.delete(piece)
      byIndex.remove(piece)
      byRarity.remove(piece)
    },
    own (count) { had += count }
  }
}
