/** The tracker service: builds the parts over a State and answers what needs no session yet. The State belongs to the caller, who stops it afterwards. */
import { hasPeerForm, isName, ShoalError } from '../contract/index.ts'
import type { LoginReply, LoginRequest, State, TrackerService, UserName } from '../contract/index.ts'
import { loginStatement } from '../core/vouch.ts'
import { verifySignature } from '../keys/ed25519.ts'
import { openAccounts } from './accounts.ts'
import type { PasswordCost } from './accounts.ts'
import { openAnnouncing } from './announcing.ts'
import { openCatalog } from './catalog.ts'
import { realClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { failedLogins } from './failed-logins.ts'
import type { FailedLoginLimits } from './failed-logins.ts'
import { openFeed } from './feed.ts'
import { openGroupLog } from './group-log.ts'
import { openGroups } from './groups.ts'
import { openRealmKey } from './keys.ts'
import { trackerTimes } from './limits.ts'
import type { Notice } from './notice.ts'
import { presence as openPresence } from './presence.ts'
import { openSeen } from './seen.ts'
import { defaultCredentialMs, openSession } from './session.ts'
import type { TrackerParts } from './session.ts'
import { openSharing } from './sharing.ts'
import { startSweeper } from './sweep.ts'
import { openTokens } from './tokens.ts'
import { openWatching } from './watching.ts'

export interface TrackerOptions {
  readonly state: State
  /** @default the real one */
  readonly clock?: Clock
  /** Uniform in [0, 1): which peers a peer is told of. @default Math.random */
  readonly random?: () => number
  /** Takes one line. Never a secret. @default none */
  readonly log?: (line: string) => void
  /** How long a login lasts, in milliseconds. @default 30 days */
  readonly tokenMs?: number
  /** How long a credential lasts, in milliseconds. @default 24 hours */
  readonly credentialMs?: number
  /** Relays and STUN servers that members are told of at login. @default none */
  readonly told?: () => Promise<{ readonly relays: readonly string[], readonly stun: readonly string[] }>
  /** How dear it is to try a password. @default argon2id with 19 MiB, 2 passes */
  readonly passwordCost?: PasswordCost
  /** @default 10 a minute for a user and address, 100 for an address */
  readonly failedLogins?: FailedLoginLimits
}

/** A tracker service, and what only tests and whoever runs it need. */
export interface RunningTracker extends TrackerService {
  /** Resolves when nothing is being swept. */
  swept (): Promise<void>
}

const checkLogin = async ({ user, device, at, signature }: LoginRequest, realm: TrackerService['realm'], now: number): Promise<void> => {
  if (!Number.isSafeInteger(at) || at < 0) throw new ShoalError('BAD_REQUEST', 'Cannot log in: the time of the request is no time. Update the peer.')
  const off = Math.abs(now - at)
  if (off > trackerTimes.clockSkewMs) {
    throw new ShoalError('BAD_REQUEST', `Cannot log in: the clock of this device is ${Math.round(off / 60_000)} minutes off the tracker's. Set the clock.`)
  }
  if (!hasPeerForm(device) || !await verifySignature(device, loginStatement(realm.pin, user, device, at), signature)) {
    throw new ShoalError('BAD_REQUEST', 'Cannot log in: the request is not signed by the device that it names. Update the peer.')
  }
}

/** @throws STATE_FAILED when the state cannot be read */
export const createTrackerService = async (options: TrackerOptions): Promise<RunningTracker> => {
  const { state, clock = realClock, random = Math.random, log = () => undefined, credentialMs = defaultCredentialMs } = options
  const realmKey = await openRealmKey(state)
  const accounts = openAccounts(state, realmKey, clock, options.passwordCost)
  const tokens = openTokens(state, realmKey, accounts, clock, options.tokenMs)
  const attempts = failedLogins(clock, options.failedLogins)
  const groups = openGroups(state)
  const seen = openSeen(state, clock, log)
  const presence = openPresence(clock, {
    online (device, quiet) { if (!quiet) watching.peerChanged(device, 'online') },
    offline (device) { seen.offline(device.user, device.peer); watching.peerChanged(device, 'offline') }
  })
  const catalog = openCatalog(state, async shares => await seen.sharers(shares, presence))
  const sharing = openSharing(state, groups, catalog, clock)
  const sweeper = startSweeper(state, groups, sharing, tokens, clock, log)
  const groupLog = openGroupLog(state, groups, realmKey.realm.key, () => { sweeper.wake() })

  /** Members are looked up before anyone is told, so that all are told from one reading; who left announces there no more. */
  const arrived = async ({ event }: Notice): Promise<void> => {
    try {
      const now = await groups.current(event.group)
      const parted = event.type === 'group' && ['left', 'removed', 'dissolved'].includes(event.change)
      if (parted && now?.group.members.has(event.user) !== true) presence.withdrawGroup(event.user, event.group)
    } catch (error) {
      log(`cannot read group ${event.group}, which changed: ${String(error)}`)
    }
  }

  const watching = openWatching(() => feed, groups, log)
  const feed = await openFeed(state, clock, log, arrived, () => { watching.wakeAll() })
  const announcing = openAnnouncing({ groups, catalog, presence, clock, random, tell: (peer, sighting) => { watching.tell(peer, sighting) } })
  const parts: TrackerParts = { realmKey, clock, startedAt: clock.now(), credentialMs, tokens, groups, groupLog, catalog, sharing, presence, announcing, watching }

  const login = async (request: LoginRequest): Promise<LoginReply> => {
    await checkLogin(request, realmKey.realm, clock.now())
    const epoch = await accounts.check(request.user, request.key)
    const [user, { device }] = [request.user as UserName, request]
    await accounts.addDevice(user, device)
    const { token, expires } = await tokens.issue(user, device, epoch)
    const { relays, stun } = await options.told?.() ?? { relays: [], stun: [] }
    return { token, expires, vouch: await realmKey.vouch(user, device), ...relays.length === 0 ? {} : { relays }, ...stun.length === 0 ? {} : { stun } }
  }

  return {
    realm: realmKey.realm,
    proveChannel: async key => await realmKey.proveChannel(key),
    passwordParameters: async user => await accounts.parameters(user),
    newPasswordParameters: () => accounts.newParameters(),
    register: async (user, parameters, key) => { await accounts.register(user, parameters, key) },
    // what is no name is no user: all such failures count as one
    login: async (request, from) => await attempts.attempt(from, isName(request.user) ? request.user : '', async () => await login(request)),
    async resume (token) {
      const session = await tokens.read(token)
      return openSession(parts, session, await realmKey.vouch(session.user, session.device))
    },
    async resetPassword (user, parameters, key) {
      await accounts.reset(user, parameters, key)
      tokens.forget()
      for (const { user: its, peer, sessionId } of [...presence.users().get(user as UserName) ?? []]) presence.leave({ user: its, device: peer, sessionId })
      watching.end(login => login.user === user)
    },
    swept: async () => { await sweeper.idle() },
    async stop () {
      watching.stop()
      for (const devices of presence.users().values()) for (const { user, peer } of devices) seen.offline(user, peer)
      presence.stop()
      await Promise.all([feed.stop(), sweeper.stop(), seen.flush()])
    }
  }
}
