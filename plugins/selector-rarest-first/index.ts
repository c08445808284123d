/**
 * The piece that the fewest peers have comes first, so that none dies out and everybody has something to give. The order, and the order of ties, is the
 * view's. The first pieces are random ones: a rare piece comes from few peers, slowly, and a peer that has nothing yet has nothing to give.
 */
import { definePlugin, knownOptions } from 'shoal/plugin'
import type { PieceIndex, Selector, SelectorView } from 'shoal/plugin'

/** libtorrent's initial_picker_threshold: enough to be useful to others, too few to spoil the spread of pieces. */
const randomPieces = 4
/** When a peer has so little of the content that this many draws miss, any of it will do. */
const draws = 32

const drawn = (view: SelectorView, chosen: ReadonlySet<PieceIndex>): PieceIndex | undefined => {
  for (let draw = 0; draw < draws; draw++) {
    const piece = Math.floor(view.random() * view.pieces)
    if (!chosen.has(piece) && view.isCandidate(piece)) return piece
  }
  return undefined
}

function * rarest (view: SelectorView, count: number): Generator<PieceIndex> {
  const chosen = new Set<PieceIndex>()
  while (chosen.size < count && view.owned + chosen.size < randomPieces) {
    const piece = drawn(view, chosen)
    if (piece === undefined) break
    chosen.add(piece)
    yield piece
  }
  let left = count - chosen.size
  if (left <= 0) return
  for (const piece of view.byRarity()) {
    if (chosen.has(piece)) continue
    yield piece
    if (--left === 0) return
  }
}

export const rarestFirst = (options: object = {}): Selector => {
  knownOptions('selector-rarest-first', options, [])
  return { select: rarest }
}

export default definePlugin('selector', 'rarest-first', rarestFirst)
