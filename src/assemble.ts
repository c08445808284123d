/**
 * A peer, assembled from its plugins, in Node and in a browser alike. Owns the order in which parts are made and laid down; what they do is in peer/ and engine/.
 * What Node has and a browser has not is in the surroundings it is given: shoal.ts, browser.ts.
 */
import { checkPlugin, ShoalError } from './contract/index.ts'
import type { Context, DownloadStatus, Files, Integrity, Kind, Kinds, Plugin, PeerStatus, Shoal, State, Transport } from './contract/index.ts'
import type { Limits } from './core/io.ts'
import { createEngine } from './engine/index.ts'
import type { EngineEvent, Recorded } from './engine/index.ts'
import { createNetwork } from './network/index.ts'
import type { NetworkOptions } from './network/index.ts'
import { createLogin } from './peer/account.ts'
import { createBroadcast } from './peer/broadcast.ts'
import { createDownloading } from './peer/downloading.ts'
import { createGroups } from './peer/groups.ts'
import { createHoldings } from './peer/holdings.ts'
import { notLoggedIn } from './peer/house.ts'
import type { Account, House } from './peer/house.ts'
import { listFiles } from './peer/listing.ts'
import { createSharing } from './peer/sharing.ts'
import { createProfile } from './profile/index.ts'
import type { Profile } from './profile/index.ts'
import { version } from './version.ts'

/** What the peer remembers between starts, for choosing the tracker. */
export type PeerMemory = Pick<Profile, 'settings' | 'pins'>

export interface PeerOptions {
  /** Where accounts, groups and catalogs are. A function is given what the peer remembers, such as pins. */
  readonly tracker: Plugin<'tracker'> | ((memory: PeerMemory) => Plugin<'tracker'> | Promise<Plugin<'tracker'>>)
  /** Plugins, in order of preference. Several transports and integrity schemes may be given; of the other kinds, one. */
  readonly use?: readonly Plugin[]
  /** Which transport is dialed first, where a peer has several: in the order of `use`, or what was measured with that peer before; then a link may move, too. @default 'order' */
  readonly prefer?: 'order' | 'measured'
  /** @default all interfaces, and the port of the last time, or a free one */
  readonly listen?: { readonly host?: string, readonly port?: number }
  /** What others should dial, as HOST:PORT or multiaddr. @default the addresses it listens on */
  readonly announce?: readonly string[]
  /** Relays to keep a place at, beside those that the tracker tells of: multiaddrs that end with `/p2p/ID`. @default none */
  readonly relays?: readonly string[]
  /** Bytes per second. @default no limits */
  readonly limits?: Limits
  /** 32 bits; all choices of the session come from it. @default random */
  readonly seed?: number
  /** Log lines. Never a secret. @default nowhere */
  readonly log?: (line: string) => void
  /** Sees every input and effect of the session; must copy the buffers it keeps. For replaying. */
  readonly record?: (entry: Recorded) => void
}

const rememberedPort = 'listen-port'

/** What a peer finds where it runs. */
export interface Surroundings {
  /** The plugins of a kind that was not chosen. */
  readonly preset: <K extends Kind>(kind: K) => Promise<readonly Plugin<K>[]>
  /** Folder of a plugin's own files. */
  readonly folder?: (plugin: Plugin) => Promise<string | undefined>
  /** What paths name, unless the storage says it. */
  readonly files?: Files
  readonly lookup?: NonNullable<NetworkOptions['lookup']>
}

