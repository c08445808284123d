/**
 * What may be said when, on one link. Owns the rules by which channels open and end and requests are answered; nothing of bytes. The same rules hold for what
 * we send and for what we receive, so both ends' tables agree, but for what is still on its way.
 *
 * Requests carry the asker's number, their answers the answerer's: they meet by the content that both numbers are bound to.
 *
 * The race of choke and request: a choke answers every request that its sender has, and those on their way to it too, since whoever hears the choke counts
 * them as answered. Were the channel unchoked before such a request arrives, it would be answered again. So a request says which channel it wants the answer
 * on and how many chokes its sender had heard there. If that channel has ended, or more chokes were said, the request is dropped on arrival.
 *
 * Ended channels: what the other side sent before it knew is dropped. A block among it must be one that was asked for, and each comes only once.
 */
import { assert } from '../contract/index.ts'
import type { BlockRange, ChannelNumber, Message, MessageOf } from '../core/message.ts'
import { ProtocolError } from './error.ts'
import type { Stamp } from './forms.ts'
import { createSide } from './side.ts'
import type { Channel, Side } from './side.ts'

/** `late`: it was sent before its sender knew that the channel, or the request, had ended. It is to be dropped. */
export type Verdict = 'live' | 'late'

type OnOwnNumber = Exclude<Message, { type: 'hello' | 'open' | 'refuse' }>

const refuse = (speaker: Side, listener: Side, number: ChannelNumber): Verdict => {
  const refused = listener.find(number)
  if (refused === undefined) return 'late'
  listener.end(refused, true)
  const own = speaker.about(refused.subject)
  if (own !== undefined) speaker.end(own, false)
  return 'live'
}

const close = (speaker: Side, listener: Side, channel: Channel): Verdict => {
  speaker.end(channel, false)
  const other = listener.about(channel.subject)
  if (other !== undefined) listener.end(other, true)
  return 'live'
}

const request = (listener: Side, channel: Channel, message: MessageOf<'request'>, { of, chokes }: Stamp): Verdict => {
  const asked = listener.find(of)
  if (asked === undefined || chokes < asked.chokes) return 'late'
  if (asked.subject !== channel.subject) throw new ProtocolError(`A request on channel ${channel.number} wants its answer on ${of}, which is about something else.`)
  if (chokes > asked.chokes) throw new ProtocolError(`A request has heard ${chokes} chokes of ${asked.chokes}.`)
  listener.owe(asked, message)
  return 'live'
}

const stampOf = (stamp: Stamp | undefined): Stamp => {
  assert(stamp !== undefined, 'a request has a stamp')
  return stamp
}

const answer = (speaker: Side, channel: Channel, range: BlockRange, what: string): Verdict => {
  if (speaker.answer(channel, range)) return 'live'
  throw new ProtocolError(`Nobody asked for the ${what} of piece ${range.piece}, offset ${range.offset}, length ${range.length} on channel ${channel.number}.`)
}

const onEnded = (speaker: Side, message: OnOwnNumber): Verdict => {
  if (message.type === 'close') speaker.forget(message.number)
  return 'late'
}

const onLive = (speaker: Side, listener: Side, channel: Channel, message: OnOwnNumber, stamp: Stamp | undefined): Verdict => {
  switch (message.type) {
    case 'close': return close(speaker, listener, channel)
    case 'request': return request(listener, channel, message, stampOf(stamp))
    case 'reject': return answer(speaker, channel, message, 'reject')
    case 'choke': if (message.choked) speaker.choke(channel)
      return 'live'
    default: return 'live'
  }
}

/** Whatever `speaker` says, but for a block from the other side: that is judged by its header. */
const say = (speaker: Side, listener: Side, message: Message, stamp: Stamp | undefined): Verdict => {
  switch (message.type) {
    case 'hello': return 'live'
    case 'open': speaker.open(message.number, message.group + message.content)
      return 'live'
    case 'refuse': return refuse(speaker, listener, message.number)
    case 'block': return block(speaker, message.number, { piece: message.piece, offset: message.offset, length: message.data.byteLength })
    default: {
      const channel = speaker.find(message.number)
      return channel === undefined ? onEnded(speaker, message) : onLive(speaker, listener, channel, message, stamp)
    }
  }
}

const block = (speaker: Side, number: ChannelNumber, range: BlockRange): Verdict => {
  const channel = speaker.find(number)
  if (channel !== undefined) return answer(speaker, channel, range, 'block')
  if (speaker.answerLate(number, range)) return 'late'
  throw new ProtocolError(`Nobody asked for the block of piece ${range.piece}, offset ${range.offset}, length ${range.length} on channel ${number}, which has ended.`)
}

/** All of it throws ProtocolError when a rule is broken. */
export interface Channels {
  /** @param stamp of a request */
  sent (message: Message, stamp?: Stamp): Verdict
  /** For a request on our channel. */
  stamp (number: ChannelNumber): Stamp
  /** Not for blocks. */
  received (message: Message, stamp?: Stamp): Verdict
  receivedHeader (number: ChannelNumber, range: BlockRange): Verdict
  /** Whether the other side's channel is still open. */
  isOpen (number: ChannelNumber): boolean
}

export const createChannels = (): Channels => {
  const ours = createSide()
  const theirs = createSide()
  return {
    sent: (message, stamp) => say(ours, theirs, message, stamp),
    stamp (number) {
      const channel = ours.find(number)
      const asked = channel && theirs.about(channel.subject)
      if (asked === undefined) throw new ProtocolError(`A request on channel ${number}, whose content is not open both ways.`)
      return { of: asked.number, chokes: asked.chokes }
    },
    received: (message, stamp) => say(theirs, ours, message, stamp),
    receivedHeader: (number, range) => block(theirs, number, range),
    isOpen: number => theirs.find(number) !== undefined
  }
}
