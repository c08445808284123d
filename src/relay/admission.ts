/** Who may use the relay: peers that showed a credential of the realm, each with the groups of those, until their time. A synchronous value with a clock; never asks anybody. */
import { MalformedError } from '../contract/index.ts'
import type { GroupId, PeerId, Realm } from '../contract/index.ts'
import { checkCredential, decodeCredential } from '../core/credential.ts'
import { verifyWithKey } from '../keys/ed25519.ts'

/** A peer may show so many groups; what it shows beyond is refused. */
const maxGroups = 256

export interface Admission {
  /** Judges a credential that a peer showed. @returns why it is refused, or undefined when it admits */
  show (peer: PeerId, bytes: Uint8Array): Promise<string | undefined>
  admits (peer: PeerId): boolean
  /** Whether two peers are members of one group. */
  together (one: PeerId, other: PeerId): boolean
  forget (peer: PeerId): void
}

/** @param realm when it is known: until then nobody is judged. @param now Unix ms */
export const createAdmission = (realm: Realm | Promise<Realm>, maxPeers: number, now: () => number): Admission => {
  const peers = new Map<PeerId, Map<GroupId, number>>()

  /** The groups of which a peer has shown a credential that still holds. */
  const groupsOf = (peer: PeerId): ReadonlyMap<GroupId, number> => {
    const groups = peers.get(peer)
    if (groups === undefined) return new Map()
    for (const [group, notAfter] of groups) if (notAfter < now()) groups.delete(group)
    if (groups.size === 0) peers.delete(peer)
    return groups
  }

  const judge = async (peer: PeerId, bytes: Uint8Array): Promise<string | undefined> => {
    const { value, signed, signature } = decodeCredential(bytes)
    const { pin, key } = await realm
    const wrong = checkCredential(value, { realm: pin, peer, group: value.group, now: now(), removedAt: undefined })
    if (wrong !== undefined) return wrong
    if (!await verifyWithKey(key, signed, signature)) return 'it is not signed by the realm'
    const groups = peers.get(peer) ?? new Map<GroupId, number>()
    if (groups.size === 0 && !peers.has(peer) && peers.size >= maxPeers) {
      for (const other of [...peers.keys()]) groupsOf(other)
      if (peers.size >= maxPeers) return `the relay is full: it takes ${maxPeers} peers`
    }
    if (groups.size >= maxGroups && !groups.has(value.group)) return `there are more than ${maxGroups} groups`
    groups.set(value.group, Math.max(value.notAfter, groups.get(value.group) ?? 0))
    peers.set(peer, groups)
    return undefined
  }

  return {
    async show (peer, bytes) {
      try { return await judge(peer, bytes) } catch (error) {
        if (error instanceof MalformedError) return error.message
        throw error
      }
    },
    admits: peer => groupsOf(peer).size > 0,
    together (one, other) {
      const others = groupsOf(other)
      for (const group of groupsOf(one).keys()) if (others.has(group)) return true
      return false
    },
    forget (peer) { peers.delete(peer) }
  }
}
