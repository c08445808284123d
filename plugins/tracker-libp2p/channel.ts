/**
 * The client's end of one link to a tracker: requests with a number each, their replies within what was granted. Owns the numbers and the windows; which tracker
 * it is, and when a link is opened, is in link-carriage.ts.
 */
import { ChannelLost, encodeFrame, maxOpenRequests, ShoalError, trackerFrames } from 'shoal/plugin'
import type { CarriedReply, CarriedRequest, ClientFrame, Link, TrackerFrame } from 'shoal/plugin'
import { incomingReply } from './incoming-reply.ts'
import type { IncomingReply } from './incoming-reply.ts'

export interface Channel {
  /** Whether it ended. */
  readonly isOver: boolean
  /** When something came last, by performance.now(). */
  readonly heardAt: number
  /** @param used whether it had carried something before. @throws ChannelLost; ShoalError TOO_LARGE; the signal's reason when aborted */
  send (request: Pick<CarriedRequest, 'method' | 'path' | 'headers' | 'body'>, used: boolean, signal: AbortSignal): Promise<CarriedReply>
  end (reason: Error): void
}

const utf8 = new TextEncoder()
const closeMs = 1_000

/** What a tracker says of itself is shown to people: it must not steer their terminals. */
const plain = (text: string): string => text.replace(/\p{C}/gu, ' ')

/** @param ended called once, when it ended */
export const createChannel = (link: Link, ended: () => void): Channel => {
  const replies = new Map<number, IncomingReply>()
  const reader = trackerFrames()
  /** Requests that wait until another one has its end. */
  const turns: (() => void)[] = []
  let lastId = 0
  let over: Error | undefined
  let heardAt = performance.now()

  const write = (frame: ClientFrame): void => { if (over === undefined) link.send(encodeFrame(frame)) }

  const finish = (error: Error): void => {
    if (over !== undefined) return
    over = error
    for (const reply of replies.values()) reply.fail(error)
    replies.clear()
    for (const turn of turns.splice(0)) turn()
    ended()
  }

  const take = (frame: TrackerFrame): void => {
    if (frame.type === 'goodbye') {
      finish(new Error(`the tracker closed the connection: ${plain(frame.reason)}`))
      void link.close(AbortSignal.timeout(closeMs))
      return
    }
    const reply = replies.get(frame.id)
    if (reply === undefined) throw new Error('it answers what was not asked')
    switch (frame.type) {
      case 'head': reply.head(frame.status); return
      case 'body': reply.body(frame.bytes); return
      case 'end': reply.end(); break
      case 'reset': reply.fail(new Error(`the reply broke off: ${plain(frame.reason)}`)); break
    }
    replies.delete(frame.id)
    turns.shift()?.()
  }

  link.listen({
    data (chunk) {
      heardAt = performance.now()
      try { for (const frame of reader.push(chunk)) if (over === undefined) take(frame) } catch (error) {
        const broken = error instanceof Error ? error : new Error(String(error))
        finish(broken)
        link.abort(broken)
      }
    },
    drained () { /* what waits is bounded by the requests that may be open */ },
    closed (error) { finish(error ?? new Error('the tracker closed the connection')) }
  })

  return {
    get isOver () { return over !== undefined },
    get heardAt () { return heardAt },
    async send ({ method, path, headers, body }, used, signal) {
      while (over === undefined && replies.size >= maxOpenRequests) await new Promise<void>(resolve => { turns.push(resolve) })
      if (signal.aborted) turns.shift()?.() // it was our turn, and we do not take it
      signal.throwIfAborted()
      if (over !== undefined) throw new ChannelLost(over, used)
      const id = ++lastId
      let parts: readonly Uint8Array[]
      try { parts = encodeFrame({ type: 'request', id, method, path, headers: Object.entries(headers), body: utf8.encode(body) }) } catch (cause) {
        throw new ShoalError('TOO_LARGE', 'Cannot ask the tracker: the request is larger than one may be. Send less at once.', { cause })
      }
      const reply = incomingReply({ used, cancel: () => { write({ type: 'cancel', id }) }, grant: bytes => { write({ type: 'grant', id, bytes }) } })
      replies.set(id, reply)
      link.send(parts)
      return await reply.headed(signal)
    },
    end (reason) {
      if (over !== undefined) return
      write({ type: 'goodbye', reason: '' })
      finish(reason)
      void link.close(AbortSignal.timeout(closeMs))
    }
  }
}
