/** Writes group logs: every change compares and raises the group's head in one transaction, with all that is derived from it. Rules are core's. */
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { Compare, Group, GroupId, LogAction, Op, PeerId, State, UserName } from '../contract/index.ts'
import { actorOf, foldGroup } from '../core/group.ts'
import { openEntry } from '../core/log-entry.ts'
import type { OpenedEntry } from '../core/log-entry.ts'
import { verifyEntry } from '../keys/verify-entry.ts'
import { noticesOf } from './group-notices.ts'
import { headForm, membershipForm, nameForm } from './group-records.ts'
import type { MembershipRecord } from './group-records.ts'
import { absentGroup } from './groups.ts'
import type { Groups } from './groups.ts'
import { trackerLimits } from './limits.ts'
import { noticesForm } from './notice.ts'
import { places } from './places.ts'
import { keyedQueue } from './queue.ts'

/** Who writes: the logged-in user on a device. */
export interface Writer { readonly user: UserName, readonly device: PeerId }

export interface GroupLog {
  create (writer: Writer, genesis: Uint8Array): Promise<GroupId>
  append (writer: Writer, id: GroupId, entry: Uint8Array): Promise<'appended' | 'moved'>
}

/** Something else was written between our reads and our transaction. */
const maxRetries = 20

/** What only an owner does. */
const decisions: ReadonlySet<LogAction['kind']> = new Set(['accept', 'reject', 'remove', 'policy'])

const leaves = ({ entry: { action } }: OpenedEntry): boolean => action.kind === 'leave' || action.kind === 'remove'

const refuse = (why: string): ShoalError => new ShoalError('BAD_REQUEST', `Cannot take this log entry: ${why.replace(/\.$/, '')}. Log in again; update the peer if it repeats.`)

