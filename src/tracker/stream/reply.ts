/** One reply on a link: its header, its body within what the client has granted, and exactly one end. Owns no link. */
import { MalformedError } from '../../contract/index.ts'
import { maxChunkBytes, windowBytes } from '../../contract/api/frames.ts'
import type { RequestFrame, TrackerFrame } from '../../contract/api/frames.ts'

/** A request as the API takes it. @throws MalformedError when it is none */
export const requestOf = ({ method, path, headers, body }: RequestFrame): Request => {
  const given = headers.filter(([name]) => name.toLowerCase() !== 'content-length') // the frame says how long the body is
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw new MalformedError('The path of a request is not that of a URL.')
  try {
    return new Request(new URL(`https://tracker${path}`), { method, headers: given.map(([name, value]): [string, string] => [name, value]), ...body.byteLength === 0 ? {} : { body: Uint8Array.from(body) } })
  } catch (cause) { throw new MalformedError('A request is not one of HTTP.', { cause }) }
}

export interface Reply {
  /** Aborted when nobody reads it any more. */
  readonly signal: AbortSignal
  /** Sends what is answered. Resolves when its end was sent, or the link is over. */
  answer (response: Promise<Response>): Promise<void>
  /** @throws MalformedError when it is more than a window */
  grant (bytes: number): void
  abort (reason: string): void
}

export interface ReplyOptions {
  readonly id: number
  /** A client that grants nothing for so long, while there is more, does not want the rest: it is held in memory until then. */
  readonly stalledMs: number
  /** Resolves when the frame was given to the link, or the link is over. */
  readonly send: (frame: TrackerFrame) => Promise<void>
}

export const createReply = ({ id, stalledMs, send }: ReplyOptions): Reply => {
  const aborted = new AbortController()
  const over = (): boolean => aborted.signal.aborted
  let allowed = windowBytes
  let allowing = Promise.withResolvers<void>()

  const abort = (reason: string): void => {
    if (over()) return
    aborted.abort(reason)
    allowing.resolve()
  }

  const granted = async (): Promise<void> => {
    const timer = setTimeout(() => { abort(`no more of it was asked for within ${stalledMs / 1000} s`) }, stalledMs)
    try { await allowing.promise } finally { clearTimeout(timer) }
  }

  const sendBody = async (part: Uint8Array): Promise<void> => {
    for (let at = 0; at < part.byteLength && !over();) {
      if (allowed === 0) { await granted(); continue }
      const bytes = part.subarray(at, at + Math.min(allowed, maxChunkBytes))
      allowed -= bytes.byteLength
      at += bytes.byteLength
      await send({ type: 'body', id, bytes })
    }
  }

  const sendAll = async ({ status, headers, body }: Response): Promise<void> => {
    const reader = body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
    const cancel = (): void => { void reader?.cancel().catch(() => undefined) } // a body that failed already needs no end
    aborted.signal.addEventListener('abort', cancel)
    if (over()) cancel()
    else await send({ type: 'head', id, status, headers: [...headers] })
    try {
      for (;;) {
        const part = await reader?.read()
        if (part?.value === undefined || over()) return
        await sendBody(part.value)
      }
    } finally { aborted.signal.removeEventListener('abort', cancel) }
  }

  const failed = async (reason: string): Promise<void> => { await send({ type: 'reset', id, reason }) }

  return {
    signal: aborted.signal,
    async answer (response) {
      try { await sendAll(await response) } catch { await failed('the tracker failed to answer'); return } // the API logs what goes wrong there
      if (over()) await failed(String(aborted.signal.reason))
      else await send({ type: 'end', id })
    },
    grant (bytes) {
      if (allowed + bytes > windowBytes) throw new MalformedError(`More than ${windowBytes} bytes are granted.`)
      allowed += bytes
      allowing.resolve()
      allowing = Promise.withResolvers()
    },
    abort
  }
}
