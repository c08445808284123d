/**
 * Tells the tracker what we have and want, and hears who else does. One request at a time: differences when something changed, empty heartbeats in between,
 * everything after a failure. Owns the announcement sequence of one login.
 */
import { ShoalError } from '../contract/index.ts'
import type { Announced, ContentId, GroupId, Sighting, TrackerSession } from '../contract/index.ts'
import { pause } from './clock.ts'
import type { Clock } from './clock.ts'

const maxSeek = 50
const firstRetryMs = 250
const lastRetryMs = 4_000

export interface Discovery {
  announce (announced: Announced): void
  withdraw (content: ContentId, group: GroupId): void
  /** Our addresses are others now: told at once. */
  moved (): void
  /** Resolves when the tracker has heard all that was said so far, or could not be reached; never rejects. */
  settled (): Promise<void>
  stop (): Promise<void>
}

export interface DiscoveryOptions {
  readonly session: TrackerSession
  readonly clock: Clock
  addresses (): readonly string[]
  readonly transports: readonly string[]
  /** Whether more peers are wanted for a content now. */
  hungry (content: ContentId): boolean
  sighted (sighting: Sighting): void
  /** The tracker cannot be reached, or can again. */
  reachable (yes: boolean, error?: unknown): void
  /** The session is not accepted any more. The loop has ended. */
  expired (error: ShoalError): void
}

const keyOf = ({ group, content }: { readonly group: GroupId, readonly content: ContentId }): string => `${group} ${content}`

export const createDiscovery = (options: DiscoveryOptions): Discovery => {
  const { session, clock } = options
  const wanted = new Map<string, Announced>()
  let told = new Map<string, Announced>()
  let toldAddresses = ''
  let sequence = 0
  let full = true
  let version = 0
  let settledVersion = -1
  let waiting: { readonly version: number, readonly resolve: () => void }[] = []
  let wake = new AbortController()
  const stopped = new AbortController()

  const isOver = (): boolean => stopped.signal.aborted
  const changed = (): void => { version++; wake.abort() }
  const settle = (): void => {
    waiting = waiting.filter(waiter => {
      if (waiter.version > settledVersion) return true
      waiter.resolve()
      return false
    })
  }

  /** What differs between what the tracker was told and what is to be told. */
  const difference = (): { readonly added: Announced[], readonly removed: Announced[] } => {
    const known = full ? new Map<string, Announced>() : told
    return {
      added: [...wanted].filter(([key, { role }]) => known.get(key)?.role !== role).map(([, announced]) => announced),
      removed: [...known].filter(([key]) => !wanted.has(key)).map(([, announced]) => announced)
    }
  }

  const announceOnce = async (): Promise<number> => {
    const addresses = options.addresses().slice(0, 32)
    const asText = addresses.join(' ')
    const next = new Map(wanted)
    const hungry = [...wanted.values()].filter(({ role, content }) => role === 'wanter' && options.hungry(content))
    const reply = await session.announce({
      sequence: ++sequence, full, ...difference(),
      ...(full || asText !== toldAddresses ? { addresses, transports: options.transports } : {}),
      seek: hungry.slice(0, maxSeek).map(({ group, content }) => ({ group, content }))
    }, AbortSignal.any([stopped.signal, AbortSignal.timeout(10_000)]))
    told = next
    toldAddresses = asText
    full = reply.resync
    for (const sighting of reply.sightings) if (sighting.peer !== session.device) options.sighted(sighting)
    return reply.resync ? 0 : reply.heartbeatMs
  }

  const loop = async (): Promise<void> => {
    let retryMs = firstRetryMs
    while (!isOver()) {
      const saying = version
      wake = new AbortController()
      let waitMs: number
      try {
        waitMs = await announceOnce()
        if (waitMs > 0) settledVersion = saying
        retryMs = firstRetryMs
        options.reachable(true)
      } catch (error) {
        // whether it arrived is not known: everything is told again
        full = true
        settledVersion = saying
        waitMs = retryMs
        retryMs = Math.min(retryMs * 2, lastRetryMs)
        if (ShoalError.is(error, 'SESSION_EXPIRED')) { options.expired(error); break }
        if (!isOver()) options.reachable(false, error)
      }
      settle()
      if (waitMs > 0 && version === saying) await pause(clock, waitMs, AbortSignal.any([wake.signal, stopped.signal]))
    }
    settledVersion = Infinity
    settle()
  }
  const running = loop()

  return {
    announce (announced) {
      if (wanted.get(keyOf(announced))?.role === announced.role) return
      wanted.set(keyOf(announced), announced)
      changed()
    },
    withdraw (content, group) { if (wanted.delete(keyOf({ content, group }))) changed() },
    moved: changed,
    settled: () => new Promise(resolve => {
      if (settledVersion >= version) { resolve(); return }
      waiting.push({ version, resolve })
    }),
    async stop () { stopped.abort(); await running }
  }
}
