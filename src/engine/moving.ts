/**
 * Moves links to better transports while something is fetched over them: dials in the background, and leaves it to the session to put the new link in the place
 * of the old one. Owns the looks at the links and what is being dialed; which transport is better is preference.ts.
 *
 * Who fetches decides. A link that another peer hands on is worse than any direct one: whoever dialed it tries for a direct one, whatever is preferred.
 */
import { relayed } from '../contract/index.ts'
import type { DialOptions, Link, Network, PeerId } from '../contract/index.ts'
import type { LinkId, LinkView } from '../core/io.ts'
import type { Clock } from './clock.ts'
import type { Preference } from './preference.ts'

const lookMs = 1_000
const dialTimeoutMs = 10_000
/** From then on both sides put a link that we dial in the place of one that the other dialed (crossing dials: core/dialing.ts). The lower peer id's at once. */
const replaceableMs = 20_000
/** A direct link is tried for again after these, in turn; the last one over and over. */
const directMs = [5_000, 15_000, 60_000]

export interface MovingOptions {
  readonly network: Pick<Network, 'peer' | 'dial' | 'carriers'>
  readonly clock: Clock
  readonly preference: Preference
  /** Whether what was measured decides; else links move only away from relays. */
  readonly isMeasured: boolean
  /** The open links with their numbers in the session. */
  links (): readonly { readonly view: LinkView, readonly link: Link }[]
  addresses (peer: PeerId): readonly string[]
  /** Takes the new link. */
  open (link: Link): void
  log (line: string): void
}

export interface Moving {
  /** There is a new link. */
  linked (id: LinkId): void
  stop (): void
}

interface Watched { readonly since: number, bytes: number, busyMs: number, directTries: number, directAt: number }

export const createMoving = ({ network, clock, preference, isMeasured, links, addresses, open, log }: MovingOptions): Moving => {
  const stopped = new AbortController()
  const watched = new Map<LinkId, Watched>()
  const dialing = new Set<PeerId>()
  let cancel: (() => void) | undefined

  const dial = async ({ peer, transport }: Link, to: string, options: DialOptions): Promise<void> => {
    dialing.add(peer)
    try {
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(dialTimeoutMs)])
      const failed = (name: string): void => { preference.failed(peer, name, clock.now()) }
      const link = await network.dial(peer, addresses(peer), signal, { ...options, failed })
      log(`The link to ${peer} moves from ${transport} to ${link.transport}.`)
      open(link)
    } catch (error) {
      log(`The link to ${peer} stays with ${transport}: no ${to} link. ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      dialing.delete(peer)
    }
  }

  const isReplaceable = (link: Link, { since }: Watched, now: number): boolean => !link.inbound || network.peer < link.peer || now >= since + replaceableMs

  const seekDirect = (link: Link, watch: Watched, now: number): void => {
    // the dialer first, so that not both do
    if (now < Math.max(watch.directAt, watch.since + (link.inbound ? replaceableMs : lookMs))) return
    if (network.carriers(link.peer, addresses(link.peer)).every(name => name === relayed)) return
    watch.directAt = now + (directMs[Math.min(watch.directTries++, directMs.length - 1)] ?? 0)
    void dial(link, 'direct', { direct: true })
  }

  const seekBetter = (link: Link, { wantedBytes, link: id }: LinkView, watch: Watched, now: number): void => {
    if (wantedBytes === 0 || !isReplaceable(link, watch, now)) return
    const others = network.carriers(link.peer, addresses(link.peer)).filter(name => name !== relayed)
    const to = preference.move({ peer: link.peer, link: id, transport: link.transport, wantedBytes, others }, now)
    if (to !== undefined) void dial(link, to, { only: [to] })
  }

  const look = (): void => {
    const now = clock.now()
    const all = links()
    const there = new Set(all.map(({ view }) => view.link))
    for (const id of watched.keys()) if (!there.has(id)) watched.delete(id)
    for (const { view, link } of all) {
      const watch = watched.get(view.link)
      if (watch === undefined || view.isEnding) continue
      preference.note({ peer: link.peer, link: view.link, transport: link.transport }, view.arrivedBytes - watch.bytes, view.busyMs - watch.busyMs, now)
      watch.bytes = view.arrivedBytes
      watch.busyMs = view.busyMs
      if (dialing.has(link.peer)) continue
      if (link.transport === relayed) seekDirect(link, watch, now)
      else if (isMeasured) seekBetter(link, view, watch, now)
    }
    cancel = watched.size > 0 ? clock.after(lookMs, look) : undefined
  }

  return {
    linked (id) {
      watched.set(id, { since: clock.now(), bytes: 0, busyMs: 0, directTries: 0, directAt: 0 })
      cancel ??= clock.after(lookMs, look)
    },
    stop () {
      stopped.abort()
      cancel?.()
      watched.clear()
    }
  }
}
