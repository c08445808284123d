/** Groups: made, joined, left, and who is let in. Each command is one signed entry of the group's log. */
import { isName, ShoalError } from '../contract/index.ts'
import type { AdmissionPolicy, Group, GroupId, GroupListing, GroupName, GroupState, JoinRequest, LogAction, UserName } from '../contract/index.ts'
import { successorOf } from '../core/index.ts'
import { askAdmission } from './asking.ts'
import { groupNamed, myGroup, quoted } from './house.ts'
import type { Account, House } from './house.ts'

export interface Groups {
  create (group: string, admission: AdmissionPolicy, signal?: AbortSignal): Promise<GroupId>
  list (signal?: AbortSignal): Promise<readonly GroupListing[]>
  join (group: string, signal?: AbortSignal): Promise<GroupState>
  leave (group: string, signal?: AbortSignal): Promise<{ readonly id: GroupId, readonly successor?: UserName, readonly dissolved: boolean }>
  requests (group: string, signal?: AbortSignal): Promise<readonly JoinRequest[]>
  accept (group: string, user: string, signal?: AbortSignal): Promise<void>
  reject (group: string, user: string, signal?: AbortSignal): Promise<void>
  remove (group: string, user: string, signal?: AbortSignal): Promise<void>
  setAdmission (group: string, admission: AdmissionPolicy, signal?: AbortSignal): Promise<void>
  /** Asks the admission policy about open requests of a group that we own. */
  consider (account: Account, id: GroupId): Promise<void>
}

export const createGroups = (house: House): Groups => {
  const byName = (a: GroupListing, b: GroupListing): number => a.name < b.name ? -1 : a.name > b.name ? 1 : 0

  const owned = async (account: Account, name: string, signal: AbortSignal | undefined): Promise<GroupListing> => {
    const listing = await myGroup(account, name, signal)
    if (listing.state !== 'owner') throw new ShoalError('NOT_OWNER', `Only ${listing.owner}, the owner of ${quoted(listing.name)}, may do this. Ask them.`)
    return listing
  }
  const decision = (kind: 'accept' | 'reject', group: Group, user: string): LogAction => {
    const name = user.normalize('NFC') as UserName
    const request = group.requests.get(name)
    if (request !== undefined) return { kind, user: name, request: request.hash }
    if (group.members.has(name)) throw new ShoalError('ALREADY_MEMBER', `${quoted(user)} is a member of ${quoted(group.name)} already.`)
    throw new ShoalError('NO_REQUEST', `${quoted(user)} has not asked to join ${quoted(group.name)}. They type: join_group ${group.name}`)
  }
  const decide = async (kind: 'accept' | 'reject', groupName: string, user: string, signal: AbortSignal | undefined): Promise<void> => {
    const account = house.account()
    const { id } = await owned(account, groupName, signal)
    await account.membership.act(id, group => decision(kind, group, user))
  }

  /** Lets in who asked already: they need not ask again. */
  const acceptAll = async ({ membership }: Account, id: GroupId): Promise<void> => {
    for (const { user } of (await membership.group(id)).requests.values()) {
      await membership.act(id, group => decision('accept', group, user)).catch((error: unknown) => {
        // somebody else of this user decided, or they asked again
        if (!ShoalError.is(error, 'NO_REQUEST') && !ShoalError.is(error, 'ALREADY_MEMBER')) throw error
      })
    }
  }

  return {
    async create (name, admission, signal) {
      const account = house.account()
      const label = name.normalize('NFC')
      if (!isName(label)) throw new ShoalError('BAD_NAME', `A group cannot be called ${quoted(name)}. Use 1–64 letters, digits, ".", "_", "-".`)
      const id = await account.membership.create(label as GroupName, signal)
      if (admission === 'open') await account.membership.act(id, () => ({ kind: 'policy', policy: 'open' }))
      return id
    },
    async list (signal) {
      const listings = await house.account().session.groups(signal === undefined ? {} : { signal })
      return [...listings].sort(byName)
    },
    async join (name, signal) {
      const account = house.account()
      const listing = await groupNamed(account, name, signal)
      // who asked before the group was opened is in by asking once more
      if (listing.state === 'requested' && listing.policy !== 'open') throw new ShoalError('ALREADY_REQUESTED', `You asked to join ${quoted(listing.name)} already. Its owner ${listing.owner} types: accept_request ${listing.name} ${account.user}`)
      if (listing.state === 'owner' || listing.state === 'member') throw new ShoalError('ALREADY_MEMBER', `You are a member of ${quoted(listing.name)} already.`)
      const group = await account.membership.request(listing)
      return group.members.has(account.user) ? 'member' : 'requested'
    },
    async leave (name, signal) {
      const account = house.account()
      const { id } = await myGroup(account, name, signal)
      let successor: UserName | undefined
      const after = await account.membership.act(id, group => {
        successor = group.owner === account.user ? successorOf(group) : undefined
        return { kind: 'leave', user: account.user, ...(successor === undefined ? {} : { successor }) }
      })
      return { id, ...(successor === undefined ? {} : { successor }), dissolved: after.dissolved }
    },
    async requests (name, signal) {
      const account = house.account()
      const { id } = await owned(account, name, signal)
      return [...(await account.membership.group(id)).requests.values()]
    },
    accept: (group, user, signal) => decide('accept', group, user, signal),
    reject: (group, user, signal) => decide('reject', group, user, signal),
    async remove (groupName, user, signal) {
      const account = house.account()
      const { id } = await owned(account, groupName, signal)
      await account.membership.act(id, group => {
        const name = user.normalize('NFC') as UserName
        if (name === group.owner) throw new ShoalError('OWNER_CANNOT', `The owner cannot be removed from ${quoted(group.name)}. To leave it yourself, type: leave_group ${group.name}`)
        if (!group.members.has(name)) throw new ShoalError('NO_MEMBER', `${quoted(user)} is not a member of ${quoted(group.name)}. Check the name.`)
        return { kind: 'remove', user: name }
      })
    },
    async setAdmission (groupName, admission, signal) {
      const account = house.account()
      const { id } = await owned(account, groupName, signal)
      if ((await account.membership.group(id)).policy !== admission) await account.membership.act(id, () => ({ kind: 'policy', policy: admission }))
      if (admission === 'open') await acceptAll(account, id)
    },
    async consider (account, id) {
      const group = await account.membership.group(id)
      if (group.owner !== account.user) return
      const requests = [...group.requests.values()]
      const answers = await Promise.all(requests.map(async request => ({ request, ...await askAdmission(house.admission, request, group) })))
      for (const { request, decision: answer, why } of answers) {
        if (why !== undefined) house.events.send({ type: 'warning', detail: `The admission plugin left ${quoted(request.user)}, who asks to join ${quoted(group.name)}, to you: ${why}` })
        if (answer === 'ask-owner') continue
        await account.membership.act(id, now => decision(answer, now, request.user)).catch((error: unknown) => {
          // somebody else of this user decided, or the request was withdrawn
          if (!ShoalError.is(error, 'NO_REQUEST') && !ShoalError.is(error, 'ALREADY_MEMBER')) throw error
        })
      }
    }
  }
}
