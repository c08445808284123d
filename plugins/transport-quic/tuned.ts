/**
 * Overcomes what @chainsafe/libp2p-quic 2.1.1 lacks (the version this was tested with), apart from Shoal's own logic in index.ts:
 * - reading is slow, cannot be stopped, and shows a reset as a clean end (stream.ts);
 * - `dial` and `newStream` ignore their signals, and `dial` that nobody listens there, so that a dead address is waited for until the idle timeout;
 * - handshakes are taken one after the other, so that a single peer that stops in the midst of one keeps everybody out for that long;
 * - that another peer than the one dialed answered is told as any other error.
 * When upstream does all that, this file and stream.ts go, and index.ts calls `quic()` itself: test/plugins/transport-quic.test.ts and the compliance
 * suite say whether it does. The wire is not touched: either side may be the package as it is.
 */
import { setMaxListeners } from 'node:events'
import { UnexpectedPeerError } from '@libp2p/interface'
import type { AbortOptions, Listener, MessageStream, StreamMuxerFactory, Transport, Upgrader } from '@libp2p/interface'
import { AbstractStreamMuxer } from '@libp2p/utils'
import { unlessRefused } from 'shoal/plugin'
import type { Libp2pFactory } from 'shoal/plugin'
import { checkedStream, connectionOf, nativeQuic, openListener } from './native.ts'
import type { NativeConnection, NativeOptions, NativeStream } from './native.ts'
import { QuicStream } from './stream.ts'

/** Handshakes that one listener has under way. A stranger who leaves as many half done keeps others out for the idle timeout. */
const handshakes = 256

/** What the promise gives, or the signal's reason; what comes after that is laid down. */
const obeying = <T>(work: Promise<T>, signal: AbortSignal | undefined, layDown: (late: T) => void): Promise<T> => {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = (): void => { reject(signal.reason as Error) }
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    work.then(value => { if (signal.aborted) layDown(value); else resolve(value) }, reject).finally(() => { signal.removeEventListener('abort', stop) })
  })
}

class QuicMuxer extends AbstractStreamMuxer<QuicStream> {
  readonly #connection: NativeConnection

  constructor (maConn: MessageStream, connection: NativeConnection) {
    super(maConn, { name: 'quic', protocol: 'quic' })
    this.#connection = connection
    this.#take().catch((error: unknown) => { maConn.abort(error instanceof Error ? error : new Error(String(error))) })
  }

  /** Until the connection is over, which the connection itself tells. */
  async #take (): Promise<void> {
    for (;;) {
      const native = await this.#connection.inboundStream().catch(() => undefined)
      if (native === undefined) return
      if (this.status === 'open') this.onRemoteStream(this.#stream(native, 'inbound'))
      else drop(native)
    }
  }

  #stream (stream: unknown, direction: 'inbound' | 'outbound'): QuicStream {
    const native = checkedStream(stream)
    const id = native.id()
    return new QuicStream({ id, native, direction, log: this.log.newScope(`${direction}:${id}`) })
  }

  override async onCreateStream ({ signal }: AbortOptions): Promise<QuicStream> {
    return this.#stream(await obeying(this.#connection.outboundStream(), signal, drop), 'outbound')
  }

  /** A stream that did not end by then did not end cleanly; the base class would say that it did. */
  override onTransportClosed (): void {
    this.status = 'closed'
    for (const stream of [...this.streams]) stream.connectionClosed()
  }

  onData (): void { /* nothing comes but in streams */ }
}

const drop = (native: NativeStream): void => {
  void native.resetWrite()
  void native.stopRead()
}

const tunedMuxer = (inner: StreamMuxerFactory | undefined): StreamMuxerFactory => {
  const connection = connectionOf(inner)
  return { protocol: 'quic', createStreamMuxer: maConn => new QuicMuxer(maConn, connection) }
}

/** @param expected the only peer that may be linked to */
const tunedUpgrader = (inner: Upgrader, expected?: string): Upgrader => ({
  async upgradeOutbound (connection, options) {
    const proved = 'remotePeer' in options ? options.remotePeer.toString() : undefined // by the certificate of its handshake
    if (expected !== undefined && proved !== expected) throw new UnexpectedPeerError(`Unexpected peer: dialed ${expected}, and ${String(proved)} answered`)
    return inner.upgradeOutbound(connection, { ...options, muxerFactory: tunedMuxer(options.muxerFactory) })
  },
  async upgradeInbound (connection, options) { await inner.upgradeInbound(connection, { ...options, muxerFactory: tunedMuxer(options.muxerFactory) }) },
  createInboundAbortSignal: signal => inner.createInboundAbortSignal(signal),
  getStreamMuxers: () => inner.getStreamMuxers(),
  getConnectionEncrypters: () => inner.getConnectionEncrypters()
})

const tunedListener = (listener: Listener): Listener => {
  const listen = listener.listen.bind(listener)
  listener.listen = async address => {
    await listen(address)
    const open = openListener(listener)
    setMaxListeners(0, open.state.controller.signal)
    for (let i = 1; i < handshakes; i++) void open.awaitInboundConnections() // ends when the listener is closed
  }
  return listener
}

export const tunedQuic = (options: NativeOptions): Libp2pFactory<Transport> => components => {
  const transport = nativeQuic(options)(components)
  const [dial, createListener] = [transport.dial.bind(transport), transport.createListener.bind(transport)]
  transport.dial = async (address, dialing) => {
    const { signal } = dialing
    signal.throwIfAborted()
    const expected = address.getComponents().find(({ name }) => name === 'p2p')?.value
    const bare = expected === undefined ? address : address.decapsulate(`/p2p/${expected}`) // its own check says nothing of the kind of error
    return unlessRefused(bare, signal, both =>
      obeying(dial(bare, { ...dialing, signal: both, upgrader: tunedUpgrader(dialing.upgrader, expected) }), both, late => { late.abort(new Error('nobody waits for it')) }))
  }
  transport.createListener = listening => tunedListener(createListener({ ...listening, upgrader: tunedUpgrader(listening.upgrader) }))
  return transport
}
