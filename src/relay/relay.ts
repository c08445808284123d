/**
 * A relay: peers that cannot reach each other exchange through it, if a credential of the realm says that both are members of one group. Owns the admission at
 * its door and the limits; the circuits are libp2p's. It hands on what the peers have encrypted for each other, and reads none of it.
 */
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { ShoalError } from '../contract/index.ts'
import type { Libp2pParts, Link, Network, PeerId, Realm, Transport } from '../contract/index.ts'
import { encodeRelayAnswer, relayFrame, relayFrames, relayProtocol } from '../core/relay.ts'
import { generateKey } from '../keys/ed25519.ts'
import { createNetwork } from '../network/index.ts'
import type { NetworkOptions } from '../network/index.ts'
import { createAdmission } from './admission.ts'
import { createFlow } from './flow.ts'
import type { FlowLimits } from './flow.ts'

/** Who has shown no credential that holds by then is cut off; who was admitted, so long after its last one has ended. */
const admitMs = 10_000
const lookMs = 30_000
/**
 * libp2p keeps a place for so long after its peer has gone. The places in use are counted at the door, by links; those of who has gone must not take the room of
 * others. libp2p's clients renew theirs 5 minutes before its time.
 */
const placeMs = 12 * 60_000
/** Credentials of one peer that are being judged. */
const maxPending = 64
/** Of a peer that is not admitted, so many are judged on one link: each costs the check of a signature. */
const maxRefused = 64

export interface RelayOptions extends FlowLimits {
  /** Whose members may use it. */
  readonly realm: Realm | Promise<Realm>
  /** Peers that have a place at a time. @default 256 */
  readonly peers?: number | undefined
  /** Pairs of peers that exchange at a time. @default 512 */
  readonly circuits?: number | undefined
  /** Unix ms. @default the system's clock */
  readonly now?: () => number
  log (line: string): void
}

/** The relay as a part of a node that somebody else makes. */
export interface RelayService {
  /** For `createNetwork`. */
  readonly parts: Pick<Libp2pParts, 'services' | 'connectionGater'>
  /** Opens the door, once the node runs. */
  serve (network: Pick<Network, 'serve'>): Promise<void>
  readonly status: { readonly peers: number, readonly circuits: number, readonly bytes: number }
  stop (): void
}

export const createRelayService = (options: RelayOptions): RelayService => {
  const { realm, peers: maxPeers = 256, circuits: maxCircuits = 512, now = Date.now, log } = options
  const admission = createAdmission(realm, maxPeers, now)
  const flow = createFlow(options)
  const links = new Map<PeerId, Link>()
  let stopped = false

  const receive = (link: Link): void => {
    if (stopped) { link.abort(new Error('Stopping.')); return }
    const { peer } = link
    const frames = relayFrames()
    let pending = 0
    let refused = 0
    let isOver = false
    let judging: Promise<unknown> = Promise.resolve()
    const look = (): void => {
      if (!admission.admits(peer)) link.abort(new ShoalError('PEER_REFUSED', `Peer ${peer} has shown no credential that holds.`))
    }
    let timer = setTimeout(function again () { look(); timer = setTimeout(again, lookMs) }, admitMs)
    const judge = async (bytes: Uint8Array): Promise<void> => {
      const reason = await admission.show(peer, bytes)
      pending--
      if (isOver) {
        // it ended while its credential was judged: a place without a link would be held until that credential ends
        if (!links.has(peer)) admission.forget(peer)
        return
      }
      if (reason === undefined && links.get(peer) !== link) {
        const older = links.get(peer)
        links.set(peer, link) // first: the end of the older one must not forget the peer
        older?.abort(new Error('There is another link of this peer.'))
        log(`${peer} is admitted, from ${link.address}`)
      } else if (reason !== undefined) log(`${peer} is refused, from ${link.address}: ${reason}`)
      link.send([relayFrame(encodeRelayAnswer({ admitted: reason === undefined, reason: reason ?? '' }))])
      if (reason !== undefined && !admission.admits(peer) && ++refused >= maxRefused) throw new ShoalError('PEER_REFUSED', `Peer ${peer} has shown ${refused} credentials, of which none holds.`)
    }
    link.listen({
      data (chunk) {
        try {
          for (const body of frames(chunk)) {
            if (++pending > maxPending) throw new Error('Too many credentials at once.')
            judging = judging.then(() => judge(body)).catch((error: unknown) => { link.abort(error instanceof Error ? error : new Error(String(error))) })
          }
        } catch (error) { link.abort(error instanceof Error ? error : new Error(String(error))) }
      },
      drained () {},
      closed () {
        isOver = true
        clearTimeout(timer)
        if (links.get(peer) !== link) return
        links.delete(peer)
        admission.forget(peer)
        log(`${peer} is gone`)
      }
    })
  }

  return {
    parts: {
      services: { relay: components => circuitRelayServer({ reservations: { maxReservations: Infinity, reservationTtl: placeMs, applyDefaultLimit: false }, maxInboundHopStreams: 64 })(flow.watch(components)) },
      connectionGater: {
        denyInboundRelayReservation: source => !admission.admits(source.toString() as PeerId),
        denyOutboundRelayedConnection: (source, destination) =>
          flow.circuits >= maxCircuits || !admission.together(source.toString() as PeerId, destination.toString() as PeerId)
      }
    },
    serve: network => network.serve(relayProtocol, receive),
    get status () { return { peers: links.size, circuits: flow.circuits, bytes: flow.bytes } },
    stop () {
      stopped = true
      for (const link of links.values()) void link.close()
    }
  }
}

export interface Relay {
  /** Each ends with `/p2p/ID`. */
  addresses (): readonly string[]
  readonly status: RelayService['status']
  stop (): Promise<void>
}

export interface OwnNode extends Pick<NetworkOptions, 'key' | 'listen' | 'lookup' | 'announce'> { readonly transports: readonly Transport[] }

export interface OwnRelayOptions extends Omit<RelayOptions, 'realm'>, OwnNode {
  /** Whose members may use it: asked once the node runs, so that it may be learned over that. */
  readonly realm: (node: Network) => Promise<Realm> | Realm
}

/** A relay on a node of its own. @throws ShoalError as createNetwork; what `realm` throws */
export const createRelay = async ({ key, listen, lookup, announce, transports, realm, ...options }: OwnRelayOptions): Promise<Relay> => {
  const known = Promise.withResolvers<Realm>()
  const service = createRelayService({ ...options, realm: known.promise })
  const network = await createNetwork({ key, listen, transports, parts: service.parts, log: options.log, ...lookup === undefined ? {} : { lookup }, ...announce === undefined ? {} : { announce } })
  try {
    known.resolve(await realm(network))
    await service.serve(network)
  } catch (error) {
    await network.stop()
    throw error
  }
  return {
    addresses: () => network.addresses().map(address => `${address}/p2p/${network.peer}`),
    get status () { return service.status },
    async stop () { service.stop(); await network.stop() }
  }
}

/** The secret of a new relay's key: its address holds the public one. */
export const newRelayKey = async (): Promise<Uint8Array> => (await generateKey()).secret
