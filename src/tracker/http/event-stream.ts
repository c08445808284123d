/** A watch as server-sent events: one event per notice, a comment as heartbeat, an end for readers who do not read. Owns no event's meaning. */
import type { TrackerEvent } from '../../contract/index.ts'
import { encodeReply } from '../../contract/api/index.ts'
import type { Failure } from '../../contract/api/index.ts'

export interface StreamLimits {
  /** Also how soon a client hears that it is connected. @default 10,000 */
  readonly heartbeatMs?: number
  /** Bytes that may wait for a slow reader before it is cut. @default 256 KiB */
  readonly maxQueuedBytes?: number
}

export interface EventStreamOptions extends StreamLimits {
  /** @param signal aborted when the reader went away or was cut */
  readonly watch: (signal: AbortSignal) => AsyncIterable<TrackerEvent>
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** The error as the reader is told. */
  readonly failed: (error: unknown) => Failure
  /** Breaks the connection of a reader that does not read: the end of a stream would wait behind what it has not read. */
  readonly cut: () => void
}

const utf8 = new TextEncoder()

const eventText = (event: TrackerEvent): string =>
  `${'cursor' in event ? `id: ${event.cursor}\n` : ''}data: ${JSON.stringify(encodeReply('watch', event))}\n\n`

export const eventStream = ({ watch, signal, failed, cut, heartbeatMs = 10_000, maxQueuedBytes = 256 * 1024 }: EventStreamOptions): ReadableStream<Uint8Array> => {
  const ended = new AbortController()
  const over = AbortSignal.any([ended.signal, signal])
  return new ReadableStream<Uint8Array>({
    start (controller) {
      const send = (text: string): void => {
        if (ended.signal.aborted) return
        controller.enqueue(utf8.encode(text))
        if ((controller.desiredSize ?? 0) > 0) return
        ended.abort()
        cut()
      }
      const heartbeat = setInterval(() => { send(':\n\n') }, heartbeatMs)
      const pump = async (): Promise<void> => {
        try {
          for await (const event of watch(over)) send(eventText(event))
        } catch (error) {
          if (!over.aborted) send(`event: error\ndata: ${JSON.stringify(failed(error))}\n\n`)
        } finally {
          clearInterval(heartbeat)
          if (!ended.signal.aborted) {
            ended.abort()
            controller.close()
          }
        }
      }
      // the first bytes make the reply's header leave at once
      send(':\n\n')
      void pump()
    },
    cancel () { ended.abort() }
  }, new ByteLengthQueuingStrategy({ highWaterMark: maxQueuedBytes }))
}
