/**
 * One group as this member knows it: its log from the cache, brought up to date from the tracker, each entry checked once, folded. Believes neither the
 * tracker nor a peer without the signatures. Owns the order of what happens to one log; what is done with it is in membership.ts.
 */
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { Group, GroupId, GroupLogs, Member, Realm, Removal, TrackerSession, UserName } from '../contract/index.ts'
import { foldGroup } from '../core/group.ts'
import { openEntry } from '../core/log-entry.ts'
import type { OpenedEntry } from '../core/log-entry.ts'
import { verifySignature } from '../keys/ed25519.ts'
import { verifyEntry } from '../keys/verify-entry.ts'

/** What a tracker gives at once; fewer are the last. */
const pageEntries = 1_000

export interface GroupLog {
  /** As known now. */
  readonly group: Group | undefined
  /** What the cache knows, when nothing else was read before. */
  load (): Promise<Group | undefined>
  /** As the tracker has it, by a read that began after this call. @throws ShoalError of the session; INTEGRITY when the tracker's log does not hold */
  latest (): Promise<Group>
  /** An entry of ours is being appended: `arrived` tells, once, whether a read has brought it, though the answer did not come. */
  expect (hash: string): void
  arrived (hash: string): boolean
  /** Takes an entry of ours that the tracker appended. */
  extend (opened: OpenedEntry): Promise<Group>
  /** A peer told of a removal. Counts until the log was read again. @throws ShoalError INTEGRITY when it is not to be believed */
  hear (opened: OpenedEntry): Promise<void>
  /** Sequence of the newest entry known by which the user ceased to be a member. */
  removedAt (user: UserName): number | undefined
}

export interface GroupLogOptions {
  readonly id: GroupId
  readonly session: TrackerSession
  readonly realm: Realm
  readonly logs: GroupLogs
  readonly signal: AbortSignal
  readonly removed: (removal: Removal) => void
  readonly log: (line: string) => void
}

export const createGroupLog = ({ id, session, realm, logs, signal, removed, log }: GroupLogOptions): GroupLog => {
  let group: Group | undefined
  let loading: Promise<void> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let next: Promise<Group> | undefined
  const told = new Map<UserName, number>()
  const expected = new Map<string, boolean>()

  const untrue = (why: string, cause?: unknown): ShoalError =>
    new ShoalError('INTEGRITY', `The log of group ${group?.name ?? id} does not hold: ${why}. Whoever told it is faulty; tell who runs the tracker.`, { cause })

  /** One thing at a time happens to the log. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  const open = (bytes: Uint8Array): OpenedEntry => {
    try { return openEntry(bytes) } catch (error) { throw error instanceof MalformedError ? untrue(error.message, error) : error }
  }

  const fold = (entries: readonly OpenedEntry[], gone?: (member: Member) => void): Group => {
    if (group === undefined && entries[0]?.hash !== id) throw untrue('it begins with the genesis of another group')
    try { return foldGroup(entries, group, gone) } catch (error) { throw ShoalError.is(error) ? untrue(`an entry breaks a rule (${error.message})`, error) : error }
  }

  const keep = async (from: number, entries: readonly OpenedEntry[]): Promise<void> => {
    try {
      // it has another length than it should: better none, and read anew next time
      if (!await logs.append(id, from, entries.map(({ bytes }) => bytes))) await logs.drop(id)
    } catch (error) { log(`The log of group ${id} is not kept: ${String(error)}`) }
  }

  const take = async (entries: readonly OpenedEntry[]): Promise<Group> => {
    const before = group
    const gone: Member[] = []
    const after = fold(entries, member => { gone.push(member) })
    group = after
    for (const { hash } of entries) if (expected.has(hash)) expected.set(hash, true)
    for (const { user, devices } of gone) {
      // of a log read for the first time only the outcome is news
      if (before !== undefined || !after.members.has(user)) removed({ group: id, user, devices })
    }
    await keep(before === undefined ? 0 : before.head.seq + 1, entries)
    return after
  }

  /** Without a cache, or with a damaged one, the tracker is read from the beginning. */
  const read = async (): Promise<void> => {
    try {
      const kept = await logs.read(id)
      if (kept.length > 0) group = fold(kept.map(open))
    } catch (error) {
      if (!ShoalError.is(error)) throw error
      log(`The kept log of group ${id} is read anew: ${error.message}`)
      if (error.code === 'INTEGRITY') await logs.drop(id).catch((cause: unknown) => { log(`It could not be dropped: ${String(cause)}`) })
    }
  }
  const load = (): Promise<void> => {
    loading ??= read()
    return loading
  }

  const checked = async (page: readonly Uint8Array[]): Promise<readonly OpenedEntry[]> => {
    const entries = page.map(open)
    const reasons = await Promise.all(entries.map(entry => verifyEntry(entry, realm.key)))
    for (const [i, why] of reasons.entries()) if (why !== undefined) throw untrue(`of entry ${entries[i]?.entry.seq ?? i}, ${why}`)
    return entries
  }

  const bring = async (): Promise<Group> => {
    await load()
    for (;;) {
      const page = await session.log(id, group === undefined ? 0 : group.head.seq + 1, signal)
      if (page.length > 0) await take(await checked(page))
      if (page.length < pageEntries) break
    }
    if (group === undefined) throw untrue('it is empty')
    told.clear()
    return group
  }

  const ceased = async ({ entry: { action, actor, seq }, signed, signature }: OpenedEntry): Promise<void> => {
    await load()
    if (group === undefined) throw untrue('a removal was told of a group that is not known here')
    if (action.kind !== 'leave' && action.kind !== 'remove') throw untrue('what was told is no removal')
    if (seq <= group.head.seq) return
    const member = group.members.get(action.user)
    const rightful = action.kind === 'leave' ? member : group.members.get(group.owner)
    if (member === undefined || rightful?.devices.includes(actor) !== true || (action.kind === 'remove' && action.user === group.owner)) throw untrue('a removal was told that is not its teller\'s to make')
    if (!await verifySignature(actor, signed, signature)) throw untrue('a removal was told that is not signed')
    told.set(action.user, Math.max(seq, told.get(action.user) ?? 0))
    removed({ group: id, user: action.user, devices: member.devices })
  }

  return {
    get group () { return group },
    load: () => inTurn(async () => { await load(); return group }),
    latest () {
      next ??= inTurn(() => { next = undefined; return bring() })
      return next
    },
    expect (hash) { expected.set(hash, false) },
    arrived (hash) {
      const arrived = expected.get(hash) === true
      expected.delete(hash)
      return arrived
    },
    extend: opened => inTurn(async () => {
      await load()
      expected.delete(opened.hash)
      // a read may have brought it already
      return group !== undefined && group.head.seq >= opened.entry.seq ? group : take([opened])
    }),
    hear: opened => inTurn(() => ceased(opened)),
    removedAt (user) {
      const [known, heard] = [group?.removed.get(user), told.get(user)]
      return known === undefined || heard === undefined ? known ?? heard : Math.max(known, heard)
    }
  }
}
