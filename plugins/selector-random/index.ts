/** Any candidate, each with the same chance: the yardstick for the others. It draws from all pieces, and walks over the candidates only when they are few. */
import { definePlugin, knownOptions } from 'shoal/plugin'
import type { PieceIndex, Selector, SelectorView } from 'shoal/plugin'

/** Draws for one piece before the walk: of pieces of which one in 16 is a candidate, 98 of 100 are found so. */
const draws = 64

const drawn = (view: SelectorView, chosen: ReadonlySet<PieceIndex>): PieceIndex | undefined => {
  for (let draw = 0; draw < draws; draw++) {
    const piece = Math.floor(view.random() * view.pieces)
    if (!chosen.has(piece) && view.isCandidate(piece)) return piece
  }
  return undefined
}

/** The candidates that are not chosen yet, and so many of them in random order: a shuffle that stops when it has enough. */
function * shuffled (view: SelectorView, chosen: ReadonlySet<PieceIndex>, count: number): Generator<PieceIndex> {
  const rest = [...view.byIndex()].filter(piece => !chosen.has(piece))
  for (let at = 0; at < Math.min(count, rest.length); at++) {
    const from = at + Math.floor(view.random() * (rest.length - at))
    const piece = rest[from]
    const displaced = rest[at]
    if (piece === undefined || displaced === undefined) return
    rest[from] = displaced
    yield piece
  }
}

function * uniform (view: SelectorView, count: number): Generator<PieceIndex> {
  const chosen = new Set<PieceIndex>()
  while (chosen.size < count) {
    const piece = drawn(view, chosen)
    if (piece === undefined) {
      yield * shuffled(view, chosen, count - chosen.size)
      return
    }
    chosen.add(piece)
    yield piece
  }
}

export const random = (options: object = {}): Selector => {
  knownOptions('selector-random', options, [])
  return { select: uniform }
}

export default definePlugin('selector', 'random', random)
