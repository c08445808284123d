/** Every limit of the tracker's domain, in one place. What a message may hold is in contract/api; here is what one user, device or group may. */

export const trackerLimits = {
  /** Groups that a user owns, is in, or has asked to join. */
  groupsPerUser: 1000,
  /** Open requests. */
  requestsPerGroup: 1000,
  membersPerGroup: 10_000,
  devicesPerMember: 100,
  /** Devices of a user that are remembered. */
  devicesPerUser: 1000,
  /** Shares of a user in one group. */
  sharesPerMember: 100_000,
  /** Versions of one entry, so that its record stays below the State's 64 KiB. */
  versionsPerEntry: 64,
  /** Versions of one entry that a device shares: replacing one more withdraws its oldest. */
  versionsPerDevice: 8,
  /** Contents that a group remembers after their last share went, so that running downloads may go on. */
  goneContentsPerGroup: 1000,
  /** Sharers told of one version: in a listing, and when one file is asked for. Those who are online come first. */
  sharersInList: 100,
  sharersOfOne: 1000,
  pageEntries: 1000,
  /** Contents that a device announces. */
  announcedPerDevice: 100_000,
  addresses: 32,
  addressCharacters: 256,
  transports: 16,
  seek: 50,
  sightings: 50,
  /** Devices told of one device that has or wants what they announced. */
  sightedByOne: 50,
  /** Notices kept for watchers that resume or are slow. */
  feedItems: 10_000,
  /** Fleeting events (peers, sightings) that wait for one slow watcher. */
  waitingEvents: 1000,
  watchesPerDevice: 8,
  cachedGroups: 2000,
  cachedSessions: 10_000
} as const

/** How often failed logins are answered before all logins from there are refused for a while. */
export const failedLoginLimits = { windowMs: 60_000, perUser: 10, perAddress: 100 } as const

/** Times, in milliseconds. */
export const trackerTimes = {
  /** How far the clock of a device that logs in may be off. */
  clockSkewMs: 10 * 60_000,
  tokenMs: 30 * 24 * 3_600_000,
  /** How long a token that was found good is believed without asking the State again. Its end in this process is noticed at once. */
  sessionCheckMs: 1000,
  heartbeatMs: 5000,
  /** Without an announcement for so long, a device is taken for gone. */
  silenceMs: 15_000,
  /** After its last watch ended: a process that died does not come back within it, a network that hiccuped does. */
  watchGraceMs: 2000,
  /** After a start, devices that come back are not news. */
  quietStartMs: 30_000,
  sweepEveryMs: 3_600_000,
  retryMs: 1000
} as const
