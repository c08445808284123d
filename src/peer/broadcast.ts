/** Events to any number of readers, each at its own pace. Owns the bound: a reader that falls behind loses the oldest, and is told. */
import type { ShoalEvent } from '../contract/index.ts'

const maxBehind = 1_000

export interface Broadcast {
  send (event: ShoalEvent): void
  /** What is sent from now on. Ends when aborted or closed. */
  subscribe (signal?: AbortSignal): AsyncIterable<ShoalEvent>
  close (): void
}

interface Reader { readonly queue: ShoalEvent[], lost: boolean, wake: () => void }

export const createBroadcast = (): Broadcast => {
  const readers = new Set<Reader>()
  let closed = false

  async function * read (reader: Reader, signal: AbortSignal | undefined): AsyncGenerator<ShoalEvent> {
    const wake = (): void => { reader.wake() }
    signal?.addEventListener('abort', wake)
    try {
      for (;;) {
        if (reader.lost) { reader.lost = false; yield { type: 'overflow' } }
        const next = reader.queue.shift()
        if (next !== undefined) { yield next; continue }
        if (closed || signal?.aborted === true) return
        const { promise, resolve } = Promise.withResolvers<void>()
        reader.wake = resolve
        await promise
      }
    } finally {
      readers.delete(reader)
      signal?.removeEventListener('abort', wake)
    }
  }

  return {
    send (event) {
      for (const reader of readers) {
        if (reader.queue.push(event) > maxBehind) { reader.queue.shift(); reader.lost = true }
        reader.wake()
      }
    },
    subscribe (signal) {
      // registered here, not at the first read: nothing sent after this call is missed
      const reader: Reader = { queue: [], lost: false, wake: () => undefined }
      if (!closed) readers.add(reader)
      return read(reader, signal)
    },
    close () { closed = true; for (const reader of readers) reader.wake() }
  }
}
