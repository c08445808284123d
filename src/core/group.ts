/**
 * A group as the fold of its log: what each entry may do, in whose name, and what it changes. Pure. Owns the rules; the bytes are in log-entry.ts,
 * and signatures were checked before an entry comes here (membership/).
 */
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { AdmissionPolicy, Group, GroupId, GroupName, JoinRequest, LogAction, LogEntry, Member, PeerId, UserName } from '../contract/index.ts'
import type { OpenedEntry } from './log-entry.ts'
import { decodeVouch } from './vouch.ts'

/** A group that can still be changed: one for a whole fold, so that folding n entries copies nothing n times. */
interface Draft {
  readonly id: GroupId
  readonly name: GroupName
  owner: UserName
  policy: AdmissionPolicy
  /** In order of seniority: whoever comes (back) is set last, and a change in place keeps its place. */
  readonly members: Map<UserName, Member>
  readonly requests: Map<UserName, JoinRequest>
  readonly removed: Map<UserName, number>
  head: { readonly seq: number, readonly hash: string }
  dissolved: boolean
}

/** Who takes over when the owner leaves: the longest-standing other member. */
export const successorOf = (group: Pick<Group, 'members' | 'owner'>): UserName | undefined => {
  for (const user of group.members.keys()) if (user !== group.owner) return user
  return undefined
}

/** In whose name an entry acts: decisions are the owner's, all else is the subject's own. `undefined`: a decision without a group. */
export const actorOf = (group: Pick<Group, 'owner'> | undefined, { action }: LogEntry): UserName | undefined => {
  switch (action.kind) {
    case 'genesis':
    case 'request':
    case 'device':
    case 'leave': return action.user
    case 'accept':
    case 'reject':
    case 'remove':
    case 'policy': return group?.owner
  }
}

const bad = (what: string): ShoalError => new ShoalError('BAD_REQUEST', `A log entry cannot be used: ${what}. Peer and tracker may be of different versions: update the older one.`)
const absent = (): ShoalError => new ShoalError('NOT_FOUND', 'There is no such group, or you are not in it. Check the name with `list_groups`; join it first.')

/** That the vouch speaks of this user and this device. That the realm signed it is checked with the signatures. */
const checkVouch = (vouch: Uint8Array, user: UserName, actor: PeerId): void => {
  try {
    const { value } = decodeVouch(vouch)
    if (value.user === user && value.device === actor) return
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
  }
  throw bad('its vouch is not for that user and device')
}

const checkOwner = (draft: Draft, actor: PeerId): void => {
  if (draft.members.get(draft.owner)?.devices.includes(actor) === true) return
  for (const member of draft.members.values()) {
    if (member.devices.includes(actor)) throw new ShoalError('NOT_OWNER', `Only the owner of group "${draft.name}" may do this. Ask ${draft.owner}.`)
  }
  throw absent()
}

const requestOf = (draft: Draft, user: UserName, hash: string): JoinRequest => {
  const request = draft.requests.get(user)
  if (request?.hash === hash) return request
  if (draft.members.has(user)) throw new ShoalError('ALREADY_MEMBER', `${user} is a member of group "${draft.name}" already. Nothing to do.`)
  throw new ShoalError('NO_REQUEST', `${user} has no open request to join group "${draft.name}". See \`list_requests ${draft.name}\`.`)
}

const admit = (draft: Draft, user: UserName, device: PeerId, since: number): void => {
  draft.requests.delete(user)
  draft.members.set(user, { user, since, devices: [device] })
}

const dismiss = (draft: Draft, member: Member, seq: number): Member => {
  draft.members.delete(member.user)
  draft.removed.set(member.user, seq)
  return member
}

const leave = (draft: Draft, action: LogAction & { readonly kind: 'leave' }, actor: PeerId, seq: number): Member => {
  const { user } = action
  const member = draft.members.get(user)
  if (member?.devices.includes(actor) !== true) throw absent()
  const successor = user === draft.owner ? successorOf(draft) : undefined
  if (action.successor !== successor) throw bad('it does not name the right successor')
  dismiss(draft, member, seq)
  if (successor !== undefined) draft.owner = successor
  if (draft.members.size === 0) {
    draft.requests.clear()
    draft.dissolved = true
  }
  return member
}

const request = (draft: Draft, user: UserName, { entry: { actor, at, seq }, hash }: OpenedEntry): void => {
  if (draft.members.has(user)) throw new ShoalError('ALREADY_MEMBER', `${user} is a member of group "${draft.name}" already. Nothing to do.`)
  if (draft.policy === 'open') { admit(draft, user, actor, seq); return }
  if (draft.requests.has(user)) throw new ShoalError('ALREADY_REQUESTED', `${user} asked to join group "${draft.name}" already. Wait until ${draft.owner} types \`accept_request\`.`)
  draft.requests.set(user, { user, device: actor, hash, at })
}

