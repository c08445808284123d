/**
 * The groups of one login: what their logs say, our part in them, and who may exchange with us. Owns writing to logs: every change is an entry that our
 * device signs on top of all that came before.
 */
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { DeviceKey, Group, GroupId, GroupListing, GroupLogs, GroupName, LogAction, Membership, Realm, TrackerSession } from '../contract/index.ts'
import { applyEntry } from '../core/group.ts'
import { noHash, openEntry } from '../core/log-entry.ts'
import type { OpenedEntry } from '../core/log-entry.ts'
import { createGroupLog } from './group-log.ts'
import type { GroupLog } from './group-log.ts'
import { createOwnCredentials } from './own-credentials.ts'
import { createRemovals } from './removals.ts'
import { createShownCredentials } from './shown-credentials.ts'
import { signEntry } from './sign-entry.ts'

export interface GroupMembership extends Membership {
  /** The group as the tracker has it now, checked. @throws ShoalError NOT_FOUND, INTEGRITY */
  group (id: GroupId, signal?: AbortSignal): Promise<Group>
  /** Makes a group; we are its owner. @throws ShoalError GROUP_EXISTS, BAD_NAME */
  create (name: GroupName, signal?: AbortSignal): Promise<GroupId>
  /** Asks to be let in. @returns the group with our request, or with us when it is open. @throws ShoalError ALREADY_REQUESTED, ALREADY_MEMBER, NOT_FOUND */
  request (listing: GroupListing, signal?: AbortSignal): Promise<Group>
  /**
   * Adds an entry to the log, and first one for this device if it is new to the group.
   * @param decide called with the group as it is, again when somebody else came first; what it throws is passed on
   * @throws ShoalError of the rule that the entry breaks; GROUP_CHANGED
   */
  act (id: GroupId, decide: (group: Group) => LogAction, signal?: AbortSignal): Promise<Group>
  /** A peer told us of a removal: a signed log entry. @throws ShoalError INTEGRITY when it is not to be believed */
  learn (entry: Uint8Array): Promise<void>
  /** Reads what is new, because we were told that something is. Never throws. */
  refresh (id: GroupId): Promise<void>
  /** Ends all that is under way. */
  stop (): Promise<void>
}

export interface MembershipOptions {
  readonly session: TrackerSession
  readonly realm: Realm
  readonly device: DeviceKey
  readonly logs: GroupLogs
  /** Unix ms. @default the system's clock */
  readonly now?: () => number
  readonly log?: (line: string) => void
}

/** How often an entry is signed anew because another came first. */
const maxAttempts = 20

