/** What every Selector must do. Which candidate is best is its own business, and is held to its own tests. */
import assert from 'node:assert/strict'
import type { PieceIndex, Selector } from '../contract/index.ts'
import { draws, selectorView } from './selector-view.ts'
import type { CountingView, SelectorViewFacts } from './selector-view.ts'
import type { SuiteCase } from './suite.ts'

export { selectorView } from './selector-view.ts'
export type { CountingView, SelectorViewFacts } from './selector-view.ts'

const many = 100_000

/** Contents of many kinds: none, one and many pieces, few and most of them candidates, at the beginning and near the end of a download. */
const contents = (): readonly SelectorViewFacts[] => {
  const facts: SelectorViewFacts[] = []
  for (const pieces of [1, 2, 7, 64, 1000]) {
    for (const share of [0.02, 0.5, 1]) {
      for (const owned of [0, 3, 4, pieces]) {
        const seed = facts.length
        const random = draws(seed)
        const candidates = Array.from({ length: pieces }, (_, piece) => piece).filter(() => random() < share)
        facts.push({ pieces, owned: Math.min(owned, pieces - candidates.length), candidates, availability: piece => piece * 7 % 5, seed })
      }
    }
  }
  return facts
}

const said = ({ pieces, owned, seed }: SelectorViewFacts): string => `${pieces} pieces, ${owned ?? 0} owned, seed ${seed}`

/** What it names, and not one more than it is asked for: an endless selector must not hang the suite. */
const named = (selector: Selector, view: CountingView, count: number): PieceIndex[] => {
  const chosen: PieceIndex[] = []
  for (const piece of selector.select(view, count)) {
    chosen.push(piece)
    if (chosen.length > count + view.pieces) break
  }
  return chosen
}

const counts = [1, 3, 50, 2000]

export const selectorSuite: readonly SuiteCase<Selector>[] = [
  { name: 'names only candidates, each once',
    run (selector) {
      for (const facts of contents()) {
        for (const count of counts) {
          const view = selectorView(facts)
          const chosen = named(selector, view, count)
          for (const piece of chosen) assert.ok(view.isCandidate(piece), `piece ${piece} is no candidate: ${said(facts)}`)
          assert.equal(new Set(chosen).size, chosen.length, `a piece is named twice: ${said(facts)}`)
        }
      }
    } },
  { name: 'names at most as many as it is asked for',
    run (selector) {
      for (const facts of contents()) for (const count of [0, ...counts]) assert.ok(named(selector, selectorView(facts), count).length <= count, `asked for ${count}: ${said(facts)}`)
    } },
  { name: 'names nothing when there is no candidate, and no piece at all',
    run (selector) {
      for (const pieces of [0, 1, 1000]) for (const owned of [0, pieces]) assert.deepEqual(named(selector, selectorView({ pieces, owned, candidates: [], seed: 1 }), 10), [])
    } },
  { name: 'names something while there is a candidate',
    run (selector) {
      for (const facts of contents()) {
        const view = selectorView(facts)
        if (view.candidates > 0) assert.notEqual(named(selector, view, 1).length, 0, said(facts))
      }
    } },
  { name: 'makes the same choice again from the same seed, whatever it was asked in between',
    run (selector) {
      const choices = (): PieceIndex[][] => contents().map(facts => named(selector, selectorView(facts), 20))
      const first = choices()
      named(selector, selectorView({ pieces: 333, seed: 99 }), 50)
      assert.deepEqual(choices(), first)
    } },
  { name: 'looks at few of 100,000 candidates to name ten',
    run (selector) {
      for (const owned of [0, 4, 1000]) {
        const view = selectorView({ pieces: many, owned, seed: owned })
        const before = view.looks
        assert.equal(named(selector, view, 10).length, 10)
        assert.ok(view.looks - before <= 1000, `${view.looks - before} looks at ${many} candidates`)
      }
    } },
  { name: 'downloads 100,000 pieces one by one with at most 100 looks for each, on average',
    run (selector) {
      const view = selectorView({ pieces: many, seed: 5 })
      for (let owned = 0; owned < many; owned++) {
        const [piece] = selector.select(view, 1)
        assert.ok(piece !== undefined, `nothing is named when ${owned} are owned`)
        view.take(piece)
        view.own(1)
        assert.ok(view.looks <= 100 * many, `${view.looks} looks for ${owned + 1} pieces`)
      }
    } },
  { name: 'is lazy: the first of 50,000 costs no more than one',
    run (selector) {
      for (const owned of [0, 1000]) {
        const view = selectorView({ pieces: many, owned, seed: 7 })
        const [piece] = selector.select(view, many / 2)
        assert.ok(piece !== undefined)
        assert.ok(view.looks <= 200, `${view.looks} looks for the first piece`)
      }
    } }
]
