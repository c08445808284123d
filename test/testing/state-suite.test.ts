import { failures, stateSuite } from 'shoal/testing'
import type { StateMaker, SuiteCase } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { breaks, brokenState } from './broken-state.ts'
import { openStates } from './open-states.ts'

const waitedInVain = (): Promise<void> => new Promise((_resolve, reject) => {
  AbortSignal.timeout(500).addEventListener('abort', () => { reject(new Error('The case waited in vain.')) })
})

describe('the state suite fails when', () => {
  for (const [fault, { noticed, broken }] of Object.entries(breaks)) {
    it(fault, async () => {
      const cases = stateSuite.filter(({ name }) => name.includes(noticed))
      expect(cases).not.toEqual([])
      const failed = await failures(cases.map((suiteCase): SuiteCase<StateMaker> => ({
        ...suiteCase,
        // a broken state may leave a case waiting for ever
        run: subject => Promise.race([suiteCase.run(subject), waitedInVain()])
      })), () => openStates(options => Promise.resolve(brokenState(broken, options?.historyChanges))))
      expect([...failed.keys()]).toEqual(cases.map(({ name }) => name))
    })
  }
})
