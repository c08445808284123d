/** The events of a tracker as they come. Ends when aborted, throws when the tracker is lost: whether to watch again is the caller's matter. */
import { errorCodes, ShoalError } from '../../contract/index.ts'
import type { ErrorCode, TrackerEvent } from '../../contract/index.ts'
import type { CarriedReply } from './carriage.ts'
import type { Client } from './client.ts'
import { eventLines, OverlongEvent } from './event-lines.ts'
import type { ServerEvent } from './event-lines.ts'
import { notOurs, unreachable } from './failing.ts'

/** A tracker sends something at least every 10 s. */
export const silenceMs = 25_000

export interface WatchOptions { readonly client: Client, readonly token: string, readonly from: string | undefined, readonly signal: AbortSignal, readonly silenceMs?: number }

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code)

const parse = (data: string): unknown => {
  try { return JSON.parse(data) } catch { return undefined }
}

const isKnown = (json: unknown): boolean => typeof json === 'object' && json !== null && 'type' in json &&
  ['group', 'file', 'sighted', 'peer', 'reset'].includes(String(json.type))

/** @returns undefined for an event that a later tracker knows. @throws ShoalError when the stream tells an error */
const decode = ({ api, where }: Client, { type, data }: ServerEvent): TrackerEvent | undefined => {
  const json = parse(data)
  if (type === 'error') {
    const failure = api.failure.safeParse(json)
    if (failure.success && isCode(failure.data.code)) throw new ShoalError(failure.data.code, failure.data.message.replace(/\p{C}/gu, ' '))
    throw notOurs(where, 'its stream of events tells an error that is not known')
  }
  if (type !== 'message' || (json !== undefined && !isKnown(json))) return undefined
  const decoded = api.decodeReply('watch', json)
  if (!decoded.ok) throw notOurs(where, `an event is not understood, at ${decoded.problem}`)
  return decoded.value
}

/** The next part; what waits unread is there at once, and no silence. */
const nextPart = async (parts: AsyncIterator<Uint8Array>, ms: number): Promise<IteratorResult<Uint8Array, unknown>> => {
  const silence = Promise.withResolvers<never>()
  const timer = setTimeout(() => { silence.reject(new Error(`nothing came for ${ms / 1000} s`)) }, ms)
  const next = parts.next()
  next.catch(() => undefined) // when it was silent, what ends it then is not of interest
  try { return await Promise.race([next, silence.promise]) } finally { clearTimeout(timer) }
}

export async function * watchEvents ({ client, token, from, signal, silenceMs: ms = silenceMs }: WatchOptions): AsyncGenerator<TrackerEvent> {
  const over = (): boolean => signal.aborted
  if (over()) return
  let reply: CarriedReply | undefined
  const abort = (): void => { reply?.destroy() }
  signal.addEventListener('abort', abort)
  try {
    reply = await client.open('watch', from === undefined ? {} : { from }, { token, signal, headers: { accept: 'text/event-stream' } })
    if (over()) return
    const parts = reply.body[Symbol.asyncIterator]()
    const lines = eventLines()
    const utf8 = new TextDecoder()
    for (let part = await nextPart(parts, ms); part.done !== true; part = await nextPart(parts, ms)) {
      for (const event of lines.push(utf8.decode(part.value, { stream: true }))) {
        const known = decode(client, event)
        if (known !== undefined) yield known
        if (over()) return
      }
    }
    throw new Error('the stream of events ended')
  } catch (error) {
    if (over()) return
    if (error instanceof OverlongEvent) throw notOurs(client.where, error.message)
    throw unreachable(client.where, error)
  } finally {
    signal.removeEventListener('abort', abort)
    reply?.destroy()
  }
}
