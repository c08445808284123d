/** Groups as they are: folds of their logs, kept in memory and checked against the head in the State at every use; listings; logs. Writes nothing. */
import { isHash, isName, ShoalError } from '../contract/index.ts'
import type { Entry, Group, GroupId, GroupListing, GroupName, State, UserName } from '../contract/index.ts'
import { foldGroup } from '../core/group.ts'
import { openEntry } from '../core/log-entry.ts'
import { headForm, membershipForm, nameForm } from './group-records.ts'
import type { MembershipRecord } from './group-records.ts'
import { trackerLimits } from './limits.ts'
import { lru } from './lru.ts'
import { lastOfKey, listAll, places } from './places.ts'

/** A group and the revision of the head that it was read at. */
export interface GroupNow { readonly group: Group, readonly revision: number }

export interface Groups {
  /** Undefined: no such group, or dissolved. */
  current (id: GroupId): Promise<GroupNow | undefined>
  /** @throws NOT_FOUND, the same for no such group and for one that the user is not in */
  ofMember (id: GroupId, user: UserName): Promise<Group>
  /** As last read here, without asking the State. For notices, on which nothing depends. */
  lastKnown (id: GroupId): Group | undefined
  /** After a write of our own. */
  remember (group: Group): void
  list (user: UserName, name?: string): Promise<readonly GroupListing[]>
  log (id: GroupId, user: UserName, from: number): Promise<readonly Uint8Array[]>
  memberships (user: UserName): Promise<readonly { readonly id: GroupId, readonly membership: MembershipRecord }[]>
}

/** One answer for everything, so that it tells nobody which it is. */
export const absentGroup = (): ShoalError =>
  new ShoalError('NOT_FOUND', 'There is no such group, or you are not a member of it. Check the name with `list_groups`; ask to join with `join_group`.')

export const openGroups = (state: State): Groups => {
  const folds = lru<GroupId, Group>(trackerLimits.cachedGroups)

  const remember = (group: Group): void => {
    if (group.dissolved) folds.delete(group.id)
    // two reads may overtake each other
    else if ((folds.get(group.id)?.head.seq ?? -1) < group.head.seq) folds.set(group.id, group)
  }

  const readLog = async (id: GroupId, from: number, to: number): Promise<Uint8Array[]> => {
    const after = from === 0 ? places.log(id) : places.logEntry(id, from - 1)
    const page = await state.list(places.log(id), { after, limit: Math.min(trackerLimits.pageEntries, to - from + 1) })
    return page.map(entry => entry.value)
  }

  /** The fold up to that entry. Undefined: the log went while it was read. */
  const foldTo = async (id: GroupId, seq: number): Promise<Group | undefined> => {
    let group = folds.get(id)
    while ((group?.head.seq ?? -1) < seq) {
      const page = await readLog(id, (group?.head.seq ?? -1) + 1, seq)
      if (page.length === 0) return undefined
      group = foldGroup(page.map(openEntry), group)
    }
    return group
  }

  const current = async (id: GroupId): Promise<GroupNow | undefined> => {
    let missing = 0
    for (;;) {
      const head = isHash(id) ? await state.get(places.group(id)) : undefined
      if (head === undefined || headForm.decode(head).dissolved) { folds.delete(id); return undefined }
      const group = await foldTo(id, headForm.decode(head).seq)
      if (group !== undefined) {
        remember(group)
        return { group, revision: head.revision }
      }
      // swept between the two reads: then the head has gone as well
      if (++missing === 3) throw new ShoalError('STATE_FAILED', `The log of group ${id} is shorter than its head says. Restore the tracker's state from a backup.`)
    }
  }

  const memberships = async (user: UserName): Promise<{ readonly id: GroupId, readonly membership: MembershipRecord }[]> => {
    const found = []
    for await (const entry of listAll(state, places.memberships(user))) found.push({ id: lastOfKey(entry.key) as GroupId, membership: membershipForm.decode(entry) })
    return found
  }

  return {
    current,
    async ofMember (id, user) {
      const now = await current(id)
      if (now?.group.members.has(user) !== true) throw absentGroup()
      return now.group
    },
    lastKnown: id => folds.get(id),
    remember,
    memberships,
    async list (user, name) {
      const mine = new Map((await memberships(user)).map(({ id, membership }) => [id, membership.state]))
      const listings: GroupListing[] = []
      const add = (entry: Entry): void => {
        const { id, owner, policy, seq, hash } = nameForm.decode(entry)
        listings.push({ id, name: lastOfKey(entry.key) as GroupName, owner, state: mine.get(id) ?? 'none', policy, head: { seq, hash } })
      }
      if (name === undefined) for await (const entry of listAll(state, places.groupNames)) add(entry)
      else {
        const composed = name.normalize('NFC')
        const found = isName(composed) ? await state.get(places.groupName(composed)) : undefined
        if (found !== undefined) add(found)
      }
      return listings
    },
    async log (id, user, from) {
      if (!Number.isSafeInteger(from) || from < 0) throw new ShoalError('BAD_REQUEST', 'Cannot read a log from an entry whose number is not 0 or above. Update the peer.')
      const now = await current(id)
      if (now === undefined || !(now.group.members.has(user) || now.group.requests.has(user))) throw absentGroup()
      return from > now.group.head.seq ? [] : await readLog(id, from, now.group.head.seq)
    }
  }
}
