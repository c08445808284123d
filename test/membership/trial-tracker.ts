/** A tracker in memory for the tests of membership: keeps the rules, unless it is told to lie, to be away, or to let somebody come first. */
import { ShoalError } from '../../src/contract/index.ts'
import type { Credential, Group, GroupId, TrackerSession, UserName } from '../../src/contract/index.ts'
import { credentialLifeMs, credentialStatement, encodeCredential } from '../../src/core/credential.ts'
import { applyEntry } from '../../src/core/group.ts'
import { openEntry } from '../../src/core/log-entry.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'
import { cast } from '../core/cast.ts'
import type { Cast } from '../core/cast.ts'

interface Kept { readonly entries: Uint8Array[], group: Group }

export interface TrialTracker extends Cast {
  readonly kept: Map<GroupId, Kept>
  now: number
  away: boolean
  /** Calls of `log`, and of `credential`. */
  reads: number
  issued: number
  /** Called before each append, and may append itself. */
  first: (() => Promise<void>) | undefined
  /** Appends, and loses the answer: the caller sends it again. */
  deaf: boolean
  /** Changes what readers are told. */
  lie: ((page: readonly Uint8Array[], group: GroupId) => readonly Uint8Array[]) | undefined
  /** Issued instead of what is right. */
  misissue: Partial<Credential> | undefined
  /** Signs credentials. */
  signer: SigningKey
  /** Between the making of a credential and its arrival. */
  delay: (() => Promise<void>) | undefined
  login (user: string, key: SigningKey): Promise<TrackerSession>
  credential (group: GroupId, user: string, key: SigningKey, changes?: Partial<Credential>): Promise<Uint8Array>
}

export const trialTracker = async (realmByte?: number): Promise<TrialTracker> => {
  const base = await cast(realmByte)
  const absent = (): ShoalError => new ShoalError('NOT_FOUND', 'There is no such group.')
  const reach = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    if (tracker.away) throw new ShoalError('TRACKER_UNREACHABLE', 'The tracker is away.')
  }
  const found = (id: GroupId): Kept => {
    const kept = tracker.kept.get(id)
    if (kept === undefined) throw absent()
    return kept
  }
  const put = (kept: Kept, bytes: Uint8Array): 'appended' | 'moved' => {
    try {
      kept.group = applyEntry(kept.group, openEntry(bytes))
      kept.entries.push(bytes)
      return 'appended'
    } catch (error) {
      if (ShoalError.is(error, 'GROUP_CHANGED')) return 'moved'
      throw error
    }
  }
  const never = (): never => { throw new Error('Not asked of this tracker.') }

  const tracker: TrialTracker = {
    ...base, kept: new Map(), now: 1_700_000_000_000, away: false, reads: 0, issued: 0, first: undefined, deaf: false, lie: undefined, misissue: undefined, signer: base.realm.signer, delay: undefined,
    async credential (group, user, key, changes) {
      const credential: Credential = {
        format: 1, realm: base.realm.pin, group, user: user as UserName, device: key.peer, role: 'member', seq: tracker.kept.get(group)?.group.head.seq ?? 0,
        notAfter: tracker.now + credentialLifeMs, ...changes
      }
      return encodeCredential(credential, await tracker.signer.sign(credentialStatement(credential)))
    },
    async login (name, key) {
      const user = name as UserName
      const vouch = await base.vouch(name, key.peer)
      return {
        user, device: key.peer, vouch,
        groups ({ name: wanted, signal } = {}) {
          reach(signal)
          return Promise.resolve([...tracker.kept.values()].map(({ group }) => group).filter(group => group.name === wanted && !group.dissolved).map(group => ({
            id: group.id, name: group.name, owner: group.owner, policy: group.policy, head: group.head,
            state: group.owner === user ? 'owner' : group.members.has(user) ? 'member' : group.requests.has(user) ? 'requested' : 'none'
          } as const)))
        },
        createGroup (genesis, signal) {
          reach(signal)
          const group = applyEntry(undefined, openEntry(genesis))
          tracker.kept.set(group.id, { group, entries: [genesis] })
          return Promise.resolve(group.id)
        },
        async log (id, from, signal) {
          await Promise.resolve()
          tracker.reads++
          reach(signal)
          const { group, entries } = found(id)
          if (!group.members.has(user) && !group.requests.has(user)) throw absent()
          const page = entries.slice(from, from + 1_000)
          return tracker.lie === undefined ? page : tracker.lie(page, id)
        },
        async append (id, entry, signal) {
          reach(signal)
          await tracker.first?.()
          const kept = found(id)
          if (!tracker.deaf) return put(kept, entry)
          tracker.deaf = false
          put(kept, entry)
          return put(kept, entry)
        },
        async credential (id, signal) {
          tracker.issued++
          reach(signal)
          const { group } = found(id)
          if (group.members.get(user)?.devices.includes(key.peer) !== true) throw absent()
          const bytes = await tracker.credential(id, name, key, tracker.misissue)
          await tracker.delay?.()
          return bytes
        },
        logout: () => Promise.resolve(), files: never, share: never, unshare: never, announce: never, peers: never, watch: never
      }
    }
  }
  return tracker
}
