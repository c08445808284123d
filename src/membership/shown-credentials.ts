/** What others show us: whether that connected peer is a member, by the realm's signature, by the rule, and by the group's log as far as we know it. */
import { sha256 } from '@noble/hashes/sha2.js'
import { MalformedError, toHex } from '../contract/index.ts'
import type { Admitted, Credential, GroupId, PeerId, Realm, Refused } from '../contract/index.ts'
import { checkCredential, decodeCredential } from '../core/credential.ts'
import { verifyWithKey } from '../keys/ed25519.ts'
import type { GroupLog } from './group-log.ts'

/** Credentials whose signature was found good: one of each device and group in use, and their renewals. */
const maxVerified = 4_096
/** How long a peer waits for us to ask the tracker, when its credential is newer than what we know. */
const askMs = 2_000
/** After the tracker did not answer, it is not asked again for this long: others wait for admission too. */
const quietMs = 5_000

export interface ShownCredentialsOptions {
  readonly realm: Realm
  /** Unix ms. */
  readonly now: () => number
  readonly logOf: (group: GroupId) => GroupLog
}

/** @returns whether the promise was kept within the time; it goes on in any case */
const within = async (ms: number, promise: Promise<unknown>): Promise<boolean> => {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => { late.resolve(false) }, ms)
  try { return await Promise.race([promise.then(() => true, () => false), late.promise]) } finally { clearTimeout(timer) }
}

const refused = (reason: string): Refused => ({ ok: false, reason })

export const createShownCredentials = ({ realm, now, logOf }: ShownCredentialsOptions): (peer: PeerId, group: GroupId, bytes: Uint8Array) => Promise<Admitted | Refused> => {
  /** By the hash of their bytes, those used last at the end. */
  const verified = new Map<string, Credential>()
  const quietUntil = new Map<GroupId, number>()

  const open = async (bytes: Uint8Array): Promise<Credential | undefined> => {
    const key = toHex(sha256(bytes))
    const known = verified.get(key)
    verified.delete(key)
    if (known !== undefined) { verified.set(key, known); return known }
    const { value, signed, signature } = decodeCredential(bytes)
    if (!await verifyWithKey(realm.key, signed, signature)) return undefined
    verified.set(key, value)
    for (const oldest of verified.keys()) { if (verified.size <= maxVerified) break; verified.delete(oldest) }
    return value
  }

  /** Reads on, if the credential is newer than what we know. @returns whether the log is known as of then, or as of now */
  const inform = async (log: GroupLog, { group, seq }: Credential): Promise<boolean> => {
    const known = await log.load()
    if (known !== undefined && known.head.seq >= seq) return true
    if (now() < (quietUntil.get(group) ?? 0)) return false
    if (await within(askMs, log.latest())) return true
    quietUntil.set(group, now() + quietMs)
    return false
  }

  const judge = async (peer: PeerId, group: GroupId, bytes: Uint8Array): Promise<Admitted | Refused> => {
    const credential = await open(bytes)
    if (credential === undefined) return refused('it is not signed by the realm')
    const facts = { realm: realm.pin, peer, group, now: now() }
    const wrong = checkCredential(credential, { ...facts, removedAt: undefined })
    if (wrong !== undefined) return refused(wrong)
    const log = logOf(group)
    const isKnown = await inform(log, credential)
    const since = checkCredential(credential, { ...facts, removedAt: log.removedAt(credential.user) })
    if (since !== undefined) return refused(since)
    // the realm alone cannot make a member: where the log is known, it decides, also when the credential claims an entry that there is not
    if (isKnown && log.group?.members.get(credential.user)?.devices.includes(peer) !== true) {
      return refused('the group\'s log does not have that device')
    }
    return { ok: true, user: credential.user }
  }

  return async (peer, group, bytes) => {
    try { return await judge(peer, group, bytes) } catch (error) {
      return refused(error instanceof MalformedError ? error.message : String(error))
    }
  }
}