export const createMembership = ({ session, realm, device, logs, now = Date.now, log = () => undefined }: MembershipOptions): GroupMembership => {
  const stopped = new AbortController()
  const groupLogs = new Map<GroupId, GroupLog>()
  const removals = createRemovals()
  const { user } = session

  const logOf = (id: GroupId): GroupLog => {
    const known = groupLogs.get(id)
    if (known !== undefined) return known
    const made = createGroupLog({ id, session, realm, logs, signal: stopped.signal, removed: removals.tell, log })
    groupLogs.set(id, made)
    return made
  }
  /** Waits no longer than the caller wants; what others wait for too goes on. */
  const until = async <T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> => {
    if (signal === undefined) return work
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => { aborted.reject(signal.reason as Error) }
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try { return await Promise.race([work, aborted.promise]) } finally { signal.removeEventListener('abort', abort) }
  }
  const live = (signal: AbortSignal | undefined): AbortSignal => {
    stopped.signal.throwIfAborted()
    signal?.throwIfAborted()
    return signal === undefined ? stopped.signal : AbortSignal.any([stopped.signal, signal])
  }
  const changed = (name: string): ShoalError => new ShoalError('GROUP_CHANGED', `Group "${name}" changed ${maxAttempts} times while this was written. Try again.`)

  const sign = (group: Pick<Group, 'id' | 'head'>, action: LogAction): Promise<OpenedEntry> =>
    signEntry({ format: 1, group: group.id, seq: group.head.seq + 1, prev: group.head.hash, at: now(), actor: device.peer, action }, device)

  /** The entry that brings this device in, if we are a member without it. */
  const entrance = (group: Group): LogAction | undefined => {
    const member = group.members.get(user)
    return member === undefined || member.devices.includes(device.peer) ? undefined : { kind: 'device', user, vouch: session.vouch }
  }

  /** @param decide `undefined`: nothing is to be done */
  const write = async (id: GroupId, decide: (group: Group) => LogAction | undefined, signal?: AbortSignal): Promise<Group> => {
    const groupLog = logOf(id)
    let group = await until(signal, groupLog.latest())
    for (let attempts = 0; attempts < maxAttempts;) {
      const first = entrance(group)
      const action = first ?? decide(group)
      if (action === undefined) return group
      const opened = await sign(group, action)
      applyEntry(group, opened)
      groupLog.expect(opened.hash)
      const appended = await session.append(id, opened.bytes, live(signal)) === 'appended'
      if (appended) group = await groupLog.extend(opened)
      else { group = await until(signal, groupLog.latest()); attempts++ }
      // when it was itself what moved the log, it had arrived before, and only the answer was lost
      if ((appended || groupLog.arrived(opened.hash)) && first === undefined) return group
    }
    throw changed(group.name)
  }

  const own = createOwnCredentials({
    session, realm, signal: stopped.signal, now, log,
    stale: ({ group, seq }) => (logOf(group).group?.removed.get(user) ?? -1) >= seq,
    async enter (id) {
      const group = await write(id, () => undefined)
      if (!group.members.has(user)) throw new ShoalError('NOT_FOUND', `You are not a member of group "${group.name}". Join it first.`)
    }
  })

  const ask = async (listing: GroupListing, signal: AbortSignal | undefined): Promise<Group> => {
    const groupLog = logOf(listing.id)
    let at = listing
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const opened = await sign(at, { kind: 'request', user, vouch: session.vouch })
      if (await session.append(listing.id, opened.bytes, live(signal)) === 'appended') return until(signal, groupLog.latest())
      const [again] = await session.groups({ name: listing.name, signal: live(signal) })
      if (again?.id !== listing.id) throw new ShoalError('NOT_FOUND', `Group "${listing.name}" is no more. Check the name with \`list_groups\`.`)
      // our request had arrived, and only the answer was lost; who asked before the group was opened asks once more
      if (again.state !== at.state) return until(signal, groupLog.latest())
      at = again
    }
    throw changed(listing.name)
  }

  const refresh = async (id: GroupId): Promise<void> => {
    try { await logOf(id).latest() } catch (error) {
      if (ShoalError.is(error, 'NOT_FOUND')) own.forget(id)
      if (!stopped.signal.aborted) log(`Group ${id} is not brought up to date: ${String(error)}`)
    }
  }

  return {
    async mine (id) { live(undefined); return own.mine(id) },
    admits: createShownCredentials({ realm, now, logOf }),
    changes: signal => removals.watch(signal),
    async group (id, signal) { live(signal); return until(signal, logOf(id).latest()) },
    async create (name, signal) {
      const genesis = await signEntry({
        format: 1, group: undefined, seq: 0, prev: noHash, at: now(), actor: device.peer, action: { kind: 'genesis', name, user, vouch: session.vouch }
      }, device)
      const id = await session.createGroup(genesis.bytes, live(signal))
      await logOf(id).extend(genesis)
      return id
    },
    async request (listing, signal) { live(signal); return ask(listing, signal) },
    async act (id, decide, signal) { live(signal); return write(id, decide, signal) },
    async learn (bytes) {
      const refuse = (cause?: unknown): ShoalError => new ShoalError('INTEGRITY', 'A removal that a peer told cannot be believed. Nothing to do.', { cause })
      let opened: OpenedEntry
      try { opened = openEntry(bytes) } catch (error) { throw error instanceof MalformedError ? refuse(error) : error }
      const known = opened.entry.group === undefined ? undefined : groupLogs.get(opened.entry.group)
      if (opened.entry.group === undefined || known === undefined) throw refuse()
      await known.hear(opened)
      void refresh(opened.entry.group)
    },
    refresh,
    async stop () {
      stopped.abort(new ShoalError('STOPPED', 'You logged out while this was under way. Log in and try again.'))
      removals.end()
      await Promise.all([...groupLogs.values()].map(each => each.load().catch(() => undefined)))
    }
  }
}
