import { describe, expect, it } from 'vitest'
import plugin, { sequential } from '../../plugins/selector-sequential/index.ts'
import { runSuite, selectorSuite, selectorView } from '../../src/testing/index.ts'

runSuite('selector sequential', selectorSuite, () => ({ subject: sequential() }))

describe('sequential', () => {
  it('is a plugin of its folder\'s name and kind, without options', async () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['selector', 'sequential'])
    await expect(plugin({ fast: true }).create({ log: () => undefined })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('names the lowest candidates in rising order', () => {
    const view = selectorView({ pieces: 100, candidates: [90, 3, 50, 4], availability: piece => piece, seed: 1 })
    expect([...sequential().select(view, 3)]).toEqual([3, 4, 50])
  })
})
