/** libp2p's two WebRTC transports, tuned: yamux on each connection, a bound on what strangers may begin, a UDP port of our choice. Runs in browsers, too. */
import { serviceDependencies } from '@libp2p/interface'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import type { ClearableSignal, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pFactory } from 'shoal/plugin'
import { yamuxOver } from './muxing.ts'

/** A certificate of this peer, as libp2p takes it. */
export interface Certificate { readonly privateKey: string, readonly pem: string, readonly certhash: string }

/** Handshakes that others may have begun with us at once. One packet from anywhere begins one, and it costs until its time is over. */
const maxPending = 250

const never = (): ClearableSignal => Object.assign(AbortSignal.abort(new Error('Too many handshakes at once.')), { clear () {} })

const tuned = (upgrader: Upgrader): Upgrader => {
  let pending = 0
  return {
    upgradeInbound: (connection: Parameters<Upgrader['upgradeInbound']>[0], options: Parameters<Upgrader['upgradeInbound']>[1]) =>
      upgrader.upgradeInbound(connection, { ...options, muxerFactory: yamuxOver(connection, options.muxerFactory) }),
    upgradeOutbound: (connection: Parameters<Upgrader['upgradeOutbound']>[0], options: Parameters<Upgrader['upgradeOutbound']>[1]) =>
      upgrader.upgradeOutbound(connection, { ...options, muxerFactory: yamuxOver(connection, options.muxerFactory) }),
    createInboundAbortSignal (signal) {
      if (pending >= maxPending) return never()
      pending++
      const made = upgrader.createInboundAbortSignal(signal)
      const clear = made.clear.bind(made)
      let cleared = false
      made.clear = () => {
        if (!cleared) pending--
        cleared = true
        clear()
      }
      return made
    },
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters()
  }
}

/** @param claim makes the address to listen on of one that may leave the port open */
export const direct = (certificate: Certificate | undefined, claim: (address: Multiaddr) => Promise<Multiaddr>): Libp2pFactory<Transport> => components => {
  const transport = webRTCDirect({ rtcConfiguration: { iceServers: [] }, ...(certificate === undefined ? {} : { certificate }) })(components)
  const dial = transport.dial.bind(transport)
  const createListener = transport.createListener.bind(transport)
  transport.dial = (address, options) => dial(address, { ...options, upgrader: tuned(options.upgrader) })
  transport.createListener = options => {
    const listener = createListener({ ...options, upgrader: tuned(options.upgrader) })
    const listen = listener.listen.bind(listener)
    listener.listen = async address => { await listen(await claim(address)) }
    return listener
  }
  return transport
}

/** Peer to peer through a relay, which the network brings. @param stun HOST:PORT each */
export const relayed = (stun: readonly string[]): Libp2pFactory<Transport> => components => {
  let upgrader: Upgrader | undefined
  const given = new Proxy(components, { get: (target, name): unknown => name === 'upgrader' ? upgrader ??= tuned(target.upgrader) : Reflect.get(target, name) })
  const transport = webRTC({ rtcConfiguration: { iceServers: stun.map(server => ({ urls: `stun:${server}` })) } })(given)
  const dial = transport.dial.bind(transport)
  transport.dial = (address, options) => dial(address, { ...options, upgrader: tuned(options.upgrader) })
  Reflect.deleteProperty(transport, serviceDependencies) // without a relay it has nobody to reach, and webrtc-direct works all the same
  return transport
}
