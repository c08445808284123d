/**
 * What a case of the transport suite runs on: networks of the transport under test, stopped after the case. Owns the subject, no case.
 */
import type { Link, Network, Transport } from '../contract/index.ts'
import type { Subject } from './suite.ts'

/** Where a network listens. */
export interface ListenAt { readonly host: string, readonly port: number }

export interface TransportMaker {
  /** The transport, afresh. */
  transport (): Transport
  /** The network of src/network, or another one, of that transport alone, with a new identity. */
  network (transport: Transport, listen: ListenAt | undefined): Promise<Network>
  /** An address at which somebody takes the connection and then says nothing, for ever. */
  readonly silentAddress?: string
  /** How long a case waits for one thing. @default 10,000 */
  readonly deadlineMs?: number
}

/** What a case is run on. */
export interface TransportRig {
  readonly deadlineMs: number
  readonly silentAddress: string | undefined
  readonly transport: Transport
  /** A network of this transport with a new identity, on a free port of this machine unless told otherwise. Stopped after the case. */
  network (listen?: ListenAt): Promise<Network>
  /** Two networks with a link: `near` dialed. */
  pair (): Promise<{ readonly near: Link, readonly far: Link, readonly dialer: Network, readonly listener: Network }>
}

/** Most bytes that may be under way to a reader that stopped: windows, socket buffers, our own queue. */
export const maxUnderWayBytes = 16 * 1024 * 1024

export const transportRig = (maker: TransportMaker): Subject<TransportRig> => {
  const networks: Network[] = []
  const { deadlineMs = 10_000 } = maker
  const network = async (listen: ListenAt = { host: '127.0.0.1', port: 0 }): Promise<Network> => {
    const made = await maker.network(maker.transport(), listen)
    networks.push(made)
    return made
  }
  return {
    subject: {
      deadlineMs,
      silentAddress: maker.silentAddress,
      transport: maker.transport(),
      network,
      async pair () {
        const [dialer, listener] = [await network(), await network()]
        const accepted = new Promise<Link>(resolve => { listener.accept(resolve) })
        const near = await dialer.dial(listener.peer, listener.addresses(), AbortSignal.timeout(deadlineMs))
        return { near, far: await accepted, dialer, listener }
      }
    },
    release: async () => { await Promise.all(networks.map(each => each.stop())) }
  }
}
