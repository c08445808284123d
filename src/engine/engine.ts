/**
 * The engine: one session, one network, and the ports that the session's effects are performed on. Owns links by number and the lifetime of a login;
 * what users ask for is peer/'s, what the session decides is core/'s.
 */
import { assert, pieceCount, ShoalError } from '../contract/index.ts'
import type { ContentId, GroupId, Integrity, Link, Manifest, Membership, Network, PeerId, Selector, Sighting, Store, TrackerSession, UserName } from '../contract/index.ts'
import type { Effect, Limits, LinkId, SessionEvent, SessionView } from '../core/io.ts'
import { createSession } from '../core/session.ts'
import { createAddressBook } from './address-book.ts'
import { createBlockPool } from './block-pool.ts'
import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { createContents } from './contents.ts'
import { createCredentials } from './credentials.ts'
import type { Credentials } from './credentials.ts'
import { createDiscovery } from './discovery.ts'
import type { Discovery } from './discovery.ts'
import { converse } from './greeting.ts'
import type { Conversation } from './greeting.ts'
import { createLoop } from './loop.ts'
import type { Recorded } from './loop.ts'
import { createMoving } from './moving.ts'
import { createPreference } from './preference.ts'
import type { Figures } from './preference.ts'

export type EngineEvent = SessionEvent
  | { readonly type: 'unreadable', readonly content: ContentId, readonly error: unknown }
  | { readonly type: 'tracker', readonly reachable: boolean, readonly error?: unknown }
  | { readonly type: 'expired', readonly error: ShoalError }
  | { readonly type: 'link', readonly peer: PeerId, readonly change: 'open' | 'moved' | 'closed', readonly transport: string, readonly from?: string }

export interface EngineOptions {
  readonly network: Network
  readonly selector: Selector
  /** 32 bits of randomness. */
  readonly seed: number
  /** Program and version, for the other side's log. */
  readonly agent: string
  readonly limits?: Limits
  readonly clock?: Clock
  /** Whether transports are dialed in the order of the network, or by what was measured, and links move then. @default 'order' */
  readonly prefer?: 'order' | 'measured'
  log (line: string): void
  event (event: EngineEvent): void
  readonly record?: (entry: Recorded) => void
}

export interface Login { readonly membership: Membership, readonly session: TrackerSession }

export interface Taken {
  readonly manifest: Manifest
  readonly integrity: Integrity
  readonly store: Store
  readonly groups: readonly GroupId[]
}

export interface Engine {
  readonly view: SessionView
  /** Begins to exchange and to announce, as that user. */
  attach (login: Login): void
  /** Ends that: every content is laid down, every channel closed. The login's membership is the caller's to stop. */
  detach (): Promise<void>
  /** Takes a content up. Its doubtful pieces must have been settled before. */
  take (content: ContentId, taken: Taken): Promise<void>
  regroup (content: ContentId, groups: readonly GroupId[]): void
  /** The content lies in another store now; announces it as complete when that has all. */
  swap (content: ContentId, store: Store): void
  lay (content: ContentId): void
  sight (sighting: Sighting): void
  limit (limits: Limits): void
  /** Resolves when the tracker knows what we have and want, or cannot be reached. */
  settled (): Promise<void>
  /** How a peer is linked now. */
  linkOf (peer: PeerId): { readonly state: 'none' | 'dialing' } | { readonly state: 'open', readonly transport: string, readonly address: string }
  userOf (peer: PeerId): UserName | undefined
  /** Over which transport a peer is linked, or was last. */
  transportOf (peer: PeerId): string | undefined
  /** What was measured of the transports with that peer. */
  figuresOf (peer: PeerId): readonly Figures[]
  /** We are in the group anew: shows others a credential that says so. */
  renew (group: GroupId): void
  /** Others reach us at other addresses now. */
  moved (): void
  stop (): Promise<void>
}

const dialTimeoutMs = 10_000
/** A link that broke before is a failure of its transport. */
const heldMs = 10_000
/** More sources than this are not asked of the tracker. */
const enoughSources = 20

