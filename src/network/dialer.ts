/** Dials one peer: its addresses as race.ts has them, each with its own patience, until one proves to be that peer. Owns the connections only until it returns them. */
import { UnexpectedPeerError } from '@libp2p/interface'
import type { AbortOptions, Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { DialOptions, PeerId, Transport } from '../contract/index.ts'
import { atHostPort, hostKind, hostPortOf } from './addresses.ts'
import { countdown } from './countdown.ts'
import type { Countdown } from './countdown.ts'
import { dialError, failure, lanesOf } from './dialing.ts'
import type { Failure } from './dialing.ts'
import type { Lookup } from './listening.ts'
import { race } from './race.ts'
import { createTurnstile } from './turnstile.ts'

/** How long an address may take to answer at all: three SYNs. Others are tried meanwhile. */
const answerMs = 5_000
/** How long one that answered may take to be linked: a hundred handshakes at once are seconds of CPU. */
const handshakeMs = 10_000

/** Addresses that are tried at once, of all peers: each may be a socket, or threads, and they come from others. */
const maxAttempts = 256

/** Opens a connection over whatever transport knows the address. Unlike libp2p's own dial, two of them to one peer stay apart. */
export type Connect = (address: Multiaddr, options: AbortOptions & { onProgress (event: { readonly type: string }): void }) => Promise<Connection>

export interface DialerOptions {
  readonly connect: Connect
  readonly transports: readonly Transport[]
  readonly self: PeerId
  /** Finds the address of a host that is named. Without it, only transports that look up names by themselves dial such. */
  readonly lookup?: Lookup | undefined
}

export interface Dialed { readonly connection: Connection, readonly stream: Stream }

export interface Dialer {
  /** @throws ShoalError PEER_UNREACHABLE, PEER_REFUSED; the signal's reason when aborted */
  dial (peer: PeerId, addresses: readonly string[], protocol: string, signal: AbortSignal, options?: DialOptions): Promise<Dialed>
}

const isPeerId = (peer: string): boolean => {
  try { return peerIdFromString(peer).toString() === peer } catch { return false } // the type says so
}

const asError = (reason: unknown): Error => reason instanceof Error ? reason : new Error(String(reason))

/** What comes of it, unless the signal is first: not every transport heeds it. */
const unlessAborted = <T>(wait: Promise<T>, signal: AbortSignal, discard: (late: T) => void): Promise<T> => new Promise((resolve, reject) => {
  let over = false
  const stop = (): void => { over = true; reject(asError(signal.reason)) }
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  wait.then(value => { if (over) discard(value); else resolve(value) }, reject).finally(() => { signal.removeEventListener('abort', stop) })
})

const drop = ({ connection }: Pick<Dialed, 'connection'>): void => { connection.abort(new Error('Another address was faster.')) }

export const createDialer = ({ connect, transports, self, lookup }: DialerOptions): Dialer => {
  /** Of the transports over UDP, none looks up the name of a host. */
  const numeric = async (address: Multiaddr): Promise<Multiaddr> => {
    const at = hostPortOf(address)
    if (at === undefined || lookup === undefined || hostKind(at.host) !== 'dns' || address.getComponents()[1]?.name !== 'udp') return address
    return atHostPort(address, { host: await lookup(at.host), port: at.port }) ?? address
  }

  const turnstile = createTurnstile(maxAttempts)

  const inTurn = async (peer: PeerId, address: Multiaddr, protocol: string, signal: AbortSignal, answered: () => void): Promise<Dialed> => {
    const leave = await turnstile.enter(signal)
    try { return await reach(peer, address, protocol, signal, answered) } finally { leave() }
  }

  const reach = async (peer: PeerId, address: Multiaddr, protocol: string, signal: AbortSignal, answered: () => void): Promise<Dialed> => {
    const patience = new AbortController()
    const wait = (ms: number, what: string): Countdown => countdown(ms, () => { patience.abort(new Error(`${what} within ${ms / 1000} s`)) })
    let timer = wait(answerMs, 'no answer')
    let over = false
    const greeted = (): void => {
      if (over) return // a transport that does not heed its signal may still say so
      timer.stop()
      timer = wait(handshakeMs, 'no handshake')
      answered()
    }
    const both = AbortSignal.any([signal, patience.signal])
    try {
      const target = await unlessAborted(numeric(address), both, () => undefined)
      const connecting = connect(target.encapsulate(`/p2p/${peer}`), {
        signal: both,
        onProgress ({ type }) { if (type === 'upgrader:encrypt-outbound-connection') greeted() }
      })
      const connection = await unlessAborted(connecting, both, late => { drop({ connection: late }) })
      greeted()
      try {
        // Not every transport compares what was proved with what was dialed (memory does not).
        if (connection.remotePeer.toString() !== peer) throw new UnexpectedPeerError()
        const stream = await connection.newStream(protocol, { signal: both, runOnLimitedConnection: true })
        if (stream.status !== 'open') throw new Error('connection cut')
        return { connection, stream }
      } catch (error) {
        connection.abort(asError(error))
        throw error
      }
    } catch (error) {
      throw patience.signal.aborted ? patience.signal.reason : error
    } finally {
      over = true
      timer.stop()
    }
  }

  return {
    async dial (peer, addresses, protocol, signal, options = {}) {
      signal.throwIfAborted()
      if (peer === self) throw new ShoalError('PEER_REFUSED', `Cannot dial peer ${peer}: it is this peer itself. Dial another one.`)
      if (!isPeerId(peer)) throw new ShoalError('PEER_UNREACHABLE', `Cannot dial "${peer.slice(0, 80)}": it is no peer id. Dial another one.`)
      const lanes = lanesOf(peer, addresses, transports, options)
      const failures: Failure[] = []
      const dialed = await race<Multiaddr, Dialed>({
        lanes: lanes.map(lane => lane.addresses),
        signal,
        attempt: (address, both, answered) => inTurn(peer, address, protocol, both, answered),
        failed (address, error) { failures.push(failure(address, error)) },
        passed (lane) { options.failed?.(lanes[lane]?.transport ?? '') },
        discard: drop
      })
      if (dialed !== undefined) return dialed
      for (const { transport } of lanes) options.failed?.(transport)
      throw dialError(peer, addresses.length, failures, transports)
    }
  }
}
