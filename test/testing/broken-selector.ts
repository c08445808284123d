/** Selectors that break the contract, each in one way: the suite must see it. */
import type { PieceIndex, Selector, SelectorView } from '../../src/contract/index.ts'

const firstOf = (pieces: Iterable<PieceIndex>, count: number): PieceIndex[] => {
  const chosen: PieceIndex[] = []
  for (const piece of pieces) {
    if (chosen.length >= count) break
    chosen.push(piece)
  }
  return chosen
}

const everyIndex = (view: SelectorView): PieceIndex[] => Array.from({ length: view.pieces }, (_, piece) => piece)

let calls = 0

/** By the name of the case that must fail. */
export const brokenSelectors: Readonly<Record<string, Selector>> = {
  'names only candidates, each once': { select: (view, count) => everyIndex(view).slice(0, count) },
  'names at most as many as it is asked for': { select: (view, count) => firstOf(view.byIndex(), count + 1) },
  'names nothing when there is no candidate, and no piece at all': { select: (view, count) => [...firstOf(view.byIndex(), count), 0].slice(0, count) },
  'names something while there is a candidate': { select: (view, count) => view.owned < 4 ? firstOf(view.byIndex(), count) : [] },
  'makes the same choice again from the same seed, whatever it was asked in between': { select: (view, count) => firstOf(++calls % 2 === 0 ? view.byIndex() : [...view.byIndex()].reverse(), count) },
  'looks at few of 100,000 candidates to name ten': { select: (view, count) => [...view.byRarity()].slice(0, count) },
  'downloads 100,000 pieces one by one with at most 100 looks for each, on average': {
    * select (view, count) {
      for (let piece = 0, left = count; left > 0 && piece < view.pieces; piece++) if (view.isCandidate(piece)) { left--; yield piece }
    }
  },
  'is lazy: the first of 50,000 costs no more than one': { select: (view, count) => firstOf(view.byIndex(), count) }
}
