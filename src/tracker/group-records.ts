/** What the State keeps of a group beside its log, derived from it in the same transaction: its head, its name, and who is in it. */
import type { AdmissionPolicy, GroupId, GroupName, UserName } from '../contract/index.ts'
import { hashBytes, readHash } from '../core/signed.ts'
import { recordForm } from './record.ts'

/** Every change of the group compares and raises it. */
export interface HeadRecord {
  readonly name: GroupName
  readonly seq: number
  readonly hash: string
  /** The last member left: what there was is being swept. */
  readonly dissolved: boolean
}

/** Under the group's name, for listings: only while the group lives. */
export interface NameRecord {
  readonly id: GroupId
  readonly owner: UserName
  readonly policy: AdmissionPolicy
  readonly seq: number
  readonly hash: string
}

/** Under the user's name, for listings, and as the lock of the user's shares there. */
export interface MembershipRecord {
  readonly state: 'owner' | 'member' | 'requested'
  /** Sequence of the entry that let the user in, or asked. */
  readonly since: number
  /** How many shares the user has in the group. */
  readonly shares: number
}

export const headForm = recordForm<HeadRecord>(
  (writer, { name, seq, hash, dissolved }) => writer.text16(name).u64(seq).raw(hashBytes(hash)).u8(dissolved ? 1 : 0),
  reader => ({ name: reader.text16() as GroupName, seq: reader.u64(), hash: readHash(reader), dissolved: reader.u8() === 1 }))

/** The policy is written only where it is open, so that records from before it was kept are what they were. */
export const nameForm = recordForm<NameRecord>(
  (writer, { id, owner, policy, seq, hash }) => {
    const fields = writer.raw(hashBytes(id)).text16(owner).u64(seq).raw(hashBytes(hash))
    return policy === 'open' ? fields.u8(1) : fields
  },
  reader => ({
    id: readHash(reader) as GroupId, owner: reader.text16() as UserName, seq: reader.u64(), hash: readHash(reader), policy: reader.left > 0 && reader.u8() === 1 ? 'open' : 'owner'
  }))

const states = ['owner', 'member', 'requested'] as const

export const membershipForm = recordForm<MembershipRecord>(
  (writer, { state, since, shares }) => writer.u8(states.indexOf(state)).u64(since).u32(shares),
  reader => ({ state: states[reader.u8()] ?? 'requested', since: reader.u64(), shares: reader.u32() }))
