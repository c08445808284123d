/** Which of a peer's addresses are dialed, in which order, and what is said when none worked. Pure: the dialing itself is in dialer.ts. */
import { isLoopback } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { relayed, ShoalError } from '../contract/index.ts'
import type { DialOptions, PeerId, Transport } from '../contract/index.ts'
import { circuitOf, parseMultiaddr } from './addresses.ts'

/** Addresses come from strangers: of more, or longer ones, nothing is looked at. */
const maxGiven = 64
const maxAddressLength = 512
/** Tried of each transport: several interfaces, both families. */
const maxOfTransport = 8
/** Of those that lead through relays: they come last, and may be the only ones that work. */
const maxRelayed = 4

/** What was tried, and why it did not work. `refused`: somebody answered, but not that peer, or it does not speak our protocol. */
export interface Failure { readonly address: string, readonly why: string, readonly refused: boolean }

/** The peer id at the end of an address is cut off when it is the one we want; with another one, the address is not of this peer. */
const bare = (address: Multiaddr, peer: PeerId): Multiaddr | undefined => {
  const last = address.getComponents().at(-1)
  if (last?.name !== 'p2p') return address
  return last.value === peer ? parseMultiaddr(address.toString().slice(0, -`/p2p/${peer}`.length)) : undefined
}

/** What is dialed in turn, because it is of one transport. */
export interface Lane { readonly transport: string, readonly addresses: readonly Multiaddr[] }

/** How one dial differs from the others. */
export type Choice = Pick<DialOptions, 'order' | 'only' | 'direct'>

/**
 * The addresses worth dialing, by transport: in our order of transports, and for each as the peer gave them, loopback last; then those through relays, plain
 * ones first, because they answer at once. What cannot be read, or is of no transport of ours, is left out; so is `/dnsaddr`, which would have a stranger's
 * records looked up, and more of them behind; so is what leads through a relay that we have no place at.
 */
export const lanesOf = (peer: PeerId, addresses: readonly string[], transports: readonly Transport[], { order = [], only, direct = false }: Choice = {}): Lane[] => {
  const place = (name: string): number => order.includes(name) ? order.indexOf(name) : order.length
  const carriers = transports.filter(({ name }) => (only?.includes(name) ?? true) && !(direct && name === relayed)).sort((a, b) => place(a.name) - place(b.name))
  const found = new Map<string, { readonly address: Multiaddr, readonly lane: number, readonly isLoopback: boolean }>()
  for (const text of addresses.slice(0, maxGiven)) {
    const whole = text.length > maxAddressLength ? undefined : parseMultiaddr(text)
    const address = whole === undefined ? undefined : bare(whole, peer)
    if (address === undefined || address.getComponents().some(({ name }) => name === 'dnsaddr')) continue
    const carrier = carriers.findIndex(each => each.matches(address))
    if (carrier === -1 || found.has(address.toString())) continue
    const circuit = circuitOf(address)
    if (circuit !== undefined && !transports.some(each => each.matches(circuit))) continue
    const after = circuit === undefined ? 0 : circuit.equals(address) ? carriers.length : 2 * carriers.length
    found.set(address.toString(), { address, lane: after + carrier, isLoopback: isLoopback(address) })
  }
  const inLane = (lane: number): readonly Multiaddr[] => {
    const all = [...found.values()].filter(each => each.lane === lane).sort((a, b) => Number(a.isLoopback) - Number(b.isLoopback))
    return all.slice(0, lane < carriers.length ? maxOfTransport : maxRelayed).map(({ address }) => address)
  }
  return Array.from({ length: 3 * carriers.length }, (_, lane) => ({ transport: carriers[lane % carriers.length]?.name ?? '', addresses: inLane(lane) }))
    .filter(({ addresses: tried }) => tried.length > 0)
}

// encrypters and libp2p itself keep only the text of these
const otherPeer = /unexpected peer|does not match expected|dial self/i

const known: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'connection refused'],
  [/ECONNRESET|UnexpectedEOF|unexpected end/i, 'connection cut'],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, 'no route'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host'],
  [/ETIMEDOUT/, 'no answer']
]

export const failure = (address: Multiaddr, error: unknown): Failure => {
  const name = error instanceof Error ? error.name : ''
  const text = (error instanceof Error && error.message !== '' ? `${name === 'Error' ? '' : `${name}: `}${error.message}` : String(error)).replace(/\p{Cc}+/gu, ' ').slice(0, 200)
  const told = (why: string, refused: boolean): Failure => ({ address: address.toString(), why, refused })
  if (otherPeer.test(text)) return told('another peer answered', true)
  if (name === 'UnsupportedProtocolError') return told('it does not speak this protocol', true)
  return told(known.find(([pattern]) => pattern.test(text))?.[1] ?? text, false)
}

/** @returns PEER_REFUSED when somebody else answered at every address, else PEER_UNREACHABLE */
export const dialError = (peer: PeerId, given: number, failures: readonly Failure[], transports: readonly Transport[]): ShoalError => {
  const names = transports.map(({ name }) => name).join(', ')
  if (failures.length === 0) {
    const why = given === 0 ? 'no address of it is known' : `its ${given === 1 ? 'address is' : `${given} addresses are`} for none of ${names}`
    return new ShoalError('PEER_UNREACHABLE', `Cannot dial peer ${peer}: ${why}. Use a transport that it has, too.`)
  }
  const list = failures.map(({ address, why }) => `${address} (${why})`).join(', ')
  if (failures.every(({ refused }) => refused)) return new ShoalError('PEER_REFUSED', `Cannot link to peer ${peer}: ${list}. Others are used; update the older side.`)
  return new ShoalError('PEER_UNREACHABLE', `Cannot reach peer ${peer}: ${list}. It is tried again by itself; check firewalls and --announce.`)
}
