/** Who is logged in: from the password to everything resumed, and back to nothing served. Owns the one login of this peer. */
import { ShoalError } from '../contract/index.ts'
import type { DeviceKey, GroupId, Tracker, TrackerSession } from '../contract/index.ts'
import { pause, systemClock } from '../engine/index.ts'
import { createMembership } from '../membership/index.ts'
import type { Downloading } from './downloading.ts'
import type { Groups } from './groups.ts'
import type { RelayedNetwork } from '../network/index.ts'
import { notLoggedIn } from './house.ts'
import type { Account, House } from './house.ts'
import { followNotices } from './notices.ts'
import { inParallel } from './parallel.ts'
import { keepRelays } from './relays.ts'
import type { Sharing } from './sharing.ts'

const lookEveryMs = 1_000
const logoutTimeoutMs = 2_000
/** Groups whose credentials relays are shown before anything is shared or downloaded there. */
const maxEarlyGroups = 16

export interface LoggedIn { readonly shares: number, readonly failedShares: number, readonly downloads: number }

export interface Login {
  readonly account: Account | undefined
  login (user: string, password: string, signal?: AbortSignal): Promise<LoggedIn>
  /** Ends a login that is under way, too. @throws ShoalError NOT_LOGGED_IN */
  logout (signal?: AbortSignal): Promise<void>
  /** Logs out for good. */
  stop (): Promise<void>
}

export interface LoginOptions {
  readonly house: House
  readonly tracker: Tracker
  readonly device: DeviceKey
  readonly network: RelayedNetwork
  /** Those that we were given, beside those that the tracker tells. */
  readonly relays: readonly string[]
  /** Is told of each new session. */
  began (session: TrackerSession): void
  /** Given when they exist: they need the house, which needs the account. */
  parts (): { readonly sharing: Sharing, readonly downloading: Downloading, readonly groups: Groups }
}

const loggedOut = (): ShoalError => new ShoalError('STOPPED', 'You logged out while this was under way. Log in and try again.')
const stopped = (): ShoalError => new ShoalError('STOPPED', 'This peer was stopped. Start it again.')

