import { failures, trackerSuite } from 'shoal/testing'
import type { SuiteCase, TrackerRealm } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { memoryState } from '../../plugins/state-memory/index.ts'
import { localTracker } from '../../plugins/tracker-local/index.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import { cheapPasswords, trackerRealm } from '../tracker/signers.ts'
import { brokenTracker, faults } from './broken-tracker.ts'

const waitedInVain = (): Promise<void> => new Promise((_resolve, reject) => {
  AbortSignal.timeout(500).addEventListener('abort', () => { reject(new Error('The case waited in vain.')) })
})

describe('the tracker suite fails when', () => {
  for (const [name, fault] of Object.entries(faults)) {
    it(name, async () => {
      const cases = trackerSuite.filter(suiteCase => suiteCase.name.includes(fault.noticed))
      expect(cases).not.toEqual([])
      const failed = await failures(cases.map((suiteCase): SuiteCase<TrackerRealm> => ({
        ...suiteCase,
        // a broken tracker may leave a case waiting for ever
        run: subject => Promise.race([suiteCase.run(subject), waitedInVain()])
      })), async () => {
        const service = await createTrackerService({ state: memoryState(), passwordCost: cheapPasswords })
        return { subject: trackerRealm(() => brokenTracker(localTracker({ service }), fault)), release: () => service.stop() }
      })
      expect([...failed.keys()]).toEqual(cases.map(suiteCase => suiteCase.name))
    })
  }
})
