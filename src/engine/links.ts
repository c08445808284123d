/**
 * The links of an engine, by number: greeted, known to the session, dialed when it says so, and moved in the background (moving.ts). Owns the conversations and
 * what was found out about transports; what is said on a link is the session's.
 */
import { relayed, ShoalError } from '../contract/index.ts'
import type { Link, Network, PeerId } from '../contract/index.ts'
import type { Input, LinkId, SessionView } from '../core/io.ts'
import type { AddressBook } from './address-book.ts'
import { converse } from './greeting.ts'
import type { Conversation, GreetingOptions } from './greeting.ts'
import { createMoving } from './moving.ts'
import { createPreference } from './preference.ts'
import type { Figures } from './preference.ts'

const dialTimeoutMs = 10_000
/** A link that broke before is a failure of its transport. */
const heldMs = 10_000

/** A link opened, goes on over another transport, or is gone. */
export interface LinkEvent { readonly type: 'link', readonly peer: PeerId, readonly change: 'open' | 'moved' | 'closed', readonly transport: string, readonly from?: string }

export interface LinksOptions extends GreetingOptions {
  readonly network: Network
  readonly book: AddressBook
  readonly view: SessionView
  /** Whether what was measured decides over which transport a peer is dialed, and links move. */
  readonly isMeasured: boolean
  readonly stopped: AbortSignal
  input (input: Input): void
  event (event: LinkEvent): void
  log (line: string): void
}

export interface Links {
  get (id: LinkId): Conversation | undefined
  all (): readonly Conversation[]
  /** Somebody opened a link to us. */
  meet (link: Link): void
  dial (peer: PeerId): Promise<void>
  isDialing (peer: PeerId): boolean
  /** The link to that peer; the one that is used, if there are two for a moment. */
  to (peer: PeerId): Link | undefined
  figures (peer: PeerId): readonly Figures[]
  stop (): void
}

export const createLinks = (options: LinksOptions): Links => {
  const { network, book, view, clock, isMeasured, stopped, input, event, log } = options
  const links = new Map<LinkId, Conversation>()
  const dialing = new Map<PeerId, AbortController>()
  const preference = createPreference()
  let last = 0

  const failed = (peer: PeerId) => (transport: string): void => { preference.failed(peer, transport, clock.now()) }
  const to = (peer: PeerId): Link | undefined => [...links.values()].findLast(({ link }) => link.peer === peer)?.link

  /** @param isOrdered whether the session gave the order to dial */
  const meet = (link: Link, isOrdered: boolean): void => {
    const id = ++last
    const since = clock.now()
    const { peer, transport, inbound } = link
    const conversation = converse(link, options, {
      greeted (greeted) {
        const before = to(peer)?.transport
        // a dial that is still under way would cross a link that is there, and might take its place later, over a worse transport
        if (inbound && transport !== relayed) dialing.get(peer)?.abort(new ShoalError('LINK_CLOSED', `${peer} dialed first. Nothing needs to be done.`))
        links.set(id, greeted)
        book.linked(peer, transport)
        preference.held(peer, transport)
        moving.linked(id)
        input({ type: 'linked', link: id, peer, inbound })
        if (!links.has(id)) return // the session keeps another one
        if (before === undefined) event({ type: 'link', peer, change: 'open', transport })
        else if (before !== transport) event({ type: 'link', peer, change: 'moved', transport, from: before })
      },
      heard (message) { input({ type: 'message', link: id, message }) },
      progress (bytes) { input({ type: 'heard', link: id, bytes }) },
      drained () { input({ type: 'room', link: id, unsentBytes: 0 }) },
      ended (error) {
        if (error !== undefined) log(`Link to ${peer} over ${transport} ended: ${error.message}`)
        const wasOpen = links.delete(id)
        const isLast = to(peer) === undefined
        if (isLast && ShoalError.is(error, 'LINK_CLOSED') && clock.now() < since + heldMs) failed(peer)(transport)
        if (wasOpen) input({ type: 'unlinked', link: id })
        else if (isOrdered) input({ type: 'undialed', peer })
        if (wasOpen && isLast) event({ type: 'link', peer, change: 'closed', transport })
      }
    })
    if (stopped.aborted) conversation.end('This peer is stopping.')
  }

  const moving = createMoving({
    network, clock, preference, isMeasured, log,
    addresses: peer => book.addresses(peer),
    links: () => view.links.flatMap(each => {
      const link = links.get(each.link)?.link
      return link === undefined ? [] : [{ view: each, link }]
    }),
    open: link => { meet(link, false) }
  })

  return {
    get: id => links.get(id),
    all: () => [...links.values()],
    meet (link) { meet(link, false) },
    async dial (peer) {
      const needless = new AbortController()
      dialing.set(peer, needless)
      try {
        const order = isMeasured ? { order: preference.order(peer, network.transports, clock.now()) } : {}
        meet(await network.dial(peer, book.addresses(peer), AbortSignal.any([stopped, needless.signal, AbortSignal.timeout(dialTimeoutMs)]), { ...order, failed: failed(peer) }), true)
      } catch (error) {
        log(`Cannot dial ${peer}: ${error instanceof Error ? error.message : String(error)}`)
        input({ type: 'undialed', peer })
      } finally {
        dialing.delete(peer)
      }
    },
    isDialing: peer => dialing.has(peer),
    to,
    figures (peer) {
      const judged = preference.figures(peer)
      const transport = to(peer)?.transport
      if (transport === undefined || judged.some(known => known.transport === transport)) return judged
      // what is known of a link before it is judged is better than nothing
      const rate = view.links.find(each => each.peer === peer && links.get(each.link)?.link.transport === transport)?.rate ?? 0
      return rate === 0 ? judged : [...judged, { transport, rate, failures: 0 }]
    },
    stop () { moving.stop() }
  }
}