/** @throws ShoalError PLUGIN_SHAPE, PLUGIN_VERSION, PORT_IN_USE, ADDRESS_UNAVAILABLE, STATE_FAILED, and what a plugin throws */
export const assembleShoal = async (options: PeerOptions, surroundings: Surroundings): Promise<Shoal> => {
  const log = options.log ?? (() => undefined)
  const chosen = options.use ?? []
  for (const plugin of chosen) checkPlugin(plugin)
  /** Laid down in reverse. */
  const made: { stop (): Promise<void> }[] = []
  /** All of it, also when a part fails to stop: that is told at the end. */
  const layDown = async (): Promise<void> => {
    const failures: unknown[] = []
    for (const part of made.splice(0).reverse()) await part.stop().catch((error: unknown) => { failures.push(error) })
    if (failures.length > 0) throw failures[0]
  }

  const make = async <K extends Kind>(plugin: Plugin<K>, also: Pick<Context, 'reach' | 'stun'> = {}): Promise<Kinds[K]> => {
    checkPlugin(plugin)
    try {
      const folder = await surroundings.folder?.(plugin)
      return await plugin.create({ log: line => { log(`${plugin.kind}-${plugin.name}: ${line}`) }, ...(folder === undefined ? {} : { folder }), ...also })
    } catch (cause) {
      if (ShoalError.is(cause)) throw cause
      throw new ShoalError('PLUGIN_FAILED', `The ${plugin.kind} plugin ${plugin.name} failed to start: ${cause instanceof Error ? cause.message : String(cause)}. See its options.`, { cause })
    }
  }
  const ofKind = <K extends Kind>(kind: K): readonly Plugin<K>[] => chosen.filter((plugin): plugin is Plugin<K> => plugin.kind === kind)
  const all = async <K extends Kind>(kind: K, also: Pick<Context, 'stun'> = {}): Promise<readonly Kinds[K][]> => {
    const plugins = ofKind(kind)
    return Promise.all((plugins.length > 0 ? plugins : await surroundings.preset(kind)).map(plugin => make(plugin, also)))
  }
  const one = async <K extends Kind>(kind: K): Promise<Kinds[K]> => {
    const [first, ...more] = await all(kind)
    if (first === undefined || more.length > 0) throw new ShoalError('BAD_OPTION', `A peer takes one ${kind} plugin, not ${more.length + 1}. Leave out the others.`)
    return first
  }

  /** As the tracker told at the last login. */
  let stun: readonly string[] = []

  try {
    const state: State = await one('state')
    made.push(state)
    const profile = await createProfile(state, { log })
    const device = await profile.deviceKey()
    const integrities: readonly Integrity[] = await all('integrity')
    for (const integrity of integrities) made.push({ stop: async () => { await integrity.stop?.() } })
    const storage = await one('storage')
    const files = storage.files ?? surroundings.files
    if (files === undefined) throw new ShoalError('BAD_OPTION', 'The storage has no files of its own, and there is no file system here. Choose another storage.')
    const selector = await one('selector')
    const admission = await one('admission')
    const transports: readonly Transport[] = await all('transport', { stun: () => stun })
    const trackerPlugin = typeof options.tracker === 'function' ? await options.tracker(profile) : options.tracker
    const host = options.listen?.host ?? '0.0.0.0'
    const open = (port: number): ReturnType<typeof createNetwork> =>
      createNetwork({
        key: device.libp2p, transports, listen: { host, port }, ...(surroundings.lookup === undefined ? {} : { lookup: surroundings.lookup }),
        ...(options.announce === undefined ? {} : { announce: options.announce }), log
      })
    const last = Number(await profile.settings.get(rememberedPort) ?? 0)
    const network = options.listen?.port !== undefined
      ? await open(options.listen.port)
      : await open(last).catch((error: unknown) => { if (ShoalError.is(error, 'PORT_IN_USE') && last !== 0) return open(0); throw error })
    made.push(network)
    if (network.port !== undefined && network.port !== last) await profile.settings.set(rememberedPort, String(network.port))
    // after the network, which it may be reached over, and laid down before it
    const tracker = await make(trackerPlugin, { reach: (address, protocol, signal) => network.reach(address, protocol, signal) })
    made.push(tracker)

    const events = createBroadcast()
    let heard = true
    const onEngine = (event: EngineEvent): void => {
      downloading.handle(event)
      switch (event.type) {
        case 'unreadable':
          if (ShoalError.is(event.error)) holdings.unreadable(event.content, event.error)
          else log(`A shared file could not be read: ${String(event.error)}`)
          return
        case 'misselected': log(`The selector named piece ${event.piece} of ${event.content}, which is no candidate. It is passed over.`); return
        case 'tracker':
          if (event.reachable !== heard) events.send({ type: 'tracker', change: event.reachable ? 'back' : 'lost', ...(event.reachable ? {} : { detail: event.error instanceof Error ? event.error.message : String(event.error) }) })
          heard = event.reachable
          return
        case 'expired': events.send({ type: 'warning', detail: `${event.error.message} Sharing goes on with who is linked; type \`logout\` and \`login\` again.` }); return
        case 'link': {
          const user = engine.userOf(event.peer)
          events.send({ ...event, ...(user === undefined ? {} : { user }) })
          return
        }
        case 'blamed': events.send({ type: 'blame', peer: event.peer, detail: event.why }); return
        case 'removal': void login.account?.membership.learn(event.entry).catch((error: unknown) => { log(`A removal told by a peer is not believed: ${String(error)}`) }); return
        default:
      }
    }
    const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
    const engine = createEngine({
      network, selector, seed, prefer: options.prefer ?? 'order', agent: `shoal/${version}`, log, event: onEngine,
      ...(options.limits === undefined ? {} : { limits: options.limits }), ...(options.record === undefined ? {} : { record: options.record })
    })
    made[made.indexOf(network)] = engine // which stops the network, too
    const holdings = createHoldings(engine)
    const house: House = {
      profile, holdings, engine, storage, files, admission, events, log,
      integrities: new Map(integrities.map(integrity => [integrity.scheme, integrity])),
      account () {
        if (login.account === undefined) throw notLoggedIn()
        return login.account
      }
    }
    const sharing = createSharing(house)
    const downloading = createDownloading(house)
    const groups = createGroups(house)
    const login = createLogin({ house, tracker, device, network, relays: options.relays ?? [], began: session => { stun = session.stun ?? [] }, parts: () => ({ sharing, downloading, groups }) })
    made.push(login)

    const listPeers = async ({ session }: Account, signal: AbortSignal | undefined): Promise<readonly PeerStatus[]> =>
      (await session.peers(signal)).map(peer => {
        const link = engine.linkOf(peer.peer)
        const measured = engine.figuresOf(peer.peer).map(({ rate, ...others }) => ({ ...others, ...(rate === undefined ? {} : { rate }) }))
        return { ...peer, link: link.state, ...(link.state === 'open' ? { transport: link.transport, address: link.address } : {}), ...(measured.length > 0 ? { measured } : {}) }
      })
    let stopping: Promise<void> | undefined

    return {
      peer: device.peer,
      get addresses () { return network.addresses() },
      transports: network.transports,
      tracker: tracker.where,
      get user () { return login.account?.user },
      createUser: (user, password, { signal } = {}) => tracker.register(user, password, signal),
      login: (user, password, { signal } = {}) => login.login(user, password, signal),
      logout: ({ signal } = {}) => login.logout(signal),
      createGroup: (group, { signal, admission: policy = 'owner' } = {}) => groups.create(group, policy, signal),
      listGroups: ({ signal } = {}) => groups.list(signal),
      joinGroup: (group, { signal } = {}) => groups.join(group, signal),
      async leaveGroup (group, { signal } = {}) {
        const { id, ...outcome } = await groups.leave(group, signal)
        await sharing.forget(id)
        await downloading.forget(id, 'left')
        return outcome
      },
      listRequests: (group, { signal } = {}) => groups.requests(group, signal),
      acceptRequest: (group, user, { signal } = {}) => groups.accept(group, user, signal),
      rejectRequest: (group, user, { signal } = {}) => groups.reject(group, user, signal),
      removeMember: (group, user, { signal } = {}) => groups.remove(group, user, signal),
      setAdmission: (group, policy, { signal } = {}) => groups.setAdmission(group, policy, signal),
      share: (path, group, shareOptions = {}) => sharing.share(path, group, shareOptions),
      stopShare: (group, file, { signal } = {}) => sharing.stopShare(group, file, signal),
      shares: () => sharing.list(),
      listFiles: (group, { signal } = {}) => listFiles(house.account(), group, signal),
      download: (group, file, destination, downloadOptions = {}) => downloading.download(group, file, destination, downloadOptions),
      cancelDownload: (group, file, { signal } = {}) => downloading.cancel(group, file, signal),
      downloads: (): readonly DownloadStatus[] => downloading.statuses(),
      listPeers: ({ signal } = {}) => listPeers(house.account(), signal),
      events: ({ signal } = {}) => events.subscribe(signal),
      stop () {
        stopping ??= layDown().finally(() => { events.close() })
        return stopping
      }
    }
  } catch (error) {
    await layDown().catch((cause: unknown) => { log(`Not everything could be laid down: ${String(cause)}`) })
    throw error
  }
}
