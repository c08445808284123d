/** libp2p's two WebRTC transports, tuned, with listeners whose port is of our choice. Runs in browsers, too. */
import { serviceDependencies } from '@libp2p/interface'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import type { Transport, Upgrader } from '@libp2p/interface'
import { unlessRefused } from 'shoal/plugin'
import type { Libp2pFactory } from 'shoal/plugin'
import { Ear } from './sockets.ts'
import type { Listening } from './sockets.ts'
import { tuned } from './tuning.ts'
import type { Tuned } from './tuning.ts'

/** A certificate of this peer, as libp2p takes it. */
export interface Certificate { readonly privateKey: string, readonly pem: string, readonly certhash: string }

/** The parts of the node, with the upgrader tuned: it may not be there yet. */
const withTuned = <T extends { readonly upgrader: Upgrader }>(components: T): { readonly given: T, upgrader (): Tuned } => {
  let made: Tuned | undefined
  const upgrader = (): Tuned => made ??= tuned(components.upgrader)
  return { upgrader, given: new Proxy(components, { get: (target, name): unknown => name === 'upgrader' ? upgrader() : Reflect.get(target, name) }) }
}

/**
 * Tells when somebody answered a dial, before it is known who: libp2p's WebRTC says so to its metrics alone. (Whoever dials waits longer for one that
 * answered than for an address that is dead.)
 */
const told = <T extends object>(components: T, answered: () => void): T => {
  const group = { increment (change: object) { if ('peer_connection' in change) answered() }, reset () {} }
  return new Proxy(components, { get: (target, name): unknown => name === 'metrics' ? { registerCounterGroup: () => group } : Reflect.get(target, name) })
}

export const direct = (listening: Listening | undefined): Libp2pFactory<Transport> => components => {
  const { given, upgrader } = withTuned(components)
  const make = webRTCDirect({ rtcConfiguration: { iceServers: [] }, ...(listening === undefined ? {} : { certificate: listening.certificate }) })
  const transport = make(given)
  transport.dial = (address, options) => {
    const answered = (): void => { options.onProgress?.({ type: 'upgrader:encrypt-outbound-connection', detail: undefined }) }
    return unlessRefused(address, options.signal, signal => make(told(given, answered)).dial(address, { ...options, signal, upgrader: upgrader() }))
  }
  if (listening !== undefined) transport.createListener = () => new Ear({ components: given, upgrader: upgrader() }, listening, make)
  return transport
}

/** Peer to peer through a relay, which the network brings. @param stun HOST:PORT each */
export const relayed = (stun: () => readonly string[]): Libp2pFactory<Transport> => components => {
  const { given, upgrader } = withTuned(components)
  const transport = webRTC({ rtcConfiguration: () => ({ iceServers: stun().map(server => ({ urls: `stun:${server}` })) }) })(given)
  const dial = transport.dial.bind(transport)
  transport.dial = (address, options) => dial(address, { ...options, upgrader: upgrader() })
  Reflect.deleteProperty(transport, serviceDependencies) // without a relay it has nobody to reach, and webrtc-direct works all the same
  return transport
}
