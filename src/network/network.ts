/**
 * The peers' network: one libp2p node made of the chosen transports, and the links over it. Owns the node, its connections and their limits. A link is one
 * stream on a connection of its own; what is said over it is the engine's.
 */
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { createLibp2p } from 'libp2p'
import type { Connection, PrivateKey, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { Libp2pParts, Link, Network, PeerId, Transport } from '../contract/index.ts'
import { parseMultiaddr } from './addresses.ts'
import type { HostPort } from './addresses.ts'
import { assemble } from './assemble.ts'
import { createDialer } from './dialer.ts'
import { lanesOf } from './dialing.ts'
import { createLink } from './link.ts'
import type { LinkEnd } from './link.ts'
import { announced, dialable, listenAt, startError } from './listening.ts'
import type { Lookup } from './listening.ts'
import { inside, openAll, sharedPort } from './opening.ts'
import { createPulse } from './pulse.ts'
import { createRelaying } from './relaying.ts'
import type { Relaying } from './relaying.ts'

export const exchangeProtocol = '/shoal/exchange/1'

export interface NetworkOptions {
  /** The device's key, or its raw secret (Ed25519: 64 bytes). */
  readonly key: PrivateKey | Uint8Array
  /** In order of preference. */
  readonly transports: readonly Transport[]
  /** Where to listen; port 0 for a free one. Undefined: dial only. */
  readonly listen: HostPort | undefined
  /** Finds the address of a host that is given by name. @default none: names are refused */
  readonly lookup?: Lookup
  /** What others shall dial instead of the addresses that are listened on: HOST:PORT or multiaddrs. @default none */
  readonly announce?: readonly string[] | undefined
  /** Connections that may be open at a time; each costs about 0.2 MiB. @default 1,000 */
  readonly maxConnections?: number
  /** What a service of this node brings beside the transports: a relay's. @default none */
  readonly parts?: Pick<Libp2pParts, 'services' | 'connectionGater'>
  log (line: string): void
}

/**
 * libp2p's own limits are made for strangers from everywhere: 5 connections a second from one address, 10 in handshake. Here a hundred peers may be behind
 * one router. Still bounded: a connection costs about 0.2 MiB, a handshake about 20 ms of CPU.
 */
const limits = { maxConnections: 1_000, inboundConnectionThreshold: 500, maxIncomingPendingConnections: 250, maxParallelDials: 250, inboundUpgradeTimeout: 10_000 }

/** A connection that was opened to us and carries no link by then is of no use. */
const linklessMs = 10_000
/** How long the side that did not close a link leaves its connection to the side that did. */
const lingerMs = 5_000
/** How long a connection may take to close after its link, and a link at `stop`. */
const closeMs = 1_000
/** Links that were opened to us before anybody accepts them. */
const maxWaiting = 64

const cut = (address: Multiaddr): string => address.toString().replace(/\/p2p\/[^/]+$/, '')

export type RelayedNetwork = Network & Pick<Relaying, 'reserve'>

/** @throws ShoalError BAD_OPTION, PLUGIN_SHAPE, PORT_IN_USE, ADDRESS_UNAVAILABLE */
export const createNetwork = async (options: NetworkOptions): Promise<RelayedNetwork> => {
  const { key, transports, listen, announce } = options
  const relaying = createRelaying(transports)
  const carriers = [...transports, relaying.transport]
  const privateKey = key instanceof Uint8Array ? privateKeyFromRaw(key) : key
  const peer = peerIdFromPrivateKey(privateKey).toString() as PeerId
  const { services, connectionGater, ...parts } = assemble(transports.length === 0 ? [] : carriers)
  const at = listen === undefined ? undefined : await listenAt(listen, options.lookup)
  if (announce !== undefined) announced(announce, transports, []) // before anything is opened: it may be wrong
  const node = await createLibp2p({
    privateKey, ...parts, start: false,
    connectionGater: { denyDialMultiaddr: () => false, ...connectionGater, ...options.parts?.connectionGater }, // in a browser libp2p would dial no private address
    services: { ...services, ...options.parts?.services, inside },
    connectionManager: { ...limits, ...options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }, dialTimeout: 60_000, addressDialTimeout: 60_000 }, // the dialer has its own, finer ones
    connectionMonitor: { enabled: false } // see pulse.ts
  })

  const pulse = createPulse()
  const stopped = new AbortController()
  const open = new Set<Link>()
  const releasing = new Set<Promise<void>>()
  const linked = new WeakSet<Connection>()
  const waiting: Link[] = []
  let handler: ((link: Link) => void) | undefined
  let stopping: Promise<void> | undefined

  const transportOf = (address: Multiaddr): string => carriers.find(transport => transport.matches(address))?.name ?? 'unknown'

  const release = async (connection: Connection, { over }: LinkEnd): Promise<void> => {
    const how = await over
    void node.peerStore.delete(connection.remotePeer) // it would keep every identity that ever linked
    if (how === 'failed') { connection.abort(new Error('Its link failed.')); return }
    if (how === 'answered' && connection.status === 'open') { // our last bytes may still be under way: the closer has them all when it closes
      await new Promise<void>(resolve => {
        const end = (): void => {
          clearTimeout(timer)
          stopped.signal.removeEventListener('abort', end)
          resolve()
        }
        const timer = setTimeout(end, lingerMs)
        stopped.signal.addEventListener('abort', end)
        connection.addEventListener('close', end, { once: true })
      })
    }
    try {
      await connection.close({ signal: AbortSignal.timeout(closeMs) })
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const adopt = (connection: Connection, stream: Stream, inbound: boolean): Link => {
    linked.add(connection)
    const end = createLink({ stream, inbound, peer: connection.remotePeer.toString() as PeerId, transport: transportOf(connection.remoteAddr), address: cut(connection.remoteAddr) })
    const { link, over } = end
    open.add(link)
    const unwatch = pulse.watch({
      connection,
      moved: () => end.movedBytes,
      dead: ms => { link.abort(new ShoalError('LINK_CLOSED', `The link to ${link.peer} over ${link.transport} is dead: no sign of life for ${Math.round(ms / 1000)} s. It is dialed again by itself.`)) }
    })
    void over.then(() => { open.delete(link); unwatch() })
    const released = release(connection, end)
    releasing.add(released)
    void released.then(() => { releasing.delete(released) })
    return link
  }

  const hand = (link: Link): void => {
    if (handler === undefined && waiting.length < maxWaiting) { waiting.push(link); return }
    try {
      if (handler === undefined) throw new ShoalError('LINK_CLOSED', `Nobody accepts the link of ${link.peer}.`)
      handler(link)
    } catch (error) {
      options.log(`A link of ${link.peer} was dropped: ${String(error)}`)
      link.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  await node.handle(exchangeProtocol, (stream, connection) => {
    if (stopping !== undefined) { stream.abort(new Error('Stopping.')); return }
    hand(adopt(connection, stream, true))
  }, { maxInboundStreams: 1, maxOutboundStreams: 1, runOnLimitedConnection: true })

  node.addEventListener('connection:open', ({ detail: connection }) => {
    if (connection.direction !== 'inbound') return
    const timer = setTimeout(() => { if (!linked.has(connection)) connection.abort(new Error('It carries no link.')) }, linklessMs)
    connection.addEventListener('close', () => { clearTimeout(timer) })
  })

  const { inside: socket } = node.services
  const halt = async (): Promise<void> => {
    pulse.stop()
    await node.stop()
    socket.rest()
  }
  try {
    await node.start()
    if (at !== undefined) await openAll(socket, transports, at)
    if (at !== undefined && at.port !== 0 && sharedPort(socket.list(), transports) === undefined) options.log(`Nothing listens on port ${at.port}: ${transports.map(({ name }) => name).join(', ')} has its own.`)
  } catch (error) {
    await halt()
    throw startError(error, listen)
  }
  const told = announce === undefined || announce.length === 0 ? undefined : announced(announce, transports, socket.list())
  const dialer = createDialer({ connect: socket.connect, transports: carriers, self: peer, lookup: options.lookup })

  return {
    peer,
    transports: transports.map(({ name }) => name),
    get port () { return sharedPort(socket.list(), transports) },
    addresses: () => [...told ?? dialable(socket.list()), ...relaying.addresses()],
    reserve: relaying.reserve,
    async dial (to, addresses, signal, how) {
      const { connection, stream } = await dialer.dial(to, addresses, exchangeProtocol, AbortSignal.any([signal, stopped.signal]), how)
      return adopt(connection, stream, false)
    },
    carriers: (to, addresses) => [...new Set(lanesOf(to, addresses, carriers).map(({ transport }) => transport))],
    async reach (address, protocol, signal) {
      const to = parseMultiaddr(address)?.getComponents().at(-1)
      if (to?.name !== 'p2p' || to.value === undefined) throw new ShoalError('PEER_UNREACHABLE', `Cannot dial "${address.slice(0, 300)}": it does not end with /p2p/ and a peer id. Give the whole address.`)
      const { connection, stream } = await dialer.dial(to.value as PeerId, [address], protocol, AbortSignal.any([signal, stopped.signal]))
      return adopt(connection, stream, false)
    },
    serve: (protocol, serving) => node.handle(protocol, (stream, connection) => {
      if (stopping === undefined) serving(adopt(connection, stream, true))
      else stream.abort(new Error('Stopping.'))
    }, { maxInboundStreams: 1, maxOutboundStreams: 1, runOnLimitedConnection: true }),
    accept (given) {
      handler = given
      for (const link of waiting.splice(0)) hand(link)
    },
    stop: () => stopping ??= (async () => {
      stopped.abort(new ShoalError('STOPPED', 'The peer is stopping. Start it again.'))
      await Promise.all([...open].map(link => link.close(AbortSignal.timeout(closeMs))))
      await Promise.all(releasing) // libp2p waits half a second for a connection that closes while it stops
      await halt()
    })()
  }
}
