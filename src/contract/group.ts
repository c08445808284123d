/**
 * Groups and who may be in them. The log of a group is the truth; everything here is derived from it by a fold (core/group.ts).
 * This file owns the shapes; bytes, rules and signatures are in core/.
 */
import type { GroupId, GroupName, PeerId, UserName } from './ids.ts'

/** What an entry of a group's log says. The actor is always the device that signed it. */
export type LogAction =
  /** Makes the group; the actor's user is its owner and first member. */
  | { readonly kind: 'genesis', readonly name: GroupName, readonly user: UserName, readonly vouch: Uint8Array }
  /** Asks to join: signed by the applicant's device. */
  | { readonly kind: 'request', readonly user: UserName, readonly vouch: Uint8Array }
  /** Lets the applicant in, with the device that asked. Signed by a device of the owner; covers the request by its hash. */
  | { readonly kind: 'accept', readonly user: UserName, readonly request: string }
  | { readonly kind: 'reject', readonly user: UserName, readonly request: string }
  /** Adds the actor as one more device of a member. */
  | { readonly kind: 'device', readonly user: UserName, readonly vouch: Uint8Array }
  /** The actor's user leaves. A leaving owner names the successor; without one, the last member dissolves the group. */
  | { readonly kind: 'leave', readonly user: UserName, readonly successor?: UserName }
  /** The owner removes a member with all devices. */
  | { readonly kind: 'remove', readonly user: UserName }
  /** The owner sets who decides about requests. `open`: whoever asks is let in (the entry itself is the decision). */
  | { readonly kind: 'policy', readonly policy: AdmissionPolicy }

export type AdmissionPolicy = 'owner' | 'open'

export interface LogEntry {
  readonly format: 1
  /** Of the group; for the genesis, `undefined`: the id is the hash of the signed genesis. */
  readonly group: GroupId | undefined
  /** 0 for the genesis, then without gaps. */
  readonly seq: number
  /** Hex hash of the signed entry before; 64 zeros for the genesis. */
  readonly prev: string
  /** Unix time in milliseconds at the actor, for people. Decides nothing. */
  readonly at: number
  readonly actor: PeerId
  readonly action: LogAction
}

export interface Member {
  readonly user: UserName
  /** Sequence of the entry that let the user in: the order of seniority. */
  readonly since: number
  readonly devices: readonly PeerId[]
}

export interface JoinRequest {
  readonly user: UserName
  readonly device: PeerId
  /** Hex hash of the signed request. */
  readonly hash: string
  readonly at: number
}

/** A group, folded from its log. */
export interface Group {
  readonly id: GroupId
  readonly name: GroupName
  readonly owner: UserName
  readonly policy: AdmissionPolicy
  readonly members: ReadonlyMap<UserName, Member>
  readonly requests: ReadonlyMap<UserName, JoinRequest>
  /** Where each user or device that is no longer in was removed or left: the sequence of that entry. */
  readonly removed: ReadonlyMap<UserName, number>
  readonly head: { readonly seq: number, readonly hash: string }
  /** The last member left: nothing can follow. */
  readonly dissolved: boolean
}

/**
 * Decides what happens when someone asks to join a group that is not open. A policy: no I/O of its own beyond what it was given. When it throws, answers
 * anything else, or has not answered within 10 s, the owner is told and asked.
 */
export interface Admission {
  decide (request: JoinRequest, group: Group): Promise<'accept' | 'reject' | 'ask-owner'>
}

/** What a member shows to another member. Signed by the realm key; bytes in core/credential.ts. */
export interface Credential {
  readonly format: 1
  /** The realm's pin. */
  readonly realm: string
  readonly group: GroupId
  readonly user: UserName
  readonly device: PeerId
  readonly role: 'owner' | 'member'
  /** Head of the group's log when it was issued. */
  readonly seq: number
  /** Unix time in milliseconds. */
  readonly notAfter: number
}

export type Admitted = { readonly ok: true, readonly user: UserName }
/** The reason is for our own log; the other side is told nothing but `refused`. */
export type Refused = { readonly ok: false, readonly reason: string }

/** A user's devices are out of a group. */
export interface Removal { readonly group: GroupId, readonly user: UserName, readonly devices: readonly PeerId[] }

/** Who may exchange with us. */
export interface Membership {
  /** Our own credential for a group: from memory while fresh, else from the tracker. @throws ShoalError NOT_FOUND when we are no member */
  mine (group: GroupId): Promise<Uint8Array>
  /** Whether that connected peer may have what we share with the group. Never throws for bad data. */
  admits (peer: PeerId, group: GroupId, credential: Uint8Array): Promise<Admitted | Refused>
  /** Members who ceased to be, as we hear of it. */
  changes (signal: AbortSignal): AsyncIterable<Removal>
}

/** Logs of groups as a member keeps them: entries that were checked before they came here, from the genesis on. */
export interface GroupLogs {
  /** All that are kept, in order. */
  read (group: GroupId): Promise<readonly Uint8Array[]>
  /** Keeps more. @param from how many are kept already @returns false: another number is, and nothing was done */
  append (group: GroupId, from: number, entries: readonly Uint8Array[]): Promise<boolean>
  /** Keeps none of that group any more. */
  drop (group: GroupId): Promise<void>
}
