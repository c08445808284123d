/**
 * Opens the sockets of a node: the transports that take HOST:PORT all at one port, then those that have ports of their own. Owns the search for a port that is
 * free for all; what is listened on is listening.ts.
 */
import type { Listener } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { Libp2pFactory, Transport } from '../contract/index.ts'
import { hostPortOf } from './addresses.ts'
import type { HostPort } from './addresses.ts'
import type { Connect } from './dialer.ts'
import { listenOn, startError, takesPort } from './listening.ts'

/** A port that the system gives for TCP may be in use for UDP. */
const maxTries = 8

/**
 * What we need of the inside of the node. `list`: libp2p itself shows only the addresses that it believes reachable from outside; which ones those are is
 * better known by who dials. `connect`: its own dial makes one of two dials to the same peer. `rest`: a timer of one second stays behind when it stops, and
 * would keep the process that long.
 */
export interface Inside {
  list (): Multiaddr[]
  connect: Connect
  listen (addresses: Multiaddr[]): Promise<void>
  listeners (): Listener[]
  rest (): void
}

const isStoppable = (value: unknown): value is { stop (): void } => typeof value === 'function' && 'stop' in value && typeof value.stop === 'function'

export const inside: Libp2pFactory<Inside> = ({ transportManager, addressManager }) => ({
  list: () => transportManager.getAddrs(),
  connect: (address, options) => transportManager.dial(address, options),
  listen: addresses => transportManager.listen(addresses),
  listeners: () => transportManager.getListeners(),
  rest () {
    const timer: unknown = Reflect.get(addressManager, '_updatePeerStoreAddresses')
    if (isStoppable(timer)) timer.stop()
  }
})

/** The port of those transports that take HOST:PORT; undefined when there are none, or they do not listen. */
export const sharedPort = (listening: readonly Multiaddr[], transports: readonly Transport[]): number | undefined => {
  const sharing = transports.filter(takesPort)
  return listening.filter(address => sharing.some(transport => transport.matches(address))).map(address => hostPortOf(address)?.port).find(port => port !== undefined)
}

/** @throws ShoalError PORT_IN_USE, ADDRESS_UNAVAILABLE, PLUGIN_SHAPE; then the node must be stopped */
export const openAll = async (node: Inside, transports: readonly Transport[], at: HostPort): Promise<void> => {
  const sharing = transports.filter(takesPort)
  const [first, ...others] = at.port === 0 ? sharing : []
  const open = async (those: readonly Transport[], where: HostPort): Promise<void> => {
    const addresses = those.flatMap(transport => listenOn(transport, where))
    if (addresses.length === 0) return
    try { await node.listen(addresses) } catch (error) { throw startError(error, where) }
  }
  const close = async (): Promise<void> => {
    await Promise.allSettled(node.listeners().map(listener => listener.close()))
  }

  if (first === undefined || others.length === 0) await open(sharing, at)
  else {
    for (let tries = 1; ; tries++) {
      await open([first], at)
      const port = sharedPort(node.list(), [first])
      if (port === undefined) throw new ShoalError('PLUGIN_SHAPE', `The transport "${first.name}" does not tell the port that it listens on. Its listener must.`)
      try { await open(others, { host: at.host, port }); break } catch (error) {
        if (!ShoalError.is(error, 'PORT_IN_USE') || tries === maxTries) throw error
        await close()
      }
    }
  }
  // last: a port of their own need not be free again in this process at once
  await open(transports.filter(transport => !sharing.includes(transport)), at)
}
