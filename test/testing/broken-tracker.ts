/** Trackers that break the contract, each in one way: the suite must notice every one. */
import { ShoalError } from 'shoal/plugin'
import type { CatalogFile, GroupId, Tracker, TrackerSession } from 'shoal/plugin'

interface Fault {
  /** Part of the name of each case that must notice it. */
  readonly noticed: string
  readonly tracker?: (tracker: Tracker) => Partial<Tracker>
  readonly session?: (session: TrackerSession) => Partial<TrackerSession>
}

const unless = (error: unknown, code: Parameters<typeof ShoalError.is>[1]): void => { if (!ShoalError.is(error, code)) throw error }

export const faults: Readonly<Record<string, Fault>> = {
  'a taken user name is given again': {
    noticed: 'made once',
    tracker: tracker => ({ register: async (user, password) => { await tracker.register(user, password).catch((error: unknown) => { unless(error, 'USER_EXISTS') }) } })
  },
  'an unknown user is told apart': {
    noticed: 'refused alike',
    tracker: tracker => ({
      login: async (user, password, device) => await tracker.login(user, password, device).catch((error: unknown) => {
        throw user === 'nobody' ? new ShoalError('WRONG_PASSWORD', 'There is no such user. Check the name.') : error
      })
    })
  },
  'a failed login is never too many': {
    noticed: 'after many failures',
    tracker: tracker => ({
      login: async (user, password, device) => await tracker.login(user, password, device).catch((error: unknown) => {
        throw ShoalError.is(error, 'TOO_MANY_ATTEMPTS') ? new ShoalError('WRONG_PASSWORD', error.message) : error
      })
    })
  },
  'logging out ends nothing': { noticed: 'that ended refuses everything', session: () => ({ logout: () => Promise.resolve() }) },
  'a stranger is told that the group exists': {
    noticed: 'as if there were none',
    session: session => ({
      files: async (group, options) => await session.files(group, options).catch((error: unknown) => {
        throw group === 'f'.repeat(64) ? error : new ShoalError('NOT_FOUND', `You are not in group ${group}. Join it.`)
      })
    })
  },
  'an entry that came second is said to be appended': {
    noticed: 'of two entries for the same place',
    session: session => ({ append: async (group, entry) => { await session.append(group, entry); return 'appended' } })
  },
  'a log is always told from its beginning': { noticed: 'read from any entry on', session: session => ({ log: async group => await session.log(group, 0) }) },
  'any member decides': {
    noticed: 'only the owner decides',
    session: session => ({
      append: async (group, entry) => await session.append(group, entry).catch((error: unknown) => { unless(error, 'NOT_OWNER'); return 'appended' as const })
    })
  },
  'a credential is kept beyond its group': {
    noticed: 'a credential names',
    session: session => ({ credential: async () => await session.credential((await session.groups())[0]?.id ?? '' as GroupId).catch(() => new Uint8Array(200)) })
  },
  'a listing is as old as the call before': {
    noticed: 'holds for the other',
    session (session) {
      let before: readonly CatalogFile[] = []
      return { async files (group, options) { const now = await session.files(group, options); const old = before; before = now; return old } }
    }
  },
  'a name is overwritten without asking': { noticed: 'unless who shares it', session: session => ({ share: async (group, file) => await session.share(group, { ...file, replace: true }) }) },
  'an open group is listed like the others': {
    noticed: 'an open group is listed as one',
    session: session => ({ groups: async options => (await session.groups(options)).map(listing => ({ ...listing, policy: 'owner' as const })) })
  },
  'a share is never withdrawn': { noticed: 'goes with its last share', session: () => ({ unshare: () => Promise.resolve() }) },
  'any piece length is taken over': {
    noticed: 'first piece length',
    session: session => ({
      files: async (group, options) => (await session.files(group, options)).map(file => ({ ...file, versions: file.versions.map(version => ({ ...version, manifest: { ...version.manifest, pieceLength: 131072 } })) }))
    })
  },
  'nobody is told of anybody': { noticed: 'a wanter is told', session: session => ({ announce: async announcement => ({ ...await session.announce(announcement), sightings: [] }) }) },
  'a gap in announcements goes unnoticed': { noticed: 'a sequence that does not follow', session: session => ({ announce: async announcement => ({ ...await session.announce(announcement), resync: false }) }) },
  'those who are online are not listed': { noticed: 'listed while online', session: () => ({ peers: () => Promise.resolve([]) }) },
  'a watch cannot be resumed': { noticed: 'misses nothing', session: session => ({ watch: (_, signal) => session.watch(undefined, signal) }) },
  'a watch says everything twice': {
    noticed: 'misses nothing',
    session: session => ({
      async * watch (from, signal) { for await (const event of session.watch(from, signal)) { yield event; yield event } }
    })
  },
  'a watch is deaf to files': {
    noticed: 'files are told',
    session: session => ({
      async * watch (from, signal) { for await (const event of session.watch(from, signal)) if (event.type !== 'file') yield event }
    })
  },
  'an aborted watch throws': {
    noticed: 'a watch ends',
    session: session => ({
      async * watch (from, signal) { yield * session.watch(from, signal); signal.throwIfAborted() }
    })
  }
}

export const brokenTracker = (inner: Tracker, { tracker = () => ({}), session = () => ({}) }: Fault): Tracker => {
  const broken = { ...inner, ...tracker(inner) }
  return {
    ...broken,
    async login (user, password, device, signal) {
      const real = await broken.login(user, password, device, signal)
      return { ...real, ...session(real) }
    }
  }
}
