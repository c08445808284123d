/** Our own credentials: fetched when first needed, renewed when half of their life has passed, used to their end while no tracker answers. */
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { Credential, GroupId, Realm, TrackerSession } from '../contract/index.ts'
import { decodeCredential } from '../core/credential.ts'
import { verifyWithKey } from '../keys/ed25519.ts'

export interface OwnCredentials {
  /** @throws ShoalError NOT_FOUND when we are no member, and what the session throws when there is none to use */
  mine (group: GroupId): Promise<Uint8Array>
  /** It is of no use any more. */
  forget (group: GroupId): void
}

export interface OwnCredentialsOptions {
  readonly session: TrackerSession
  readonly realm: Realm
  readonly signal: AbortSignal
  /** Unix ms. */
  readonly now: () => number
  /** Whether our user is known to have been out of the group since. */
  readonly stale: (credential: Credential) => boolean
  /** Makes sure that this device is in the group's log. @throws ShoalError NOT_FOUND when we are no member */
  readonly enter: (group: GroupId) => Promise<void>
  readonly log: (line: string) => void
}

interface Held { readonly bytes: Uint8Array, readonly credential: Credential, /** Unix ms, by our clock. */ readonly halfLife: number }

export const createOwnCredentials = ({ session, realm, signal, now, stale, enter, log }: OwnCredentialsOptions): OwnCredentials => {
  const held = new Map<GroupId, Held>()
  const fetching = new Map<GroupId, Promise<Uint8Array>>()

  const ask = async (group: GroupId): Promise<Uint8Array> => {
    try { return await session.credential(group, signal) } catch (error) {
      if (!ShoalError.is(error, 'NOT_FOUND')) throw error
      // a member whose device is new here is told the same as a stranger
      await enter(group)
      return session.credential(group, signal)
    }
  }

  const check = async (group: GroupId, bytes: Uint8Array): Promise<Credential> => {
    const useless = (why: string, cause?: unknown): ShoalError =>
      new ShoalError('INTEGRITY', `The tracker issued a credential for group ${group} that nobody would accept: ${why}. Tell who runs the tracker.`, { cause })
    try {
      const { value, signed, signature } = decodeCredential(bytes)
      if (value.realm !== realm.pin || value.group !== group || value.user !== session.user || value.device !== session.device) throw useless('it is not ours')
      if (!await verifyWithKey(realm.key, signed, signature)) throw useless('it is not signed by the realm')
      return value
    } catch (error) { throw error instanceof MalformedError ? useless(error.message, error) : error }
  }

  const obtain = async (group: GroupId): Promise<Uint8Array> => {
    const began = now()
    let bytes = await ask(group)
    let credential = await check(group, bytes)
    // issued before a removal, and it came after we were back
    if (stale(credential)) { bytes = await ask(group); credential = await check(group, bytes) }
    held.set(group, { bytes, credential, halfLife: began + (credential.notAfter - began) / 2 })
    return bytes
  }
  /** Once for all who wait. */
  const fetch = (group: GroupId): Promise<Uint8Array> => {
    const under = fetching.get(group) ?? obtain(group).finally(() => { fetching.delete(group) })
    fetching.set(group, under)
    return under
  }

  const renew = async (group: GroupId): Promise<void> => {
    try { await fetch(group) } catch (error) {
      if (ShoalError.is(error, 'NOT_FOUND')) held.delete(group)
      log(`The credential for group ${group} is not renewed: ${String(error)}`)
    }
  }

  return {
    mine (group) {
      const own = held.get(group)
      if (own === undefined || own.credential.notAfter < now() || stale(own.credential)) return fetch(group)
      if (now() >= own.halfLife) void renew(group)
      return Promise.resolve(own.bytes)
    },
    forget (group) { held.delete(group) }
  }
}
