import { describe, expect, it } from 'vitest'
import plugin, { rarestFirst } from '../../plugins/selector-rarest-first/index.ts'
import { runSuite, selectorSuite, selectorView } from '../../src/testing/index.ts'

runSuite('selector rarest-first', selectorSuite, () => ({ subject: rarestFirst() }))

/** Piece 60 is the rarest, then 59 … */
const facts = { pieces: 100, candidates: Array.from({ length: 61 }, (_, piece) => piece), availability: (piece: number) => 100 - piece }

describe('rarest-first', () => {
  it('is a plugin of its folder\'s name and kind, without options', async () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['selector', 'rarest-first'])
    await expect(plugin({ fast: true }).create({ log: () => undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('names the rarest candidates first once four pieces are owned', () => {
    expect([...rarestFirst().select(selectorView({ ...facts, owned: 4, seed: 1 }), 4)]).toEqual([60, 59, 58, 57])
  })

  it('names random candidates until there are four, then the rarest', () => {
    const firsts = new Set<number>()
    for (let seed = 0; seed < 50; seed++) {
      const chosen = [...rarestFirst().select(selectorView({ ...facts, owned: 2, seed }), 5)]
      const [first = -1, second = -1] = chosen
      const rare = [60, 59, 58, 57, 56].filter(piece => piece !== first && piece !== second)
      expect(chosen.slice(2), `seed ${seed}`).toEqual(rare.slice(0, 3))
      firsts.add(first).add(second)
    }
    expect(firsts.size).toBeGreaterThan(30)
  })

  it('takes any piece of a peer that has very few of very many', () => {
    const view = selectorView({ pieces: 100_000, candidates: [77_777], seed: 3 })
    expect([...rarestFirst().select(view, 2)]).toEqual([77_777])
  })

  it('leaves the order of ties to the view, which draws it from the seed', () => {
    const firsts = new Set<number>()
    for (let seed = 0; seed < 50; seed++) firsts.add([...rarestFirst().select(selectorView({ pieces: 100, owned: 50, seed }), 1)][0] ?? -1)
    expect(firsts.size).toBeGreaterThan(25)
  })
})
