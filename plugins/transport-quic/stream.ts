/**
 * A QUIC stream as libp2p sees it, over the native one. Instead of the package's own, because that one (2.1.1) reads 4 KiB per native call, reads on when it
 * is paused, and shows a reset as a clean end. Can be dropped with tuned.ts, where the rest of the reasons is.
 */
import { AbstractStream } from '@libp2p/utils'
import type { AbstractStreamInit, SendResult } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import type { NativeStream } from './native.ts'

/**
 * The library allocates what a read may bring, whatever it brings, and the garbage collector knows only of the latter: small messages are read in small
 * buffers, and bulk in large ones, since a call costs as much as 30 KiB of copying.
 */
const readBytes = { least: 4 * 1024, most: 512 * 1024 }

/** A block with its header goes as one message, but no write is larger: a reset waits for the write under way. */
const messageBytes = 513 * 1024
/** Parts up to this are copied together, which costs less than a call for each. */
const smallBytes = 4 * 1024

const isReset = (error: unknown): boolean => error instanceof Error && /reset by peer|stopped by peer/.test(error.message)
const asError = (error: unknown): Error => error instanceof Error ? error : new Error(String(error))

export class QuicStream extends AbstractStream {
  readonly #native: NativeStream
  #wait: PromiseWithResolvers<undefined> | undefined
  #finished = false

  constructor ({ native, ...init }: AbstractStreamInit & { readonly native: NativeStream }) {
    super({ ...init, maxMessageSize: messageBytes })
    this.#native = native
    void this.#pump()
  }

  /** Paused, or nobody listens yet: what is not read stays in the window, and holds the sender. */
  get #held (): boolean {
    return this.readStatus === 'paused' || (this.readBufferLength > 0 && this.listenerCount('message') === 0)
  }

  get #over (): boolean { return this.status === 'aborted' || this.status === 'reset' || this.status === 'closed' }

  async #pump (): Promise<void> {
    try {
      for (let size = readBytes.least; !this.#over;) {
        if (this.#held) {
          await (this.#wait ??= Promise.withResolvers()).promise
          continue
        }
        const chunk = await this.#native.read(size)
        if (chunk === null) { this.onRemoteCloseWrite(); return }
        if (chunk.byteLength === size) size = Math.min(2 * size, readBytes.most)
        else if (chunk.byteLength < size / 4) size = Math.max(size / 2, readBytes.least)
        this.onData(new Uint8ArrayList(chunk))
      }
    } catch (error) { this.#failed(error) }
  }

  #go (): void {
    this.#wait?.resolve(undefined)
    this.#wait = undefined
  }

  #failed (error: unknown): void {
    if (this.#over) return
    if (!isReset(error)) { this.abort(asError(error)); return }
    this.onRemoteReset()
    this.#letGo()
  }

  /** Its connection is over: cleanly for a stream whose both sides had ended it, also when the library has not told so yet. */
  connectionClosed (): void {
    if (this.#finished && this.remoteWriteStatus === 'closed') this.onTransportClosed()
    else this.abort(new Error('the connection was closed'))
  }

  /** Neither rejects. */
  #letGo (): void {
    this.#go()
    void this.#native.resetWrite()
    void this.#native.stopRead()
  }

  override addEventListener (...args: Parameters<AbstractStream['addEventListener']>): void {
    super.addEventListener(...args)
    if (args[0] === 'message') queueMicrotask(() => { this.#go() }) // the base class hands over what it holds in a microtask, too
  }

  sendData (data: Uint8ArrayList): SendResult {
    const sentBytes = data.byteLength
    this.#write(data).then(() => { this.safeDispatchEvent('drain') }, (error: unknown) => { this.#failed(error) })
    return { sentBytes, canSendMore: false } // one at a time: the library keeps no order between calls
  }

  /** What is large goes as it is. */
  async #write (data: Uint8ArrayList): Promise<void> {
    if (data.byteLength <= smallBytes) { await this.#native.write(data.subarray()); return }
    for (const part of data) await this.#native.write(part)
  }

  sendReset (): void { this.#letGo() }

  async sendCloseWrite (): Promise<void> {
    this.#finished = true
    await this.#native.finishWrite()
  }

  /** What comes is dropped, and still read: how else would the end be seen. */
  sendCloseRead (): Promise<void> {
    this.#go()
    return Promise.resolve()
  }

  sendPause (): void { /* the pump looks at the status before it reads on */ }
  sendResume (): void { this.#go() }
}
