/**
 * The bytes of a whole WebRTC connection over one data channel of it, for yamux to run on. libp2p gives each stream a data channel of its own; those cannot
 * make a sender wait: a reader that stops has its stream reset after 4 MiB. Owns the channel and what waits for it; the streams and their windows are yamux's.
 */
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import type { MultiaddrConnection } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'

/** What is used of an RTCDataChannel, which Node has no types for. */
export interface DataChannel {
  readonly label: string
  readonly readyState: string
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  binaryType: string
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onbufferedamountlow: (() => void) | null
  onclose: (() => void) | null
  onerror: (() => void) | null
  send (bytes: Uint8Array): void
  close (): void
}

const KiB = 1024
/** The largest message that every WebRTC stack takes from every other; a larger one ends the process of node-datachannel. */
const messageBytes = 16 * KiB
/** What is given to the native side ahead of the network: enough to be never idle, little for one who stopped. */
const highWaterBytes = 1024 * KiB
const lowWaterBytes = 256 * KiB

export class OneChannel extends AbstractMultiaddrConnection {
  readonly #connection: MultiaddrConnection
  readonly #queue = new Uint8ArrayList()
  #channel: DataChannel | undefined
  /** The other side may not have taken the channel yet; until it spoke, it gets one message: it keeps only 8, and 16 KiB. */
  #heard: boolean
  #greeted = false
  #scheduled = false

  /** @param connection the libp2p one, whose own bytes go nowhere: it is closed with the channel, and closes it */
  constructor (connection: MultiaddrConnection) {
    super({ remoteAddr: connection.remoteAddr, direction: connection.direction, log: connection.log.newScope('channel') })
    this.#connection = connection
    this.#heard = connection.direction === 'inbound'
    connection.addEventListener('close', () => { this.#over() })
  }

  /** @param early what came before anybody took the channel */
  use (channel: DataChannel, early: readonly unknown[] = []): void {
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = lowWaterBytes
    channel.onmessage = ({ data }) => { this.#hear(data) }
    channel.onopen = channel.onbufferedamountlow = () => { this.#drain() }
    channel.onclose = channel.onerror = () => { this.#end() }
    for (const data of early) this.#hear(data)
    this.#drain()
  }

  get taken (): boolean { return this.#channel !== undefined }

  override send (data: Uint8Array | Uint8ArrayList): boolean {
    if (this.writeStatus !== 'writable') return false
    this.#queue.append(data)
    this.#pump(false)
    if (!this.#scheduled && !this.writableNeedsDrain && this.#queue.byteLength > 0) { // more is said in the same breath, mostly: full messages are half the work
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        this.#pump(true)
      })
    }
    return !this.writableNeedsDrain
  }

  #hear (data: unknown): void {
    this.onData(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0))
    if (this.#heard) return
    this.#heard = true
    this.#drain()
  }

  #maySpeak (channel: DataChannel): boolean {
    return channel.readyState === 'open' && (this.#heard || !this.#greeted) && channel.bufferedAmount < highWaterBytes
  }

  /** @param all the last message, too, if it is not full. @returns false when more has to wait */
  #pump (all: boolean): boolean {
    const channel = this.#channel
    while (this.#queue.byteLength >= (all ? 1 : messageBytes)) {
      if (channel === undefined || !this.#maySpeak(channel)) { this.writableNeedsDrain = true; return false }
      const message = this.#queue.subarray(0, Math.min(messageBytes, this.#queue.byteLength))
      this.#queue.consume(message.byteLength)
      this.#greeted = true
      try { channel.send(message) } catch { this.#end(); return false } // it closed, and its event is still to come
    }
    return true
  }

  #drain (): void {
    if (!this.writableNeedsDrain) return
    this.writableNeedsDrain = false
    if (!this.#pump(true)) return
    this.writableNeedsDrain = true // the event is heard only by who waits
    this.safeDispatchEvent('drain')
  }

  /** The channel is no more: so is the connection. */
  #end (): void {
    this.#connection.close().catch((error: unknown) => { this.#connection.abort(error instanceof Error ? error : new Error(String(error))) })
  }

  #over (): void {
    const channel = this.#channel
    this.#queue.consume(this.#queue.byteLength)
    if (channel !== undefined) channel.onmessage = channel.onopen = channel.onbufferedamountlow = channel.onclose = channel.onerror = null
    this.onTransportClosed()
  }

  sendData (data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: true } // never called: nothing is put into the queue of the base class
  }

  sendReset (error: Error): void { this.#connection.abort(error) }
  async sendClose (): Promise<void> { await this.#connection.close() }
  sendPause (): void { throw new Error('Nobody reads this but yamux, which never pauses.') }
  sendResume (): void { throw new Error('Nobody reads this but yamux, which never pauses.') }
}
