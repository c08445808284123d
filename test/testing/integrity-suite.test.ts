import { failures, integritySuite } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { breaks, brokenIntegrity } from './broken-integrity.ts'

describe('the integrity suite fails when', () => {
  for (const [fault, how] of Object.entries(breaks)) {
    it(fault, async () => {
      const cases = integritySuite.filter(({ name }) => name.includes(how.noticed))
      expect(cases).not.toEqual([])
      const failed = await failures(cases, () => {
        const integrity = brokenIntegrity(how)
        return { subject: integrity, release: async () => integrity.stop?.() }
      })
      expect([...failed.keys()]).toEqual(cases.map(({ name }) => name))
    })
  }
})
