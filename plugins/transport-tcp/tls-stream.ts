/**
 * The bytes of a connection behind its TLS, for yamux. Owns what is read and written, and the order of ends: TLS says its end before the connection under it
 * closes, so that a clean end is one for both sides.
 */
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { StreamMessageEvent } from '@libp2p/interface'
import { AbstractMessageStream } from '@libp2p/utils'
import type { AbortOptions, MessageStream } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

export class TlsStream extends AbstractMessageStream {
  readonly #socket: TLSSocket
  readonly #below: MessageStream

  /** @param below the connection that carries the TLS: closed with it, and closes it */
  constructor (socket: TLSSocket, below: MessageStream) {
    super({ log: below.log, direction: below.direction, inactivityTimeout: below.inactivityTimeout })
    this.#socket = socket
    this.#below = below
    socket.on('data', (chunk: Buffer) => { this.#hear(chunk) })
    socket.on('drain', () => { this.safeDispatchEvent('drain') })
    const close = below.close.bind(below)
    below.close = options => socket.writableEnded || socket.destroyed ? close(options) : this.close(options)
    below.addEventListener('close', ({ error, local }) => {
      socket.destroy()
      if (error === undefined) this.onTransportClosed()
      else if (local === true) this.abort(error)
      else this.onRemoteReset()
    })
  }

  override get writeBufferLength (): number { return this.#socket.writableLength }

  /** Written at once, whatever waits: the socket keeps the order and the count. */
  override send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.#socket.writableEnded || this.#socket.destroyed) return false // yamux answers a ping also behind the end
    if (data instanceof Uint8Array) this.#socket.write(data)
    else this.sendData(data)
    this.writableNeedsDrain = this.#socket.writableNeedDrain
    return !this.writableNeedsDrain
  }

  override sendData (data: Uint8ArrayList): SendResult {
    this.#socket.cork() // header and body are one record
    for (const part of data) this.#socket.write(part)
    this.#socket.uncork()
    return { sentBytes: data.byteLength, canSendMore: !this.#socket.writableNeedDrain }
  }

  override sendPause (): void { this.#socket.pause() }

  override sendResume (): void { this.#socket.resume() }

  override sendReset (reason: Error): void {
    this.#below.abort(reason)
    this.#socket.destroy()
  }

  override async close ({ signal }: AbortOptions = {}): Promise<void> {
    if (this.#socket.closed) return
    const closed = once(this.#socket, 'close', signal === undefined ? {} : { signal })
    this.#socket.destroySoon()
    await closed
  }

  #hear (chunk: Buffer): void {
    if (this.readBufferLength === 0 && this.readStatus === 'readable' && this.listenerCount('message') > 0) this.dispatchEvent(new StreamMessageEvent(chunk))
    else this.onData(chunk)
  }
}
