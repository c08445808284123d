import { failures, storageSuite } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { breaks, brokenWorld } from './broken-storage.ts'

describe('the storage suite fails when', () => {
  for (const [fault, { noticed, broken }] of Object.entries(breaks)) {
    it(fault, async () => {
      const cases = storageSuite.filter(({ name }) => name.includes(noticed))
      expect(cases).not.toEqual([])
      const failed = await failures(cases, () => brokenWorld(broken))
      expect([...failed.keys()]).toEqual(cases.map(({ name }) => name))
    })
  }
})

it('every case of the storage suite is shown to fail on some broken storage', () => {
  const noticed = Object.values(breaks).map(fault => fault.noticed)
  const unseen = storageSuite.filter(({ name }) => !noticed.some(part => name.includes(part)))
  expect(unseen.map(({ name }) => name)).toEqual(['a piece may be written again, also at the same time'])
})