/** @param parted called when somebody left or was removed: there is something to sweep */
export const openGroupLog = (state: State, groups: Groups, realmKey: Uint8Array, parted: () => void): GroupLog => {
  const queue = keyedQueue()

  /** The entry, if it is this writer's. */
  const opened = async (bytes: Uint8Array, { device }: Writer): Promise<OpenedEntry> => {
    try {
      const found = openEntry(bytes)
      if (found.entry.actor !== device) throw refuse('another device signed it than the one that is logged in')
      const flaw = await verifyEntry(found, realmKey)
      if (flaw !== undefined) throw refuse(flaw)
      return found
    } catch (error) {
      throw error instanceof MalformedError ? refuse(`it cannot be read. ${error.message}`) : error
    }
  }

  const checkRoom = async (user: UserName): Promise<void> => {
    const mine = await state.list(places.memberships(user), { limit: trackerLimits.groupsPerUser })
    if (mine.length < trackerLimits.groupsPerUser) return
    throw new ShoalError('LIMIT_REACHED', `${user} is in ${mine.length} groups, or asked to be: that is the limit. Leave one with \`leave_group\`.`)
  }

  /** What an entry changes for users' own lists, and what must not have changed meanwhile. */
  const membershipOps = async (before: Group | undefined, after: Group, { entry: { action, seq } }: OpenedEntry): Promise<{ readonly compare: Compare[], readonly ops: Op[] }> => {
    const put = (user: UserName, membership: MembershipRecord): Op => ({ put: places.membership(user, after.id), value: membershipForm.encode(membership) })
    const removed = (user: UserName): Op => ({ delete: places.membership(user, after.id) })
    switch (action.kind) {
      case 'genesis': return { compare: [], ops: [put(action.user, { state: 'owner', since: 0, shares: 0 })] }
      case 'request':
      case 'accept': return { compare: [], ops: [put(action.user, { state: after.members.has(action.user) ? 'member' : 'requested', since: seq, shares: 0 })] }
      case 'reject':
      case 'remove': return { compare: [], ops: [removed(action.user)] }
      case 'device':
      case 'policy': return { compare: [], ops: [] }
      case 'leave': {
        const heir = after.owner === before?.owner ? undefined : await state.get(places.membership(after.owner, after.id))
        if (heir === undefined) return { compare: [], ops: [removed(action.user)] }
        const owner = put(after.owner, { ...membershipForm.decode(heir), state: 'owner' })
        return { compare: [{ key: heir.key, revision: heir.revision }], ops: [removed(action.user), owner] }
      }
    }
  }

  const write = async (before: { readonly group: Group, readonly revision: number } | undefined, after: Group, entry: OpenedEntry): Promise<boolean> => {
    const { id, name, owner, policy, dissolved, head: { seq, hash } } = after
    const members = await membershipOps(before?.group, after, entry)
    const notices = noticesOf(before?.group, after, entry)
    const nameKey = places.groupName(name)
    const compare: Compare[] = [{ key: places.group(id), revision: before?.revision ?? 0 }, ...members.compare]
    if (before === undefined) compare.push({ key: nameKey, revision: 0 })
    const ops: Op[] = [
      { put: places.logEntry(id, seq), value: entry.bytes },
      { put: places.group(id), value: headForm.encode({ name, seq, hash, dissolved }) },
      dissolved ? { delete: nameKey } : { put: nameKey, value: nameForm.encode({ id, owner, policy, seq, hash }) },
      ...members.ops
    ]
    if (notices.length > 0) ops.push({ put: places.feed(id), value: noticesForm.encode(notices) })
    // whoever goes leaves shares behind
    if (leaves(entry)) ops.push({ put: places.sweep(id), value: new Uint8Array([1]) })
    return (await state.txn(compare, ops)).ok
  }

  /** Whether the writer may speak as the entry does, before its rule is asked: whoever is not in the group learns nothing from the answer. */
  const checkActor = (group: Group, { entry }: OpenedEntry, { user }: Writer): void => {
    if (entry.action.kind !== 'request' && !group.members.has(user)) throw absentGroup()
    const actor = actorOf(group, entry)
    if (actor === user) return
    if (decisions.has(entry.action.kind)) {
      throw new ShoalError('NOT_OWNER', `Only the owner of group "${group.name}" may do this. Ask ${group.owner}.`)
    }
    throw refuse('it speaks for another user than the one who is logged in')
  }

  const checkLimits = async (group: Group, { entry: { action } }: OpenedEntry): Promise<void> => {
    if (action.kind === 'request' && !group.requests.has(action.user) && !group.members.has(action.user)) {
      if (group.requests.size >= trackerLimits.requestsPerGroup) throw new ShoalError('LIMIT_REACHED', `Group "${group.name}" has ${group.requests.size} open requests: that is the limit. Try again when ${group.owner} has decided.`)
      await checkRoom(action.user)
    }
    const grows = action.kind === 'accept' || (action.kind === 'request' && group.policy === 'open')
    if (grows && group.members.size >= trackerLimits.membersPerGroup) throw new ShoalError('LIMIT_REACHED', `Group "${group.name}" has ${group.members.size} members: that is the limit. Make another group.`)
    if (action.kind === 'device' && (group.members.get(action.user)?.devices.length ?? 0) >= trackerLimits.devicesPerMember) {
      throw new ShoalError('LIMIT_REACHED', `${action.user} has ${trackerLimits.devicesPerMember} devices in group "${group.name}": that is the limit. Leave it and join again.`)
    }
  }

  /** The group after the entry, by core's rules. */
  const follow = (group: Group, entry: OpenedEntry): Group => {
    try { return foldGroup([entry], group) } catch (error) {
      throw ShoalError.is(error, 'NOT_FOUND') ? absentGroup() : error
    }
  }

  const tryAppend = async (writer: Writer, id: GroupId, entry: OpenedEntry): Promise<'appended' | 'moved' | 'again'> => {
    const now = await groups.current(id)
    if (now === undefined) throw absentGroup()
    const { group } = now
    const { entry: { seq, prev } } = entry
    // the very same entry again: whoever sends it never got our answer
    if (seq <= group.head.seq && (await state.get(places.logEntry(id, seq)).then(kept => kept !== undefined && openEntry(kept.value).hash === entry.hash))) return 'appended'
    checkActor(group, entry, writer)
    if (seq !== group.head.seq + 1 || prev !== group.head.hash) return 'moved'
    const after = follow(group, entry)
    await checkLimits(group, entry)
    if (!await write(now, after, entry)) return 'again'
    groups.remember(after)
    if (leaves(entry)) parted()
    return 'appended'
  }

  return {
    async create (writer, genesis) {
      const entry = await opened(genesis, writer)
      if (entry.entry.action.kind !== 'genesis') throw refuse('it is no genesis')
      if (entry.entry.action.user !== writer.user) throw refuse('it speaks for another user than the one who is logged in')
      const group = foldGroup([entry])
      return await queue.run(`name/${group.name}`, async () => {
        await checkRoom(writer.user)
        if (await write(undefined, group, entry)) {
          groups.remember(group)
          return group.id
        }
        const taken = await state.get(places.groupName(group.name))
        // the very same genesis again: whoever sends it never got our answer
        if (taken !== undefined && nameForm.decode(taken).id === group.id) return group.id
        throw new ShoalError('GROUP_EXISTS', `Cannot make group "${group.name}": the name is taken. Choose another name, or ask to join with \`join_group\`.`)
      })
    },
    async append (writer, id, bytes) {
      const entry = await opened(bytes, writer)
      if (entry.entry.group !== id) throw entry.entry.group === undefined ? refuse('a group has one genesis') : absentGroup()
      return await queue.run(id, async () => {
        for (let tries = 0; tries < maxRetries; tries++) {
          const result = await tryAppend(writer, id, entry)
          if (result !== 'again') return result
        }
        throw new ShoalError('GROUP_CHANGED', 'The group changed too often while the entry was written. Try again.')
      })
    }
  }
}
