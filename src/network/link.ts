/**
 * A Link on one libp2p stream: the send queue, reading that can be stopped, and the three ways to end. Owns no connection: network.ts opens and closes
 * those; it does not watch for silence either (pulse.ts).
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { ShoalError } from '../contract/index.ts'
import type { Link, LinkHandlers, PeerId } from '../contract/index.ts'
import { createSendQueue } from './send-queue.ts'

/** `send` says false above the first, `drained` follows at the second. */
export const highWaterBytes = 1024 * 1024
export const lowWaterBytes = highWaterBytes / 2

/** How long an ending link may take to hand over what is queued, when its closer gave no signal. */
export const closeMs = 2_000

/** How a link ended: closed by us, by the other side and answered by us, or neither. */
export type Ending = 'closed' | 'answered' | 'failed'

export interface LinkOptions {
  readonly stream: Stream
  readonly peer: PeerId
  readonly transport: string
  readonly address: string
  readonly inbound: boolean
}

export interface LinkEnd {
  readonly link: Link
  /** Bytes that came or went so far: the link is alive while it grows. */
  readonly movedBytes: number
  readonly over: Promise<Ending>
}

// A Buffer is a Uint8Array, but its `slice` is a view and it compares unequal: whoever gets a chunk gets the plain thing.
const plain = (chunk: Uint8Array): Uint8Array => chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)

export const createLink = ({ stream, peer, transport, address, inbound }: LinkOptions): LinkEnd => {
  /** Not yet given to the stream. It is kept here and not in the stream, because libp2p hands on all it has at once and then no longer counts it. */
  const queue = createSendQueue()
  let sentBytes = 0
  let heardBytes = 0
  let full = false

  /** Came, while the reader stopped in the midst of a message. */
  const unread: Uint8Array[] = []
  let handlers: LinkHandlers | undefined
  /** Reading is stopped; at first until somebody listens, so that the sender waits instead of overflowing the stream's read buffer. */
  let held = true
  /** What comes is dropped: we end it, and nobody reads. */
  let deaf = false

  let phase: 'open' | 'closing' | 'over' = 'open'
  let ending: Ending = 'answered'
  let finSent = false
  let finSeen = false
  let allRead = false
  let streamOver = false
  let abortedFor: Error | undefined
  let result: { readonly error: Error | undefined } | undefined
  let told = false
  const over = Promise.withResolvers<Ending>()

  const lost = (what: string, cause?: Error): ShoalError =>
    new ShoalError('LINK_CLOSED', `The link to ${peer} over ${transport} ${what}. It is dialed again by itself.`, cause === undefined ? {} : { cause })

  const tell = (): void => {
    if (result === undefined || handlers === undefined || told) return
    told = true
    handlers.closed(result.error)
  }

  const finish = (how: Ending, error: Error | undefined): void => {
    if (phase === 'over') return
    phase = 'over'
    queue.clear()
    unread.length = 0
    result = { error }
    over.resolve(how)
    tell()
  }

  const unsent = (): number => queue.byteLength + (phase === 'over' ? 0 : stream.writeBufferLength)

  const pump = (): void => {
    while (!stream.writableNeedsDrain && stream.writeStatus === 'writable') {
      const next = queue.shift()
      if (next === undefined) break
      sentBytes += next.byteLength
      try { stream.send(next) } catch { return } // it aborts itself before it throws: its `close` event says why
    }
    if (phase === 'closing' && queue.byteLength === 0 && !finSent) {
      finSent = true
      stream.close().catch(() => undefined) // rejects only when the stream ends before that: its `close` event says why
    }
    if (full && phase === 'open' && unsent() <= lowWaterBytes && handlers !== undefined) {
      full = false
      handlers.drained()
    }
  }

  const answer = (): void => {
    if (phase !== 'open') return
    phase = 'closing'
    const timer = setTimeout(() => { abort(lost('was closed by the other side, which then did not read on')) }, closeMs)
    void over.promise.then(() => { clearTimeout(timer) })
    pump()
  }

  const reading = (): boolean => !held // a function, because whoever is given data may stop reading

  const deliver = (): void => {
    while (reading() && unread.length > 0) {
      const chunk = unread.shift()
      if (chunk !== undefined && !deaf) handlers?.data(chunk)
    }
    if (!finSeen || !allRead || unread.length > 0) return
    if (streamOver) finish(ending, undefined)
    else answer()
  }

  const hold = (): void => {
    held = true
    if (stream.readStatus === 'readable') stream.pause()
  }

  const release = (): void => {
    held = false
    deliver() // what came first
    if (reading() && stream.readStatus === 'paused') stream.resume()
  }

  const abort = (reason: Error): void => {
    if (phase === 'over') return
    abortedFor = reason
    deaf = true // whoever aborts in the midst of a message hears no more of it: the stream may say something still
    stream.abort(reason)
    finish('failed', reason) // a stream that is over already says nothing
  }

  const onMessage = ({ data }: StreamMessageEvent): void => {
    heardBytes += data.byteLength
    for (const chunk of data instanceof Uint8Array ? [data] : data) unread.push(plain(chunk))
    deliver()
  }

  const onClose = ({ error, local }: StreamCloseEvent): void => {
    if (abortedFor !== undefined) finish('failed', abortedFor)
    else if (error !== undefined) finish('failed', lost(local === true ? `failed: ${error.message}` : 'was cut by the other side', error))
    else if (!finSeen) finish('failed', lost('was lost'))
    else { streamOver = true; deliver() }
  }

  stream.addEventListener('drain', () => { queueMicrotask(pump) }) // after the stream's own, which sends what it still holds
  stream.addEventListener('remoteCloseWrite', () => { finSeen = true })
  stream.addEventListener('end', () => { allRead = true; deliver() })
  stream.addEventListener('close', onClose)
  hold()
  stream.addEventListener('message', onMessage)

  const link: Link = {
    peer, transport, address, inbound,
    get unsentBytes () { return unsent() },
    send (parts) {
      if (phase !== 'open') return false
      queue.push(parts)
      pump()
      if (unsent() > highWaterBytes) full = true
      return !full
    },
    listen (given) {
      handlers = given
      held = false
      queueMicrotask(() => {
        tell()
        if (!held) release()
        pump()
      })
    },
    pause: hold,
    resume () { if (held && handlers !== undefined) release() },
    async close (signal = AbortSignal.timeout(closeMs)) {
      if (phase === 'open') { phase = 'closing'; ending = 'closed' }
      const late = (): void => { abort(lost('did not end in time')) }
      if (signal.aborted) late()
      signal.addEventListener('abort', late)
      if (held) { deaf = true; release() } // nobody reads any more, and the other side's end comes behind its data
      pump()
      await over.promise
      signal.removeEventListener('abort', late)
    },
    abort
  }
  return { link, get movedBytes () { return heardBytes + sentBytes - (phase === 'over' ? 0 : stream.writeBufferLength) }, over: over.promise }
}
