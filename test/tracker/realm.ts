/** A realm for tests of the domain: a service over a state in memory, in virtual time, with people. */
import { memoryState } from '../../plugins/state-memory/index.ts'
import { localTracker } from '../../plugins/tracker-local/index.ts'
import type { State } from '../../src/contract/index.ts'
import { trackerRig } from '../../src/testing/tracker-rig.ts'
import type { TrackerRig } from '../../src/testing/tracker-rig.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import type { RunningTracker, TrackerOptions } from '../../src/tracker/index.ts'
import { cheapPasswords, trackerRealm } from './signers.ts'
import { virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface TestRealm extends TrackerRig {
  readonly state: State
  readonly clock: VirtualClock
  readonly service: RunningTracker
  readonly lines: readonly string[]
  /** Another tracker of the same realm, or the same one after a restart. */
  again (options?: Partial<TrackerOptions>): Promise<TestRealm>
  keys (prefix?: string): Promise<readonly string[]>
}

export const testRealm = async (options: Partial<TrackerOptions> = {}, clock = virtualClock()): Promise<TestRealm> => {
  const state = options.state ?? memoryState()
  const lines: string[] = []
  const service = await createTrackerService({ clock, passwordCost: cheapPasswords, log: line => { lines.push(line) }, ...options, state })
  const rig = await trackerRig(trackerRealm(() => localTracker({ service, now: () => clock.now() })))
  return {
    ...rig, state, clock, service, lines,
    again: async more => await testRealm({ ...options, state, ...more }, clock),
    async keys (prefix = '') {
      const found: string[] = []
      for (;;) {
        const last = found.at(-1)
        const page = await state.list(prefix, last === undefined ? {} : { after: last })
        if (page.length === 0) return found
        found.push(...page.map(({ key }) => key))
      }
    }
  }
}
