/**
 * Places at relays: where two peers have no route to each other, a relay that both reach hands their bytes on. Owns which relays we have a place at, and what the
 * node needs for it; who is admitted there is said over a link (src/peer/relays.ts), which keeps the connection open that the place depends on.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { serviceCapabilities } from '@libp2p/interface'
import type { PeerId as Libp2pPeerId, Transport as Libp2pTransport } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { Circuit } from '@multiformats/multiaddr-matcher'
import { ShoalError } from '../contract/index.ts'
import type { Transport } from '../contract/index.ts'
import { boundedYamux } from '../plugin/bounded-yamux.ts'
import { parseMultiaddr } from './addresses.ts'

/** Relays that we keep a place at, at most: each is one connection, and two addresses among those that others try. */
const maxPlaces = 4

/** A place at a relay. It is lost with the connection that it was taken over. */
export interface Place {
  readonly holds: boolean
  /** Others are no longer told of it, and nobody is dialed through it. */
  giveUp (): void
}

export interface Relaying {
  /** Goes last among the node's transports, and is no choice of the user's. Over a relay peers encrypt and multiplex anew, so it brings both, for transports that have none. */
  readonly transport: Transport
  /**
   * Takes a place at a relay that we have a link to.
   * @param address ends with `/p2p/ID`
   * @throws ShoalError PEER_UNREACHABLE, PEER_REFUSED
   */
  reserve (address: string): Promise<Place>
  /** What others dial to reach us through the relays that we have a place at. */
  addresses (): readonly string[]
}

/** The part of libp2p's relay transport that holds reservations: taken for as long as the connection lasts, renewed before their time. */
interface Reservations {
  addRelay (relay: Libp2pPeerId, type: 'configured'): Promise<unknown>
  addEventListener (type: 'relay:removed', listener: (event: { readonly detail: { readonly relay: { toString (): string } } }) => void): void
}

const hasReservations = (transport: Libp2pTransport): transport is Libp2pTransport & { readonly reservationStore: Reservations } =>
  'reservationStore' in transport && typeof transport.reservationStore === 'object'

const relayOf = (address: Multiaddr): string | undefined => address.getComponents().findLast(({ name }, i, all) => name === 'p2p' && all[i + 1]?.name === 'p2p-circuit')?.value

/** @param transports the user's: those that can be dialed through a relay, such as WebRTC, are announced so */
export const createRelaying = (transports: readonly Transport[]): Relaying => {
  /** By the relay's peer id. */
  const places = new Map<string, string>()
  let reservations: Reservations | undefined

  const make = circuitRelayTransport({ reservationConcurrency: maxPlaces })
  const transport: Transport = {
    name: 'relay',
    runs: ['node', 'browser'],
    libp2p: () => ({
      transports: [components => {
        const made = make(components)
        if (hasReservations(made)) {
          reservations = made.reservationStore
          reservations.addEventListener('relay:removed', ({ detail }) => { places.delete(detail.relay.toString()) })
        }
        return made
      }],
      connectionEncrypters: [noise()],
      streamMuxers: [boundedYamux(yamux)],
      // libp2p's relay and WebRTC transports want it to be there, and use it only to discover relays, which we do not: who connects is told nothing of us
      services: { identify: () => ({ [serviceCapabilities]: ['@libp2p/identify'] }) }
    }),
    listen: () => [],
    // through others we are not admitted, and would only open a connection to whom a stranger names
    matches: address => Circuit.exactMatch(address) && places.has(relayOf(address) ?? '')
  }

  return {
    transport,
    async reserve (address) {
      const id = parseMultiaddr(`${address}/p2p-circuit`) === undefined ? undefined : address.split('/p2p/').at(-1)
      if (id === undefined || reservations === undefined) throw new ShoalError('PEER_UNREACHABLE', `Cannot use the relay "${address.slice(0, 300)}": that is no address. Give one that ends with /p2p/ and a peer id.`)
      if (places.size >= maxPlaces && !places.has(id)) throw new ShoalError('PEER_REFUSED', `Cannot use the relay ${address}: there are places at ${maxPlaces} others. Leave one out.`)
      try {
        await reservations.addRelay(peerIdFromString(id), 'configured')
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        throw new ShoalError('PEER_REFUSED', `The relay ${address} gives no place: ${why}. It is asked again by itself.`, { cause })
      }
      places.set(id, address)
      return { get holds () { return places.get(id) === address }, giveUp () { if (places.get(id) === address) places.delete(id) } }
    },
    addresses: () => [...places.values()].flatMap(address => [`${address}/p2p-circuit`, `${address}/p2p-circuit/webrtc`]).filter(text => {
      const found = parseMultiaddr(text)
      return found !== undefined && (transport.matches(found) || transports.some(each => each.matches(found)))
    })
  }
}
