/**
 * The engine: one session, one network, and the ports that the session's effects are performed on. Owns the lifetime of a login; links are in links.ts,
 * what users ask for is peer/'s, what the session decides is core/'s.
 */
import { assert, pieceCount, ShoalError } from '../contract/index.ts'
import type { ContentId, GroupId, Integrity, Manifest, Membership, Network, PeerId, Selector, Sighting, Store, TrackerSession, UserName } from '../contract/index.ts'
import type { Effect, Limits, SessionEvent, SessionView } from '../core/io.ts'
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
import { createLinks } from './links.ts'
import type { LinkEvent } from './links.ts'
import { createLoop } from './loop.ts'
import type { Recorded } from './loop.ts'
import type { Figures } from './preference.ts'

export type EngineEvent = SessionEvent
  | { readonly type: 'unreadable', readonly content: ContentId, readonly error: unknown }
  | { readonly type: 'tracker', readonly reachable: boolean, readonly error?: unknown }
  | { readonly type: 'expired', readonly error: ShoalError }
  | LinkEvent

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

/** More sources than this are not asked of the tracker. */
const enoughSources = 20

export const createEngine = (options: EngineOptions): Engine => {
  const { network, log, event } = options
  const clock = options.clock ?? systemClock
  const stopped = new AbortController()
  const book = createAddressBook()
  const blocks = createBlockPool()
  const groupsOf = new Map<ContentId, readonly GroupId[]>()
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

  const links = createLinks({
    network, book, clock, blocks, agent: options.agent, view: session.view, isMeasured: options.prefer === 'measured', stopped: stopped.signal, input: loop.input, event, log
  })

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
      case 'dial': void links.dial(effect.peer); return
      case 'unlink': links.get(effect.link)?.end(effect.why); return
      case 'admit': void admit(effect); return
      case 'send': {
        const unsentBytes = links.get(effect.link)?.say(effect.message) ?? 0
        // of a block also that nothing of it waits: the next one need not
        if (unsentBytes > 0 || effect.message.type === 'block') loop.input({ type: 'room', link: effect.link, unsentBytes })
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
    for (const conversation of links.all()) conversation.end('Logged out.')
    book.clear()
    await ending?.discovery.stop()
  }

  network.accept(link => { links.meet(link) })

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
      const link = links.to(peer)
      if (link !== undefined) return { state: 'open', transport: link.transport, address: link.address }
      return { state: links.isDialing(peer) ? 'dialing' : 'none' }
    },
    userOf: peer => book.user(peer),
    transportOf: peer => links.to(peer)?.transport ?? book.transport(peer),
    figuresOf: peer => links.figures(peer),
    renew (group) { login?.credentials.renew(group) },
    moved () { login?.discovery.moved() },
    async stop () {
      stopped.abort()
      links.stop()
      try { await detach() } finally {
        loop.stop()
        await network.stop()
      }
    }
  }
}
