/** Dials one peer: its addresses one after the other, each with its own patience, until one proves to be that peer. Owns the connections only until it returns them. */
import { UnexpectedPeerError } from '@libp2p/interface'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { PeerId, Transport } from '../contract/index.ts'
import { candidates, dialError, failure } from './dialing.ts'
import type { Failure } from './dialing.ts'

/** How long an address may take to answer at all: two SYNs. A dead one must not keep us from the next. */
const answerMs = 2_000
/** How long one that answered may take to be linked, when there is another one to try, and when not: a hundred handshakes at once are seconds of CPU. */
const handshakeMs = { first: 3_000, last: 10_000 }

export interface DialerOptions {
  readonly node: Pick<Libp2p, 'dial'>
  readonly transports: readonly Transport[]
  readonly self: PeerId
}

export interface Dialed { readonly connection: Connection, readonly stream: Stream }

export interface Dialer {
  /** @throws ShoalError PEER_UNREACHABLE, PEER_REFUSED; the signal's reason when aborted */
  dial (peer: PeerId, addresses: readonly string[], protocol: string, signal: AbortSignal): Promise<Dialed>
}

const isPeerId = (peer: string): boolean => {
  try { return peerIdFromString(peer).toString() === peer } catch { return false } // the type says so
}

const unlessAborted = (wait: Promise<unknown>, signal: AbortSignal): Promise<unknown> => new Promise((resolve, reject) => {
  const stop = (): void => { reject(signal.reason as Error) }
  signal.addEventListener('abort', stop)
  void wait.then(resolve).finally(() => { signal.removeEventListener('abort', stop) })
})

export const createDialer = ({ node, transports, self }: DialerOptions): Dialer => {
  /** One dial per peer at a time: libp2p lets a second one join the first, even when that was aborted just now. */
  const turns = new Map<PeerId, Promise<unknown>>()

  const reach = async (peer: PeerId, address: Multiaddr, protocol: string, linkMs: number, signal: AbortSignal): Promise<Dialed> => {
    const patience = new AbortController()
    const wait = (ms: number, what: string): ReturnType<typeof setTimeout> => setTimeout(() => { patience.abort(new Error(`${what} within ${ms / 1000} s`)) }, ms)
    let timer = wait(answerMs, 'no answer')
    const both = AbortSignal.any([signal, patience.signal])
    try {
      const connection = await node.dial(address.encapsulate(`/p2p/${peer}`), {
        signal: both,
        force: true, // an open connection may be a dead one that nobody noticed yet; and every link has its own
        onProgress ({ type }) {
          if (type !== 'upgrader:encrypt-outbound-connection') return
          clearTimeout(timer)
          timer = wait(linkMs, 'no handshake')
        }
      })
      try {
        // Not every transport compares what was proved with what was dialed (memory does not).
        if (connection.remotePeer.toString() !== peer) throw new UnexpectedPeerError()
        const stream = await connection.newStream(protocol, { signal: both, runOnLimitedConnection: true })
        if (stream.status !== 'open') throw new Error('connection cut')
        return { connection, stream }
      } catch (error) {
        connection.abort(error instanceof Error ? error : new Error(String(error)))
        throw error
      }
    } catch (error) {
      signal.throwIfAborted()
      throw patience.signal.aborted ? patience.signal.reason : error
    } finally {
      clearTimeout(timer)
    }
  }

  const tryAll = async (peer: PeerId, addresses: readonly string[], protocol: string, signal: AbortSignal): Promise<Dialed> => {
    const failures: Failure[] = []
    const tried = candidates(peer, addresses, transports)
    for (const address of tried) {
      try { return await reach(peer, address, protocol, address === tried.at(-1) ? handshakeMs.last : handshakeMs.first, signal) } catch (error) {
        signal.throwIfAborted()
        failures.push(failure(address, error))
      }
    }
    throw dialError(peer, addresses.length, failures, transports)
  }

  return {
    async dial (peer, addresses, protocol, signal) {
      signal.throwIfAborted()
      if (peer === self) throw new ShoalError('PEER_REFUSED', `Cannot dial peer ${peer}: it is this peer itself. Dial another one.`)
      if (!isPeerId(peer)) throw new ShoalError('PEER_UNREACHABLE', `Cannot dial "${peer.slice(0, 80)}": it is no peer id. Dial another one.`)
      const before = turns.get(peer) ?? Promise.resolve()
      const mine = unlessAborted(before, signal).then(() => tryAll(peer, addresses, protocol, signal))
      const done = Promise.allSettled([before, mine])
      turns.set(peer, done)
      void done.then(() => { if (turns.get(peer) === done) turns.delete(peer) })
      return await mine
    }
  }
}
