import { describe, expect, it } from 'vitest'
import plugin, { random } from '../../plugins/selector-random/index.ts'
import { runSuite, selectorSuite, selectorView } from '../../src/testing/index.ts'

runSuite('selector random', selectorSuite, () => ({ subject: random() }))

describe('random', () => {
  it('is a plugin of its folder\'s name and kind, without options', async () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['selector', 'random'])
    await expect(plugin({ fast: true }).create({ log: () => undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  for (const [what, pieces] of [['most pieces', 20], ['few of many pieces', 20_000]] as const) {
    it(`names every candidate equally often where candidates are ${what}`, () => {
      const candidates = Array.from({ length: 10 }, (_, i) => i * pieces / 10)
      const counts = new Map(candidates.map(piece => [piece, 0]))
      const rounds = 4000
      for (let seed = 0; seed < rounds; seed++) {
        const view = selectorView({ pieces, candidates, availability: piece => piece, seed: seed * 7919 })
        for (const piece of random().select(view, 3)) counts.set(piece, (counts.get(piece) ?? 0) + 1)
      }
      const expected = 3 * rounds / candidates.length
      const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      expect(chiSquare, [...counts.values()].join(' ')).toBeLessThan(27.9) // 9 degrees of freedom: passed by chance in one of 1,000
    })
  }
})