export const createEngine = (options: EngineOptions): Engine => {
  const { network, log, event } = options
  const clock = options.clock ?? systemClock
  const stopped = new AbortController()
  const links = new Map<LinkId, Conversation>()
  const dialing = new Set<PeerId>()
  const book = createAddressBook()
  const blocks = createBlockPool()
  const groupsOf = new Map<ContentId, readonly GroupId[]>()
  let lastLink = 0
  let login: (Login & { readonly credentials: Credentials, readonly discovery: Discovery, readonly ended: AbortController }) | undefined

  const session = createSession({
    peer: network.peer, seed: options.seed, selector: options.selector, ...(options.limits === undefined ? {} : { limits: options.limits })
  })
  const loop = createLoop({ session, clock, record: options.record, perform: effect => { perform(effect) } })
  const contents = createContents({
    blocks,
    input: loop.input,
    unreadable: (content, error) => { event({ type: 'unreadable', content, error }) },
    broken: (content, error) => {
      log(`A piece of ${content} could not be verified: ${String(error)}`)
      if (!stopped.signal.aborted) event({ type: 'failed', content, code: ShoalError.is(error) ? error.code : 'BUG' })
    }
  })

  const preference = createPreference()
  const isMeasured = options.prefer === 'measured'
  const failed = (peer: PeerId) => (transport: string): void => { preference.failed(peer, transport, clock.now()) }
  /** The one that is used, if there are two for a moment. */
  const newestLink = (peer: PeerId): Link | undefined => [...links.values()].findLast(({ link }) => link.peer === peer)?.link

  /** @param isOrdered whether the session gave the order to dial */
  const meet = (link: Link, isOrdered = !link.inbound): void => {
    const id = ++lastLink
    const since = clock.now()
    const conversation = converse(link, { agent: options.agent, clock, blocks }, {
      greeted (greeted) {
        const before = newestLink(link.peer)?.transport
        links.set(id, greeted)
        book.linked(link.peer, link.transport)
        preference.held(link.peer, link.transport)
        moving.linked(id)
        loop.input({ type: 'linked', link: id, peer: link.peer, inbound: link.inbound })
        if (!links.has(id)) return // the session keeps another one
        const { peer, transport } = link
        if (before === undefined) event({ type: 'link', peer, change: 'open', transport })
        else if (before !== transport) event({ type: 'link', peer, change: 'moved', transport, from: before })
      },
      heard (message) { loop.input({ type: 'message', link: id, message }) },
      progress (bytes) { loop.input({ type: 'heard', link: id, bytes }) },
      drained () { loop.input({ type: 'room', link: id, unsentBytes: 0 }) },
      ended (error) {
        if (error !== undefined) log(`Link to ${link.peer} over ${link.transport} ended: ${error.message}`)
        const wasOpen = links.delete(id)
        if (ShoalError.is(error, 'LINK_CLOSED') && clock.now() < since + heldMs && newestLink(link.peer) === undefined) failed(link.peer)(link.transport)
        if (wasOpen) {
          loop.input({ type: 'unlinked', link: id })
          if (newestLink(link.peer) === undefined) event({ type: 'link', peer: link.peer, change: 'closed', transport: link.transport })
        } else if (isOrdered) loop.input({ type: 'undialed', peer: link.peer })
      }
    })
    if (stopped.signal.aborted) conversation.end('This peer is stopping.')
  }
  const moving = createMoving({
    network, clock, preference, isMeasured, log,
    addresses: peer => book.addresses(peer),
    links: () => session.view.links.flatMap(view => {
      const link = links.get(view.link)?.link
      return link === undefined ? [] : [{ view, link }]
    }),
    open: link => { meet(link, false) }
  })

  const dial = async (peer: PeerId): Promise<void> => {
    dialing.add(peer)
    try {
      const order = isMeasured ? { order: preference.order(peer, network.transports, clock.now()) } : {}
      meet(await network.dial(peer, book.addresses(peer), AbortSignal.any([stopped.signal, AbortSignal.timeout(dialTimeoutMs)]), { ...order, failed: failed(peer) }))
    } catch (error) {
      log(`Cannot dial ${peer}: ${error instanceof Error ? error.message : String(error)}`)
      loop.input({ type: 'undialed', peer })
    } finally {
      dialing.delete(peer)
    }
  }

  const admit = async ({ link, number, group, credential }: Extract<Effect, { type: 'admit' }>): Promise<void> => {
    const peer = links.get(link)?.link.peer
    const answer = peer === undefined || login === undefined
      ? { ok: false, reason: 'nobody is logged in' } as const
      : await login.membership.admits(peer, group, credential)
    if (!answer.ok) log(`Refused ${String(peer)} in group ${group}: ${answer.reason}`)
    else if (peer !== undefined && book.user(peer) === undefined) book.note({ peer, user: answer.user, addresses: [] })
    loop.input({ type: 'admitted', link, number, ok: answer.ok })
  }

  const announce = (content: ContentId, complete: boolean): void => {
    for (const group of groupsOf.get(content) ?? []) login?.discovery.announce({ group, content, role: complete ? 'source' : 'wanter' })
  }

  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case 'dial': void dial(effect.peer); return
      case 'unlink': links.get(effect.link)?.end(effect.why); return
      case 'admit': void admit(effect); return
      case 'send': {
        const unsentBytes = links.get(effect.link)?.say(effect.message) ?? 0
        if (unsentBytes > 0) loop.input({ type: 'room', link: effect.link, unsentBytes })
        return
      }
      case 'emit':
        if (effect.event.type === 'complete') announce(effect.event.content, true)
        event(effect.event)
        return
      default: contents.perform(effect)
    }
  }

  /** Members who ceased to be lose their channels at once. */
  const followRemovals = async ({ membership }: Login, signal: AbortSignal): Promise<void> => {
    for await (const { group, devices } of membership.changes(signal)) {
      for (const peer of devices) loop.input({ type: 'removed', group, peer })
    }
  }

  const isComplete = (content: ContentId): boolean => session.view.transfer(content)?.complete ?? false
  const sight = (sighting: Sighting): void => {
    const { content, group, peer } = sighting
    book.note(sighting)
    if (groupsOf.get(content)?.includes(group) === true) loop.input({ type: 'sighted', content, group, peer })
  }
  /** How many contents are in each group: in one without any, nothing needs to be proved. */
  const inUse = new Map<GroupId, number>()
  const place = (content: ContentId, groups: readonly GroupId[]): void => {
    const before = groupsOf.get(content) ?? []
    for (const group of groups) if (!before.includes(group)) inUse.set(group, (inUse.get(group) ?? 0) + 1)
    for (const group of before) {
      if (groups.includes(group)) continue
      login?.discovery.withdraw(content, group)
      const left = (inUse.get(group) ?? 1) - 1
      if (left > 0) { inUse.set(group, left); continue }
      inUse.delete(group)
      login?.credentials.drop(group)
    }
    if (groups.length === 0) groupsOf.delete(content)
    else groupsOf.set(content, groups)
  }
  const lay = (content: ContentId): void => {
    place(content, [])
    loop.input({ type: 'dropped', content })
    contents.lay(content)
  }

  const detach = async (): Promise<void> => {
    for (const content of [...groupsOf.keys()]) lay(content)
    const ending = login
    login = undefined
    ending?.ended.abort()
    ending?.credentials.stop()
    for (const conversation of [...links.values()]) conversation.end('Logged out.')
    book.clear()
    await ending?.discovery.stop()
  }

  network.accept(link => { meet(link) })

  return {
    view: session.view,
    attach ({ membership, session: trackerSession }) {
      assert(login === undefined, 'one login at a time')
      const ended = new AbortController()
      const credentials = createCredentials({ membership, clock, input: loop.input, log })
      const discovery = createDiscovery({
        session: trackerSession, clock, addresses: () => network.addresses(), transports: network.transports, sighted: sight,
        hungry: content => !isComplete(content) && (session.view.transfer(content)?.sources.length ?? 0) < enoughSources,
        reachable: (reachable, error) => { event({ type: 'tracker', reachable, error }) },
        expired: error => { event({ type: 'expired', error }) }
      })
      login = { membership, session: trackerSession, credentials, discovery, ended }
      followRemovals(login, ended.signal).catch((error: unknown) => { log(`Removals are not followed any more: ${String(error)}`) })
    },
    detach,
    async take (content, { manifest, integrity, store, groups }) {
      const pages = await contents.take(content, { manifest, integrity, store })
      if (login === undefined) { contents.lay(content); throw new ShoalError('NOT_LOGGED_IN', 'Nobody is logged in. Type `login USER PASSWORD` first.') }
      place(content, groups)
      const { credentials } = login
      const { sure } = store.have()
      loop.input({ type: 'added', content, manifest, groups, have: sure, pages })
      announce(content, isComplete(content) || pieceCount(manifest) === 0)
      await Promise.all(groups.map(group => credentials.hold(group)))
    },
    regroup (content, groups) {
      if (contents.get(content) === undefined) return
      place(content, groups)
      for (const group of groups) void login?.credentials.hold(group)
      loop.input({ type: 'regrouped', content, groups })
      announce(content, isComplete(content))
    },
    swap (content, store) { contents.swap(content, store) },
    lay,
    sight,
    limit (limits) { loop.input({ type: 'limited', limits }) },
    async settled () { await login?.discovery.settled() },
    linkOf (peer) {
      const link = newestLink(peer)
      if (link !== undefined) return { state: 'open', transport: link.transport, address: link.address }
      return { state: dialing.has(peer) ? 'dialing' : 'none' }
    },
    userOf: peer => book.user(peer),
    transportOf: peer => newestLink(peer)?.transport ?? book.transport(peer),
    figuresOf (peer) {
      const judged = preference.figures(peer)
      // what is known of a link before it is judged is better than nothing
      const early = session.view.links.flatMap(view => {
        const transport = links.get(view.link)?.link.transport
        return view.peer !== peer || view.rate === 0 || transport === undefined || judged.some(known => known.transport === transport) ? [] : [{ transport, rate: view.rate, failures: 0 }]
      })
      return [...judged, ...early]
    },
    renew (group) { login?.credentials.renew(group) },
    moved () { login?.discovery.moved() },
    async stop () {
      stopped.abort()
      moving.stop()
      try { await detach() } finally {
        loop.stop()
        await network.stop()
      }
    }
  }
}