export const createLogin = ({ house, tracker, device, network, relays, began, parts }: LoginOptions): Login => {
  let current: { readonly account: Account, readonly end: AbortController, readonly followers: Promise<unknown> } | undefined
  /** The one under way, which a logout does not wait for. */
  let entering: AbortController | undefined
  let isClosed = false
  /** A login or logout that is under way: the next waits for it. */
  let busy: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = busy.then(work, work)
    busy = turn.catch(() => undefined)
    return turn
  }

  /** Looks once a second after downloads that wait and shares that are not listed, and writes counters. */
  const lookAfter = async (account: Account): Promise<void> => {
    const { downloading, sharing } = parts()
    const isOver = (): boolean => account.ended.aborted
    while (!isOver()) {
      await pause(systemClock, lookEveryMs, account.ended)
      for (const part of [downloading, sharing]) {
        if (!isOver()) await part.look(account).catch((error: unknown) => { house.log(`Could not be looked after: ${String(error)}`) })
      }
    }
  }

  /** The notice may be older than a second joining. */
  const leaveBehind = async (account: Account, { group, change }: { readonly group: GroupId, readonly change: string }): Promise<void> => {
    const { sharing, downloading } = parts()
    if ((await account.session.groups()).some(({ id, state }) => id === group && (state === 'owner' || state === 'member'))) return
    await sharing.forget(group)
    await downloading.forget(group, change === 'left' ? 'left' : 'removed')
  }

  /** Requests that came while the owner was away are as good as those that come now. */
  const considerAll = async (account: Account, listings: Awaited<ReturnType<TrackerSession['groups']>>): Promise<void> => {
    await inParallel(listings.filter(({ state }) => state === 'owner'), ({ id }) => parts().groups.consider(account, id))
  }

  /** Considers a group in its turn: whoever tells of a request, and so of other things, does not wait for what a plugin makes of it. */
  const considering = (account: Account): (group: GroupId) => void => {
    const waiting = new Set<GroupId>()
    let last: Promise<void> = Promise.resolve()
    return group => {
      if (waiting.has(group)) return
      waiting.add(group)
      last = last.then(async () => {
        waiting.delete(group)
        if (!account.ended.aborted) await parts().groups.consider(account, group)
      }).catch((error: unknown) => { if (!account.ended.aborted) house.log(`A request could not be considered: ${String(error)}`) })
    }
  }

  /** What was missed: groups that we are out of, logs, requests. */
  const catchUp = async (account: Account): Promise<void> => {
    const { sharing, downloading } = parts()
    const now = await account.session.groups({ signal: account.ended })
    const mine = now.filter(({ state }) => state === 'owner' || state === 'member')
    for (const group of new Set([...sharing.groups(), ...downloading.groups()])) {
      if (!mine.some(({ id }) => id === group)) await leaveBehind(account, { group, change: 'removed' })
    }
    for (const { id } of mine) await account.membership.refresh(id)
    await considerAll(account, now)
  }

  const begin = async (session: TrackerSession, end: AbortController): Promise<LoggedIn> => {
    const signal = end.signal
    const realm = await tracker.realm(signal)
    const membership = createMembership({ session, realm, device, logs: house.profile.logs, log: line => { house.log(line) } })
    const account: Account = { user: session.user, session, membership, ended: signal }
    // from here on there is something to end, whatever fails
    current = { account, end, followers: Promise.resolve() }
    began(session)
    house.engine.attach({ membership, session })
    const listings = await session.groups({ signal })
    const groups = new Map(listings.map(listing => [listing.id, listing]))
    const { sharing, downloading } = parts()
    const consider = considering(account)
    const mine = listings.filter(({ state }) => state === 'owner' || state === 'member').map(({ id }) => id).slice(0, maxEarlyGroups)
    const { shares, failed } = await sharing.resume(account, groups)
    const downloads = await downloading.resume(account, groups)
    signal.throwIfAborted()
    const followers = Promise.all([
      lookAfter(account),
      keepRelays({
        network, relays: [...new Set([...relays, ...session.relays ?? []])], signal, log: line => { house.log(line) },
        // those that we are in at the login, too, so that the first transfer finds the place taken
        groups: () => new Set([...sharing.groups(), ...downloading.groups(), ...mine]),
        mine: group => membership.mine(group),
        missed: (relay, error) => {
          house.events.send({ type: 'warning', detail: error === 'back' ? `The relay ${relay} is back.` : `The relay ${relay} cannot be used: ${error.message.replace(/\. It is tried again.*$|\.$/, '')}. It is tried again and again.` })
        },
        changed: (relay, has) => { house.log(`${has ? 'A place at' : 'No place any more at'} the relay ${relay}`); house.engine.moved() }
      }),
      followNotices(house, account, {
        removed: event => leaveBehind(account, event),
        requested: ({ group }) => { consider(group) },
        reset: () => catchUp(account)
      })
    ])
    current = { account, end, followers }
    await house.engine.settled()
    await considerAll(account, listings)
    signal.throwIfAborted()
    return { shares, failedShares: failed, downloads }
  }

  const end = async (signal: AbortSignal | undefined): Promise<void> => {
    const ending = current
    if (ending === undefined) return
    ending.end.abort(loggedOut())
    const { sharing, downloading } = parts()
    const failures: unknown[] = []
    // whatever one of them says, the others are ended, too. Membership first: nobody waits for a credential any more
    for (const part of [
      () => ending.account.membership.stop(), () => downloading.suspend(), () => sharing.suspend(), () => house.engine.detach(), () => ending.followers
    ]) await Promise.resolve(part()).catch((error: unknown) => { failures.push(error) })
    house.holdings.clear()
    current = undefined
    // the tracker forgets a peer that does not say goodbye, too, only later
    const limit = AbortSignal.timeout(logoutTimeoutMs)
    await ending.account.session.logout(signal === undefined ? limit : AbortSignal.any([limit, signal])).catch((error: unknown) => { house.log(`The tracker did not hear the logout: ${String(error)}`) })
    if (failures.length > 0) throw failures[0]
  }

  const isNobody = (): boolean => current === undefined
  const enter = async (user: string, password: string, signal: AbortSignal | undefined): Promise<LoggedIn> => {
    if (isClosed) throw stopped()
    if (current !== undefined) throw new ShoalError('ALREADY_LOGGED_IN', `${current.account.user} is logged in here. Type \`logout\` first.`)
    const own = new AbortController()
    const stop = (): void => { own.abort(signal?.reason) }
    signal?.addEventListener('abort', stop)
    if (signal?.aborted === true) stop()
    entering = own
    try {
      const session = await tracker.login(user, password, device, own.signal)
      try { return await begin(session, own) } catch (error) {
        if (isNobody()) await session.logout(AbortSignal.timeout(logoutTimeoutMs)).catch(() => undefined)
        else await end(undefined).catch((cause: unknown) => { house.log(`The login could not be undone in full: ${String(cause)}`) })
        throw error
      }
    } finally {
      entering = undefined
      signal?.removeEventListener('abort', stop)
    }
  }
  const leave = (signal?: AbortSignal): Promise<void> => {
    entering?.abort(loggedOut())
    return inTurn(() => end(signal))
  }

  return {
    /** Nobody, until the login is whole, and from the logout on. */
    get account () { return entering === undefined && current?.end.signal.aborted === false ? current.account : undefined },
    login: (user, password, signal) => inTurn(() => enter(user, password, signal)),
    async logout (signal) {
      if (current === undefined && entering === undefined) throw notLoggedIn()
      await leave(signal)
    },
    stop () { isClosed = true; return leave() }
  }
}
