/** Who is logged in: from the password to everything resumed, and back to nothing served. Owns the one login of this peer. */
import { ShoalError } from '../contract/index.ts'
import type { DeviceKey, GroupId, Tracker, TrackerSession } from '../contract/index.ts'
import { pause, systemClock } from '../engine/index.ts'
import { createMembership } from '../membership/index.ts'
import type { Downloading } from './downloading.ts'
import type { Groups } from './groups.ts'
import type { Account, House } from './house.ts'
import { followNotices } from './notices.ts'
import type { Sharing } from './sharing.ts'

const lookEveryMs = 1_000
const logoutTimeoutMs = 2_000

export interface LoggedIn { readonly shares: number, readonly failedShares: number, readonly downloads: number }

export interface Login {
  readonly account: Account | undefined
  login (user: string, password: string, signal?: AbortSignal): Promise<LoggedIn>
  logout (signal?: AbortSignal): Promise<void>
}

export interface LoginOptions {
  readonly house: House
  readonly tracker: Tracker
  readonly device: DeviceKey
  /** Given when they exist: they need the house, which needs the account. */
  parts (): { readonly sharing: Sharing, readonly downloading: Downloading, readonly groups: Groups }
}

export const createLogin = ({ house, tracker, device, parts }: LoginOptions): Login => {
  let current: { readonly account: Account, readonly end: AbortController, readonly followers: Promise<unknown> } | undefined
  /** A login or logout that is under way: the next waits for it. */
  let busy: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = busy.then(work, work)
    busy = turn.catch(() => undefined)
    return turn
  }

  /** Looks once a second after downloads that wait, and writes their counters. */
  const lookAfter = async (account: Account): Promise<void> => {
    const isOver = (): boolean => account.ended.aborted
    while (!isOver()) {
      await pause(systemClock, lookEveryMs, account.ended)
      if (!isOver()) await parts().downloading.look(account).catch((error: unknown) => { house.log(`Downloads could not be looked after: ${String(error)}`) })
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
    for (const { id, state } of listings) if (state === 'owner') await parts().groups.consider(account, id)
  }

  const begin = async (session: TrackerSession, signal: AbortSignal | undefined): Promise<LoggedIn> => {
    const realm = await tracker.realm(signal)
    const end = new AbortController()
    const membership = createMembership({ session, realm, device, logs: house.profile.logs, log: line => { house.log(line) } })
    const account: Account = { user: session.user, session, membership, ended: end.signal }
    house.engine.attach({ membership, session })
    const listings = await session.groups(signal === undefined ? {} : { signal })
    const groups = new Map(listings.map(listing => [listing.id, listing]))
    current = { account, end, followers: Promise.resolve() }
    const { sharing, downloading, groups: groupCommands } = parts()
    const { shares, failed } = await sharing.resume(account, groups)
    const downloads = await downloading.resume(account, groups)
    const followers = Promise.all([
      lookAfter(account),
      followNotices(house, account, {
        removed: event => leaveBehind(account, event),
        requested: ({ group }) => groupCommands.consider(account, group),
        async reset () {
          const now = await session.groups()
          for (const listing of now) if (listing.state === 'owner' || listing.state === 'member') await membership.refresh(listing.id)
          await considerAll(account, now)
        }
      })
    ])
    current = { account, end, followers }
    await house.engine.settled()
    await considerAll(account, listings)
    return { shares, failedShares: failed, downloads }
  }

  const end = async (signal: AbortSignal | undefined): Promise<void> => {
    const ending = current
    if (ending === undefined) return
    current = undefined
    ending.end.abort(new ShoalError('STOPPED', 'You logged out while this was under way. Log in and try again.'))
    const { sharing, downloading } = parts()
    await downloading.suspend()
    await sharing.suspend()
    await house.engine.detach()
    house.holdings.clear()
    await ending.account.membership.stop()
    await ending.followers
    // the tracker forgets a peer that does not say goodbye, too, only later
    const limit = AbortSignal.timeout(logoutTimeoutMs)
    await ending.account.session.logout(signal === undefined ? limit : AbortSignal.any([limit, signal])).catch((error: unknown) => { house.log(`The tracker did not hear the logout: ${String(error)}`) })
  }

  return {
    get account () { return current?.account },
    login: (user, password, signal) => inTurn(async () => {
      if (current !== undefined) {
        throw new ShoalError('ALREADY_LOGGED_IN', `${current.account.user} is logged in here. Type \`logout\` first.`)
      }
      const session = await tracker.login(user, password, device, signal)
      try { return await begin(session, signal) } catch (error) {
        await end(signal)
        throw error
      }
    }),
    logout: signal => inTurn(() => end(signal))
  }
}
