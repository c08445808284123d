/** Pieces in the order of the content. For watching or reading while it comes; everybody has the beginning, so that a swarm trades less. */
import { definePlugin, knownOptions } from 'shoal/plugin'
import type { PieceIndex, Selector, SelectorView } from 'shoal/plugin'

function * lowest (view: SelectorView, count: number): Generator<PieceIndex> {
  let left = count
  if (left <= 0) return
  for (const piece of view.byIndex()) {
    yield piece
    if (--left === 0) return
  }
}

export const sequential = (options: object = {}): Selector => {
  knownOptions('selector-sequential', options, [])
  return { select: lowest }
}

export default definePlugin('selector', 'sequential', sequential)
