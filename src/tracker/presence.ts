/**
 * Which devices are online, where, and what they announced: soft state in memory, never a write per heartbeat. A synchronous value with a clock.
 * Who may announce what, and who is told, is decided in announcing.ts and watching.ts.
 */
import type { Announced, ContentId, GroupId, PeerId, UserName } from '../contract/index.ts'
import type { Clock } from './clock.ts'
import { trackerLimits, trackerTimes } from './limits.ts'
import { lru } from './lru.ts'

/** A login of a device. */
export interface Login { readonly user: UserName, readonly device: PeerId, readonly sessionId: string }

export interface OnlineDevice {
  readonly user: UserName
  readonly peer: PeerId
  readonly sessionId: string
  /** Unix ms. */
  readonly since: number
  addresses: readonly string[]
  transports: readonly string[]
  /** Of the last announcement; 0: none yet. */
  sequence: number
  readonly announced: ReadonlyMap<string, Announced>
}

export interface Presence {
  /** The device of this login; undefined when it is not online, or another login of it is. */
  of (login: Login): OnlineDevice | undefined
  device (peer: PeerId): OnlineDevice | undefined
  users (): ReadonlyMap<UserName, ReadonlySet<OnlineDevice>>
  /**
   * The device is online from now on, with nothing announced; it takes the place of an older login of the same device.
   * @param quiet it was online before this tracker started: no news
   */
  enter (login: Login, quiet: boolean): OnlineDevice
  /** It announced something, be it nothing. */
  heard (device: OnlineDevice): void
  /** A watch of this login began. @returns to be called when it ended */
  watched (login: Login, quiet: boolean): () => void
  /** The login has ended, and cannot enter again. */
  leave (login: Login): void
  hasLeft (login: Login): boolean
  announce (device: OnlineDevice, item: Announced): void
  withdraw (device: OnlineDevice, item: Pick<Announced, 'group' | 'content'>): void
  /** All that a user's devices announced in a group. */
  withdrawGroup (user: UserName, group: GroupId): void
  announcers (group: GroupId, content: ContentId): readonly OnlineDevice[]
  /** Nobody goes offline any more: who was online is told by `users` for the last time. */
  stop (): void
}

export interface PresenceEvents {
  online (device: OnlineDevice, quiet: boolean): void
  offline (device: OnlineDevice): void
}

export const announcedKey = ({ group, content }: Pick<Announced, 'group' | 'content'>): string => `${group}/${content}`

interface Device extends OnlineDevice {
  readonly announced: Map<string, Announced>
  heardAt: number
  cancelSilence: () => void
  cancelGrace: () => void
}

const nothing = (): void => { /* no timer is set */ }

export const presence = (clock: Clock, events: PresenceEvents): Presence => {
  const devices = new Map<PeerId, Device>()
  const users = new Map<UserName, Set<Device>>()
  const contents = new Map<string, Set<Device>>()
  /** Open watches by session: a device that was silent for a while and comes back still has its own. */
  const watches = new Map<string, number>()
  const ended = lru<string, true>(trackerLimits.cachedSessions)
  let stopped = false

  const later = (delayMs: number, call: () => void): () => void => stopped ? nothing : clock.after(delayMs, call)

  const drop = (device: Device, key: string): void => {
    device.announced.delete(key)
    const its = contents.get(key)
    its?.delete(device)
    if (its?.size === 0) contents.delete(key)
  }

  const remove = (device: Device): void => {
    device.cancelSilence()
    device.cancelGrace()
    for (const key of [...device.announced.keys()]) drop(device, key)
    devices.delete(device.peer)
    const its = users.get(device.user)
    its?.delete(device)
    if (its?.size === 0) users.delete(device.user)
  }

  const exit = (device: Device): void => {
    remove(device)
    events.offline(device)
  }

  /** One timer per device, set again only when it rings: a heartbeat costs nothing. */
  const listenFor = (device: Device): void => {
    const left = device.heardAt + trackerTimes.silenceMs - clock.now()
    if (left <= 0) exit(device)
    else device.cancelSilence = later(left, () => { listenFor(device) })
  }

  const mine = ({ device, sessionId, user }: Login): Device | undefined => {
    const found = devices.get(device)
    return found?.sessionId === sessionId && found.user === user ? found : undefined
  }

  const enter = (login: Login, quiet: boolean): Device => {
    const before = devices.get(login.device)
    const now = clock.now()
    const device: Device = {
      user: login.user, peer: login.device, sessionId: login.sessionId, since: now, addresses: [], transports: [], sequence: 0,
      announced: new Map(), heardAt: now, cancelSilence: nothing, cancelGrace: nothing
    }
    // the same user's device in a new login was never away
    if (before !== undefined && before.user !== login.user) exit(before)
    else if (before !== undefined) remove(before)
    devices.set(device.peer, device)
    const its = users.get(device.user) ?? new Set()
    users.set(device.user, its.add(device))
    listenFor(device)
    if (before?.user !== login.user) events.online(device, quiet)
    return device
  }

  const own = (device: OnlineDevice): Device | undefined => {
    const found = devices.get(device.peer)
    return found === device ? found : undefined
  }

  return {
    of: mine,
    device: peer => devices.get(peer),
    users: () => users,
    enter,
    heard (device) {
      const found = own(device)
      if (found !== undefined) found.heardAt = clock.now()
    },
    watched (login, quiet) {
      const device = mine(login) ?? enter(login, quiet)
      device.cancelGrace()
      const { sessionId } = login
      watches.set(sessionId, (watches.get(sessionId) ?? 0) + 1)
      return () => {
        const left = (watches.get(sessionId) ?? 1) - 1
        if (left > 0) { watches.set(sessionId, left); return }
        watches.delete(sessionId)
        const now = mine(login)
        if (now !== undefined) now.cancelGrace = later(trackerTimes.watchGraceMs, () => { if (!watches.has(sessionId)) exit(now) })
      }
    },
    leave (login) {
      ended.set(login.sessionId, true)
      const device = mine(login)
      if (device !== undefined) exit(device)
    },
    hasLeft: login => ended.get(login.sessionId) === true,
    announce (device, item) {
      const found = own(device)
      if (found === undefined) return
      const key = announcedKey(item)
      found.announced.set(key, item)
      contents.set(key, (contents.get(key) ?? new Set()).add(found))
    },
    withdraw (device, item) {
      const found = own(device)
      if (found !== undefined) drop(found, announcedKey(item))
    },
    withdrawGroup (user, group) {
      for (const device of users.get(user) ?? []) {
        for (const item of [...device.announced.values()]) if (item.group === group) drop(device, announcedKey(item))
      }
    },
    announcers: (group, content) => [...contents.get(announcedKey({ group, content })) ?? []],
    stop () {
      stopped = true
      for (const device of devices.values()) { device.cancelSilence(); device.cancelGrace() }
    }
  }
}