const addDevice = (draft: Draft, user: UserName, device: PeerId): void => {
  const member = draft.members.get(user)
  if (member === undefined) throw absent()
  if (member.devices.includes(device)) throw new ShoalError('ALREADY_MEMBER', `This device of ${user} is in group "${draft.name}" already. Nothing to do.`)
  draft.members.set(user, { ...member, devices: [...member.devices, device] })
}

const remove = (draft: Draft, user: UserName, seq: number): Member => {
  if (user === draft.owner) throw new ShoalError('OWNER_CANNOT', `The owner of group "${draft.name}" cannot be removed. The owner types \`leave_group ${draft.name}\`.`)
  const member = draft.members.get(user)
  if (member === undefined) throw new ShoalError('NO_MEMBER', `${user} is not a member of group "${draft.name}". Check the name.`)
  return dismiss(draft, member, seq)
}

/** @returns the member who is none any more */
const act = (draft: Draft, opened: OpenedEntry): Member | undefined => {
  const { entry: { action, actor, seq } } = opened
  switch (action.kind) {
    case 'genesis': throw bad('a group has one genesis')
    case 'request': checkVouch(action.vouch, action.user, actor); request(draft, action.user, opened); return undefined
    case 'device': checkVouch(action.vouch, action.user, actor); addDevice(draft, action.user, actor); return undefined
    case 'leave': return leave(draft, action, actor, seq)
    case 'accept':
      checkOwner(draft, actor)
      admit(draft, action.user, requestOf(draft, action.user, action.request).device, seq)
      return undefined
    case 'reject':
      checkOwner(draft, actor)
      draft.requests.delete(requestOf(draft, action.user, action.request).user)
      return undefined
    case 'remove': checkOwner(draft, actor); return remove(draft, action.user, seq)
    case 'policy': checkOwner(draft, actor); draft.policy = action.policy; return undefined
  }
}

const begin = ({ entry, hash }: OpenedEntry): Draft => {
  const { action, actor } = entry
  if (action.kind !== 'genesis') throw absent()
  checkVouch(action.vouch, action.user, actor)
  return {
    id: hash as GroupId, name: action.name, owner: action.user, policy: 'owner',
    members: new Map([[action.user, { user: action.user, since: 0, devices: [actor] }]]), requests: new Map(), removed: new Map(),
    head: { seq: 0, hash }, dissolved: false
  }
}

const apply = (draft: Draft, opened: OpenedEntry): Member | undefined => {
  const { entry } = opened
  if (entry.group !== undefined && entry.group !== draft.id) throw bad('it is of another group')
  if (entry.seq !== draft.head.seq + 1 || entry.prev !== draft.head.hash) {
    throw new ShoalError('GROUP_CHANGED', `Entry ${entry.seq} does not follow entry ${draft.head.seq} of group "${draft.name}". Read on, then try again.`)
  }
  if (draft.dissolved) throw absent()
  const gone = act(draft, opened)
  draft.head = { seq: entry.seq, hash: opened.hash }
  return gone
}

const draftOf = (group: Group): Draft =>
  ({ ...group, members: new Map(group.members), requests: new Map(group.requests), removed: new Map(group.removed) })

/**
 * The group after more entries, or from the genesis on. What it was given stays as it is, also when it throws.
 * @param gone told of each member who left or was removed on the way, as it was then
 * @throws ShoalError of the rule that an entry breaks: GROUP_CHANGED (does not follow), NOT_FOUND (no member, or dissolved), NOT_OWNER, NO_REQUEST,
 *         NO_MEMBER, ALREADY_MEMBER, ALREADY_REQUESTED, OWNER_CANNOT, BAD_REQUEST
 */
export const foldGroup = (entries: Iterable<OpenedEntry>, from?: Group, gone?: (member: Member) => void): Group => {
  let draft = from === undefined ? undefined : draftOf(from)
  for (const opened of entries) {
    if (draft === undefined) { draft = begin(opened); continue }
    const member = apply(draft, opened)
    if (member !== undefined) gone?.(member)
  }
  if (draft === undefined) throw absent()
  return draft
}

/** The group after one more entry; `undefined`: the entry is a genesis. Copies the group: for many entries use `foldGroup`. @throws as foldGroup */
export const applyEntry = (group: Group | undefined, opened: OpenedEntry): Group => foldGroup([opened], group)
