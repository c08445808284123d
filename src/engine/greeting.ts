/**
 * A link with its codec: says hello, waits for the other's, then hands on whole messages. Owns the bytes between a link and the session, and the deadline of
 * the hello; knows nothing of what the messages mean.
 */
import { ShoalError } from '../contract/index.ts'
import type { Link } from '../contract/index.ts'
import type { Message } from '../core/message.ts'
import { createCodec, ProtocolError } from '../wire/index.ts'
import type { BlockPool } from './block-pool.ts'
import type { Clock } from './clock.ts'

/** Feature bits of this version. Those below 2^32 must be known to both sides; none is defined yet. */
export const features = 0
const helloTimeoutMs = 10_000

export interface Conversation {
  readonly link: Link
  /** @returns how many bytes wait unsent, 0 while the link's queue is below its mark */
  say (message: Message): number
  end (why: string): void
}

export interface Listener {
  /** Both hellos are exchanged. */
  greeted (conversation: Conversation): void
  heard (message: Message): void
  /** Part of a block came. */
  progress (bytes: number): void
  drained (): void
  /** Once, last; also when it never greeted. */
  ended (error: Error | undefined): void
}

export interface GreetingOptions {
  readonly agent: string
  readonly clock: Clock
  /** Memory for blocks. @default new for each */
  readonly blocks?: BlockPool
}

export const converse = (link: Link, { agent, clock, blocks }: GreetingOptions, listener: Listener): Conversation => {
  const codec = createCodec(blocks === undefined ? {} : { allocate: length => blocks.take(length) })
  let greeted = false
  let over = false
  const isOver = (): boolean => over

  const conversation: Conversation = {
    link,
    say (message) {
      if (over) return 0
      try { return link.send(codec.encode(message)) ? 0 : link.unsentBytes } catch (error) {
        // a mistake of ours about one link is not worth all the others
        if (!ShoalError.is(error, 'BUG')) throw error
        fail(error)
        return 0
      }
    },
    end: why => { fail(new ShoalError('PEER_REFUSED', why)) }
  }
  const finish = (error: Error | undefined): void => {
    if (over) return
    over = true
    cancel()
    listener.ended(error)
  }
  const fail = (error: Error): void => {
    if (over) return
    finish(error) // first: nothing of what the link does when it is cut concerns us
    link.abort(error)
  }
  const cancel = clock.after(helloTimeoutMs, () => { fail(new ShoalError('PEER_REFUSED', `${link.peer} did not say hello within ${helloTimeoutMs / 1000} s.`)) })

  const hear = (message: Message): void => {
    if (greeted) { listener.heard(message); return }
    if (message.type !== 'hello') throw new ProtocolError(`The first message is ${message.type}, not hello.`)
    if (message.features !== features) throw new ProtocolError(`The peer needs features ${message.features.toString(16)} that this version does not have.`)
    greeted = true
    cancel()
    listener.greeted(conversation)
  }
  link.listen({
    data (chunk) {
      if (over) return
      try {
        for (const message of codec.decode(chunk)) {
          hear(message)
          if (isOver()) return
        }
        const partly = codec.takeProgress()
        if (greeted && partly > 0) listener.progress(partly)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        fail(new ShoalError('PEER_REFUSED', `${link.peer} broke the protocol: ${error.message}`, { cause: error }))
      }
    },
    drained () { if (!over) listener.drained() },
    closed: finish
  })
  link.send(codec.encode({ type: 'hello', features, agent }))
  return conversation
}
