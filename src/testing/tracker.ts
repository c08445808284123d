/** What every Tracker must do, in this process or over a network: all cases, by subject. */
import { trackerAccountSuite } from './tracker-accounts.ts'
import { trackerCatalogSuite } from './tracker-catalog.ts'
import { trackerEventSuite } from './tracker-events.ts'
import { trackerGroupSuite } from './tracker-groups.ts'
import { trackerPresenceSuite } from './tracker-presence.ts'
import type { TrackerRealm } from './tracker-rig.ts'
import type { SuiteCase } from './suite.ts'

export type { TrackerRealm } from './tracker-rig.ts'

/** The realm must be fresh for each case, refuse after 10 failed logins of a user from an address, and should have cheap passwords. */
export const trackerSuite: readonly SuiteCase<TrackerRealm>[] =
  [...trackerAccountSuite, ...trackerGroupSuite, ...trackerCatalogSuite, ...trackerPresenceSuite, ...trackerEventSuite]
