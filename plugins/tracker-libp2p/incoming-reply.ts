/** One reply as it comes over a link: its header, then its body, read at the reader's pace. Owns what was granted; knows no link. */
import { ChannelLost, windowBytes } from 'shoal/plugin'
import type { CarriedReply } from 'shoal/plugin'

export interface IncomingReply {
  head (status: number): void
  /** @throws Error when it is more than was granted, or no header came before */
  body (bytes: Uint8Array): void
  end (): void
  fail (error: Error): void
  /** The reply once its header came. When aborted before that, it is cancelled. */
  headed (signal: AbortSignal): Promise<CarriedReply>
}

export interface IncomingReplyOptions {
  readonly used: boolean
  /** Tells the tracker that it is not wanted any more. */
  readonly cancel: () => void
  readonly grant: (bytes: number) => void
}

export const incomingReply = ({ used, cancel, grant }: IncomingReplyOptions): IncomingReply => {
  const header = Promise.withResolvers<CarriedReply>()
  header.promise.catch(() => undefined) // told to whoever waits for it, who may have gone
  const parts: Uint8Array[] = []
  let more = Promise.withResolvers<void>()
  let granted = windowBytes
  /** Read, and not yet granted again. */
  let owed = 0
  let headCame = false
  let dropped = false
  let result: { readonly error?: Error } | undefined

  const finish = (error?: Error): void => {
    result ??= error === undefined ? {} : { error }
    more.resolve()
  }

  const destroy = (): void => {
    if (result !== undefined) return
    dropped = true
    parts.length = 0
    finish(new Error('it is not read any more'))
    cancel()
  }

  const read = (bytes: number): void => {
    owed += bytes
    if (owed < windowBytes / 2 || result !== undefined) return
    granted += owed
    grant(owed)
    owed = 0
  }

  async function * body (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const part = parts.shift()
        if (part !== undefined) {
          read(part.byteLength)
          yield part
        } else if (result !== undefined) {
          if (result.error !== undefined) throw result.error
          return
        } else {
          await more.promise
          more = Promise.withResolvers()
        }
      }
    } finally { destroy() }
  }

  return {
    head (status) {
      if (headCame) throw new Error('it answers twice')
      headCame = true
      header.resolve({ status, used, body: body(), destroy })
    },
    body (bytes) {
      granted -= bytes.byteLength
      if (!headCame || granted < 0) throw new Error('it sends more than was asked for')
      if (dropped || bytes.byteLength === 0) return
      parts.push(bytes)
      more.resolve()
    },
    end () {
      if (!headCame) header.reject(new ChannelLost(new Error('it ends a reply that has not begun'), used))
      finish()
    },
    fail (error) {
      header.reject(new ChannelLost(error, used))
      finish(error)
    },
    async headed (signal) {
      const abort = (): void => {
        header.reject(signal.reason as Error)
        destroy()
      }
      signal.addEventListener('abort', abort)
      try { return await header.promise } finally { signal.removeEventListener('abort', abort) }
    }
  }
}
