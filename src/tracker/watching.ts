/**
 * Who hears what, and the streams they hear it from. What is durable comes from the feed, where each watcher is a place; what is fleeting waits in a
 * short queue per watcher. Whoever falls behind either is told to read again.
 */
import { ShoalError } from '../contract/index.ts'
import type { Group, PeerId, Sighting, TrackerEvent, UserName } from '../contract/index.ts'
import { cursorOf, placeOf } from './feed.ts'
import type { Feed, FeedItem, Place } from './feed.ts'
import type { Groups } from './groups.ts'
import { trackerLimits } from './limits.ts'
import type { Login, OnlineDevice } from './presence.ts'
import { sessionExpired } from './tokens.ts'

export interface Watching {
  /** @param began called when the stream begins; what it returns, when it ends */
  watch (login: Login, from: string | undefined, signal: AbortSignal, began: () => () => void): AsyncGenerator<TrackerEvent>
  /** There may be more in the feed. */
  wakeAll (): void
  tell (peer: PeerId, sighting: Sighting): void
  /** Tells those who share a group with the user. */
  peerChanged (device: OnlineDevice, change: 'online' | 'offline'): void
  /** Ends the streams of logins that are no longer. */
  end (which: (login: Login) => boolean): void
  stop (): void
}

interface Watcher {
  readonly login: Login
  readonly waiting: TrackerEvent[]
  /** The queue ran over: what was in it is lost. */
  overrun: boolean
  ended: ShoalError | undefined
  wake: () => void
}

export const openWatching = (feed: () => Feed, groups: Groups, log: (line: string) => void): Watching => {
  const watchers = new Map<PeerId, Set<Watcher>>()
  /** Changes of presence are told in their order, though who hears of them must be looked up. */
  let telling: Promise<void> = Promise.resolve()
  let stopped = false

  const all = (): Watcher[] => [...watchers.values()].flatMap(its => [...its])

  const push = (watcher: Watcher, event: TrackerEvent): void => {
    if (watcher.waiting.length >= trackerLimits.waitingEvents) {
      watcher.waiting.length = 0
      watcher.overrun = true
    }
    watcher.waiting.push(event)
    watcher.wake()
  }

  const end = (watcher: Watcher, error: ShoalError): void => {
    watcher.ended = error
    watcher.wake()
  }

  const hears = async (user: UserName, { notice: { event, members, to } }: FeedItem): Promise<boolean> => {
    if (to.includes(user)) return true
    if (!members) return false
    const group = groups.lastKnown(event.group) ?? (await groups.current(event.group))?.group
    return group?.members.has(user) === true
  }

  /** Where to begin. Undefined: the cursor cannot be resumed. */
  const resumed = async (from: string | undefined): Promise<Place | undefined> => {
    const place = from === undefined ? undefined : placeOf(from)
    if (place === undefined || !feed().covers(place)) return undefined
    // a cursor from the future is of another realm, or of a state that was restored from a backup
    return place.revision <= (await feed().now()).revision ? place : undefined
  }

  async function * read (watcher: Watcher, from: string | undefined, signal: AbortSignal): AsyncGenerator<TrackerEvent> {
    let place = await resumed(from)
    while (!signal.aborted) {
      if (watcher.ended !== undefined) throw watcher.ended
      if (place === undefined || watcher.overrun || !feed().covers(place)) {
        watcher.overrun = false
        place = await feed().now()
        yield { type: 'reset', cursor: cursorOf(place) }
        continue
      }
      const item = feed().after(place)
      if (item !== undefined) {
        place = { revision: item.revision, index: item.index }
        if (await hears(watcher.login.user, item)) yield { ...item.notice.event, cursor: cursorOf(place) }
        continue
      }
      const event = watcher.waiting.shift()
      if (event === undefined) await new Promise<void>(resolve => { watcher.wake = resolve })
      else yield event
    }
  }

  const tellPeer = async (device: OnlineDevice, change: 'online' | 'offline'): Promise<void> => {
    if (watchers.size === 0) return
    const shared: Group[] = []
    for (const { id, membership } of await groups.memberships(device.user)) {
      const group = membership.state === 'requested' ? undefined : groups.lastKnown(id) ?? (await groups.current(id))?.group
      if (group !== undefined) shared.push(group)
    }
    for (const watcher of all()) {
      if (watcher.login.device === device.peer) continue
      if (shared.some(group => group.members.has(watcher.login.user))) push(watcher, { type: 'peer', user: device.user, peer: device.peer, change })
    }
  }

  return {
    async * watch (login, from, signal, began) {
      const its = watchers.get(login.device) ?? new Set()
      if (stopped) throw trackerStopped()
      if (its.size >= trackerLimits.watchesPerDevice) throw new ShoalError('LIMIT_REACHED', `Cannot watch more than ${trackerLimits.watchesPerDevice} times from one device. End one of the others.`)
      const watcher: Watcher = { login, waiting: [], overrun: false, ended: undefined, wake: () => { /* it is not waiting */ } }
      const aborted = (): void => { watcher.wake() }
      signal.addEventListener('abort', aborted)
      watchers.set(login.device, its.add(watcher))
      const over = began()
      try { yield * read(watcher, from, signal) } finally {
        signal.removeEventListener('abort', aborted)
        its.delete(watcher)
        if (its.size === 0) watchers.delete(login.device)
        over()
      }
    },
    wakeAll () { for (const watcher of all()) watcher.wake() },
    tell (peer, sighting) { for (const watcher of watchers.get(peer) ?? []) push(watcher, { type: 'sighted', sighting }) },
    peerChanged (device, change) {
      telling = telling.then(async () => { await tellPeer(device, change) }).catch((error: unknown) => { log(`cannot tell who is ${change}: ${String(error)}`) })
    },
    end (which) { for (const watcher of all()) if (which(watcher.login)) end(watcher, sessionExpired()) },
    stop () {
      stopped = true
      for (const watcher of all()) end(watcher, trackerStopped())
    }
  }
}

const trackerStopped = (): ShoalError => new ShoalError('TRACKER_UNREACHABLE', 'The tracker stopped. Ask whoever runs it to start it again.')
