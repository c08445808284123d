/**
 * What may be said when, on one link. Owns the rules by which channels open and end and requests are answered; nothing of bytes. The same rules hold for what
 * we send and for what we receive, so both ends' tables agree, but for what is still on its way.
 *
 * Requests carry the asker's number, their answers the answerer's: they meet by the content that both numbers are bound to.
 *
 * The race of choke and request: a choke answers every request that its sender has, and those on their way to it too, since whoever hears the choke counts
 * them as answered. Were the channel unchoked before such a request arrives, it would be answered again. So a request says how many chokes its sender had
 * heard on that channel, and one that had heard fewer than were said is dropped on arrival; the session never sees it.
 *
 * Ended channels: what the other side sent before it knew is dropped. A block among it must be one that was asked for, and each comes only once.
 */
import type { BlockRange, ChannelNumber, Message, MessageOf } from '../core/message.ts'
import { ProtocolError } from './error.ts'
import { createSide } from './side.ts'
import type { Channel, Side } from './side.ts'

/** `late`: it was sent before its sender knew that the channel, or the request, had ended. It is to be dropped. */
export type Verdict = 'live' | 'late'

type OnOwnNumber = Exclude<Message, { type: 'hello' | 'open' | 'refuse' }>

const counterpart = (listener: Side, channel: Channel): Channel => {
  const other = listener.about(channel.subject)
  if (other === undefined) throw new ProtocolError(`A request on channel ${channel.number}, whose content is not open both ways.`)
  return other
}

const refuse = (speaker: Side, listener: Side, number: ChannelNumber): Verdict => {
  const refused = listener.find(number)
  if (refused === undefined) return 'late'
  listener.end(refused, true)
  const own = speaker.about(refused.subject)
  if (own !== undefined) speaker.settle(own) // what was asked on the refused channel
  return 'live'
}

const close = (speaker: Side, listener: Side, channel: Channel): Verdict => {
  speaker.end(channel, false)
  const other = listener.about(channel.subject)
  if (other !== undefined) listener.end(other, true)
  return 'live'
}

const request = (listener: Side, channel: Channel, message: MessageOf<'request'>, chokes: number): Verdict => {
  const asked = counterpart(listener, channel)
  if (chokes < asked.chokes) return 'late'
  if (chokes > asked.chokes) throw new ProtocolError(`A request has heard ${chokes} chokes of ${asked.chokes}.`)
  listener.owe(asked, message)
  return 'live'
}

const answer = (speaker: Side, channel: Channel, range: BlockRange, what: string): Verdict => {
  if (speaker.answer(channel, range)) return 'live'
  throw new ProtocolError(`Nobody asked for the ${what} of piece ${range.piece}, offset ${range.offset}, length ${range.length} on channel ${channel.number}.`)
}

const onEnded = (speaker: Side, message: OnOwnNumber): Verdict => {
  if (message.type === 'close') speaker.forget(message.number)
  return 'late'
}

const onLive = (speaker: Side, listener: Side, channel: Channel, message: OnOwnNumber, chokes: number): Verdict => {
  switch (message.type) {
    case 'close': return close(speaker, listener, channel)
    case 'request': return request(listener, channel, message, chokes)
    case 'reject': return answer(speaker, channel, message, 'reject')
    case 'choke': if (message.choked) speaker.choke(channel)
      return 'live'
    default: return 'live'
  }
}

/** Whatever `speaker` says, but for a block from the other side: that is judged by its header. */
const say = (speaker: Side, listener: Side, message: Message, chokes: number): Verdict => {
  switch (message.type) {
    case 'hello': return 'live'
    case 'open': speaker.open(message.number, message.group + message.content)
      return 'live'
    case 'refuse': return refuse(speaker, listener, message.number)
    case 'block': return block(speaker, message.number, { piece: message.piece, offset: message.offset, length: message.data.byteLength })
    default: {
      const channel = speaker.find(message.number)
      return channel === undefined ? onEnded(speaker, message) : onLive(speaker, listener, channel, message, chokes)
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
  sent (message: Message): Verdict
  /** How many chokes we have heard about the content of our channel: the stamp of a request on it. */
  chokesHeard (number: ChannelNumber): number
  /** Not for blocks. */
  received (message: Message, chokes: number): Verdict
  receivedHeader (number: ChannelNumber, range: BlockRange): Verdict
  /** Whether the other side's channel is still open. */
  isOpen (number: ChannelNumber): boolean
}

export const createChannels = (): Channels => {
  const ours = createSide()
  const theirs = createSide()
  const chokesHeard = (number: ChannelNumber): number => {
    const channel = ours.find(number)
    return channel === undefined ? 0 : theirs.about(channel.subject)?.chokes ?? 0
  }
  return {
    sent: message => say(ours, theirs, message, message.type === 'request' ? chokesHeard(message.number) : 0),
    chokesHeard,
    received: (message, chokes) => say(theirs, ours, message, chokes),
    receivedHeader: (number, range) => block(theirs, number, range),
    isOpen: number => theirs.find(number) !== undefined
  }
}
