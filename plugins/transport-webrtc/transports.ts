/** libp2p's two WebRTC transports, tuned: yamux on each connection, a bound on what strangers may begin, a UDP port of our choice. Runs in browsers, too. */
import { serviceDependencies } from '@libp2p/interface'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import type { Listener, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pFactory } from 'shoal/plugin'
import { yamuxOver } from './muxing.ts'

/** A certificate of this peer, as libp2p takes it. */
export interface Certificate { readonly privateKey: string, readonly pem: string, readonly certhash: string }

/** Handshakes that others may have begun with us at once. One packet from anywhere begins one, and it costs until its time is over. */
const maxPending = 250

type Connection = Parameters<Upgrader['upgradeInbound']>[0]
type Options = Parameters<Upgrader['upgradeInbound']>[1]

interface Tuned extends Upgrader {
  /** Ends the handshakes that others began, and lets none begin until it is opened again. */
  shut (): void
  open (): void
}

/** The node's upgrader, which puts libp2p's muxers on; ours are put in their place. */
const tuned = (upgrader: Upgrader): Tuned => {
  const pending = new Set<AbortController>()
  let isOpen = true
  return {
    upgradeInbound: (connection: Connection, options: Options) => upgrader.upgradeInbound(connection, { ...options, muxerFactory: yamuxOver(connection, options.muxerFactory) }),
    upgradeOutbound: (connection: Connection, options: Options) => upgrader.upgradeOutbound(connection, { ...options, muxerFactory: yamuxOver(connection, options.muxerFactory) }),
    /** Called for each handshake before anything is made for it. */
    createInboundAbortSignal (signal) {
      if (!isOpen || pending.size >= maxPending) return Object.assign(AbortSignal.abort(new Error('No handshake now.')), { clear () {} })
      const stop = new AbortController()
      pending.add(stop)
      const made = upgrader.createInboundAbortSignal(AbortSignal.any([signal, stop.signal]))
      const clear = made.clear.bind(made)
      return Object.assign(made, { clear () { pending.delete(stop); clear() } })
    },
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
    shut () {
      isOpen = false
      for (const stop of pending) stop.abort(new Error('Stopping.'))
    },
    open () { isOpen = true }
  }
}

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

/** What a browser has not. */
export interface Listening {
  readonly certificate: Certificate
  /** @returns the address to listen on, of one that may leave the port open */
  claim (address: Multiaddr): Promise<Multiaddr>
  /** Takes a listener that hears no more, to be closed when that is safe. */
  retire (listener: Pick<Listener, 'close'>): void
}

export const direct = (listening: Listening | undefined): Libp2pFactory<Transport> => components => {
  const { given, upgrader } = withTuned(components)
  const make = webRTCDirect({ rtcConfiguration: { iceServers: [] }, ...(listening === undefined ? {} : { certificate: listening.certificate }) })
  const transport = make(given)
  const createListener = transport.createListener.bind(transport)
  transport.dial = (address, options) => {
    const answered = (): void => { options.onProgress?.({ type: 'upgrader:encrypt-outbound-connection', detail: undefined }) }
    return make(told(given, answered)).dial(address, { ...options, upgrader: upgrader() })
  }
  transport.createListener = options => {
    const listener = createListener({ ...options, upgrader: upgrader() })
    if (listening === undefined) return listener
    const listen = listener.listen.bind(listener)
    const close = listener.close.bind(listener)
    let isClosed = false
    listener.addEventListener('close', event => { // before anybody else's
      if (isClosed) event.stopImmediatePropagation()
      isClosed = true
    })
    listener.listen = async address => {
      await listen(await listening.claim(address))
      upgrader().open()
    }
    listener.close = () => {
      upgrader().shut()
      listening.retire({ close })
      listener.dispatchEvent(new Event('close'))
      return Promise.resolve()
    }
    return listener
  }
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
