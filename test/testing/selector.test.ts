import { describe, expect, it } from 'vitest'
import { failures, selectorSuite, selectorView } from '../../src/testing/index.ts'
import { brokenSelectors } from './broken-selector.ts'

describe('the selector suite', () => {
  it('has a broken selector for every case', () => {
    expect(Object.keys(brokenSelectors)).toEqual(selectorSuite.map(({ name }) => name))
  })

  for (const [name, subject] of Object.entries(brokenSelectors)) {
    it(`fails where a selector breaks: ${name}`, async () => {
      const failed = await failures(selectorSuite.filter(suiteCase => suiteCase.name === name), () => ({ subject }))
      expect([...failed.keys()]).toEqual([name])
    })
  }
})

describe('a counting view', () => {
  it('walks what is left in order, and counts every look', () => {
    const view = selectorView({ pieces: 10, candidates: [7, 1, 4], availability: piece => 10 - piece, seed: 1 })
    expect([...view.byIndex()]).toEqual([1, 4, 7])
    expect([...view.byRarity()]).toEqual([7, 4, 1])
    view.take(4)
    expect([...view.byIndex()]).toEqual([1, 7])
    expect([...view.byRarity()]).toEqual([7, 1])
    expect([view.isCandidate(4), view.candidates, view.looks]).toEqual([false, 2, 11])
  })
})
