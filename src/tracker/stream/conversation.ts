/**
 * One link of a client: its requests, their replies in turns, and what ends it. Owns what one client may use: open requests, bytes that wait, time without a word.
 * What is answered is in ../http/app.ts, the bytes of a frame in contract/api/frames.ts.
 */
import { MalformedError } from '../../contract/index.ts'
import type { Link } from '../../contract/index.ts'
import { clientFrames, encodeFrame, maxOpenRequests } from '../../contract/api/frames.ts'
import type { RequestFrame, TrackerFrame } from '../../contract/api/frames.ts'
import type { App } from '../http/app.ts'
import { createReply, requestOf } from './reply.ts'
import type { Reply } from './reply.ts'

export interface ConversationLimits {
  /** A link without an open request, and without a whole frame, for so long is closed. @default 60,000 */
  readonly idleMs?: number
  /** A link that takes nothing of what waits for it for so long is cut; a reply of which no more is granted for so long is ended. @default 60,000 */
  readonly stalledMs?: number
}

export interface ConversationOptions extends ConversationLimits {
  readonly link: Link
  readonly app: App
  /** Where the client is, for the limit on failed logins. */
  readonly address: string
}

export interface Conversation {
  /** Says why, and closes. Resolves when the link is over. */
  end (reason: string): Promise<void>
  /** Resolves when the link is over. */
  readonly over: Promise<void>
}

/** For saying goodbye. */
const closeMs = 1_000

export const converse = ({ link, app, address, idleMs = 60_000, stalledMs = 60_000 }: ConversationOptions): Conversation => {
  const replies = new Map<number, Reply>()
  const reader = clientFrames()
  const over = Promise.withResolvers<void>()
  let ending: Promise<void> | undefined
  /** While the link takes no more. */
  let full: { readonly emptied: PromiseWithResolvers<void>, readonly timer: NodeJS.Timeout } | undefined

  const idle = setTimeout(() => {
    if (replies.size > 0) idle.refresh()
    else void end(`nothing was asked for ${idleMs / 1000} s`)
  }, idleMs)

  const emptied = (): void => {
    if (full === undefined) return
    clearTimeout(full.timer)
    full.emptied.resolve()
    full = undefined
  }

  const send = (frame: TrackerFrame): void => {
    if (link.send(encodeFrame(frame)) || full !== undefined || ending !== undefined) return
    full = { emptied: Promise.withResolvers(), timer: setTimeout(() => { link.abort(new Error(`It took nothing for ${stalledMs / 1000} s.`)) }, stalledMs) }
  }

  /** Frames go out one at a time, each when the link has room: replies take turns by themselves. */
  const sendWithRoom = async (frame: TrackerFrame): Promise<void> => {
    while (full !== undefined) await full.emptied.promise
    if (ending === undefined) send(frame)
  }

  const dropAll = (why: string): void => {
    clearTimeout(idle)
    for (const reply of replies.values()) reply.abort(why)
    emptied()
  }

  const end = (reason: string): Promise<void> => ending ??= (async () => {
    link.send(encodeFrame({ type: 'goodbye', reason }))
    dropAll(reason)
    await link.close(AbortSignal.timeout(closeMs))
  })()

  const answer = async (frame: RequestFrame): Promise<void> => {
    if (replies.has(frame.id)) throw new MalformedError(`Request ${frame.id} is open already.`)
    if (replies.size >= maxOpenRequests) throw new MalformedError(`More than ${maxOpenRequests} requests are open.`)
    const request = requestOf(frame)
    const reply = createReply({ id: frame.id, stalledMs, send: sendWithRoom })
    replies.set(frame.id, reply)
    await reply.answer(app.fetch(new Request(request, { signal: reply.signal }), { address, cut: () => { reply.abort('it was not read') } }))
    replies.delete(frame.id)
    idle.refresh()
  }

  const data = (chunk: Uint8Array): void => {
    if (ending !== undefined) return
    try {
      for (const frame of reader.push(chunk)) {
        idle.refresh()
        switch (frame.type) {
          case 'request': answer(frame).catch((error: unknown) => { refuse(error) }); break
          case 'cancel': replies.get(frame.id)?.abort('it was cancelled'); break
          case 'grant': replies.get(frame.id)?.grant(frame.bytes); break
          case 'goodbye': void end('goodbye'); return
        }
      }
    } catch (error) { refuse(error) }
  }

  /** What a client does wrong ends its link, and is no news for the log. */
  const refuse = (error: unknown): void => { void end(error instanceof Error ? error.message : String(error)) }

  link.listen({
    data,
    drained: emptied,
    closed () {
      ending ??= Promise.resolve()
      dropAll('the link is over')
      over.resolve()
    }
  })
  return { end, over: over.promise }
}
