/** Sessions as tokens: signed by the realm key, so that every tracker knows them, also after a restart; only their early end is written down. */
import { randomBytes } from 'node:crypto'
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { PeerId, RealmPin, State, UserName } from '../contract/index.ts'
import { decodeToken } from '../core/vouch.ts'
import type { SessionToken } from '../core/vouch.ts'
import { verifyWithKey } from '../keys/ed25519.ts'
import type { Accounts } from './accounts.ts'
import type { Clock } from './clock.ts'
import type { RealmKey } from './keys.ts'
import { trackerLimits, trackerTimes } from './limits.ts'
import { lru } from './lru.ts'
import { listAll, places } from './places.ts'

export interface Tokens {
  issue (user: UserName, device: PeerId, epoch: number): Promise<{ readonly token: string, readonly expires: number }>
  /** Whose token it is. @throws SESSION_EXPIRED */
  read (token: string): Promise<SessionToken>
  /** @throws SESSION_EXPIRED when the session has ended since */
  check (session: SessionToken): Promise<void>
  /** Ends a session before its time, on every tracker. */
  revoke (session: SessionToken): Promise<void>
  /** Sessions found good before are asked about again: a password was reset. */
  forget (): void
  /** Removes records of sessions whose time is over anyway. */
  sweep (): Promise<void>
}

export const sessionExpired = (): ShoalError => new ShoalError('SESSION_EXPIRED', 'The tracker no longer accepts this session. Log in again.')

/** The password's epoch stands in front of the session id. */
const epochOf = ({ sessionId }: SessionToken): number => Number.parseInt(sessionId.slice(0, sessionId.indexOf('-')), 36)

export const openTokens = (state: State, realmKey: RealmKey, accounts: Accounts, clock: Clock, tokenMs: number = trackerTimes.tokenMs): Tokens => {
  const realm: RealmPin = realmKey.realm.pin
  const verified = lru<string, SessionToken>(trackerLimits.cachedSessions)
  /** Until when each session is believed. */
  let believed = lru<string, number>(trackerLimits.cachedSessions)
  /** Rises when a session ends, so that a check under way does not believe what was true before. */
  let ends = 0

  const check = async (session: SessionToken): Promise<void> => {
    const now = clock.now()
    if (session.expires <= now) throw sessionExpired()
    const until = believed.get(session.sessionId)
    if (until !== undefined && now < until) return
    const before = ends
    const [epoch, revoked] = await Promise.all([accounts.epoch(session.user), state.get(places.revoked(session.expires, session.sessionId))])
    if (epoch !== epochOf(session) || revoked !== undefined) throw sessionExpired()
    if (before === ends) believed.set(session.sessionId, now + trackerTimes.sessionCheckMs)
  }

  const open = async (token: string): Promise<SessionToken> => {
    const known = verified.get(token)
    if (known !== undefined) return known
    try {
      const { value, signed, signature } = decodeToken(token)
      if (value.realm !== realm || !await verifyWithKey(realmKey.realm.key, signed, signature)) throw sessionExpired()
      verified.set(token, value)
      return value
    } catch (error) {
      throw error instanceof MalformedError ? sessionExpired() : error
    }
  }

  return {
    async issue (user, device, epoch) {
      const expires = clock.now() + tokenMs
      const sessionId = `${epoch.toString(36)}-${randomBytes(16).toString('base64url')}`
      return { token: await realmKey.token({ realm, user, device, sessionId, expires }), expires }
    },
    async read (token) {
      const session = await open(token)
      await check(session)
      return session
    },
    check,
    async revoke (session) {
      await state.txn([], [{ put: places.revoked(session.expires, session.sessionId), value: new Uint8Array([1]) }])
      ends++
      believed.delete(session.sessionId)
    },
    forget () {
      ends++
      believed = lru(trackerLimits.cachedSessions)
    },
    async sweep () {
      for await (const { key } of listAll(state, places.revokedAll)) {
        if (places.revokedUntil(key) > clock.now()) return
        await state.txn([], [{ delete: key }])
      }
    }
  }
}
