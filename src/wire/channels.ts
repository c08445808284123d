/**
 * What may be said when, on one link. Owns the rules by which channels open and end and requests are answered; nothing of bytes. The same rules hold for what
 * we send and for what we receive, so both ends' tables agree, but for what is still on its way.
 *
 * Requests carry the asker's number, their answers the answerer's: they meet by the subject, the group and content that both numbers are bound to.
 *
 * A choke and a request that cross: a choke answers every request that its sender has, and those on their way to it too, since whoever hears it counts them
 * as answered. Were the channel unchoked before such a request arrives, it would be answered again. So a request says how many chokes its sender had heard
 * on the channel that is to answer, and is dropped on arrival if more were said.
 *
 * A close and an open that cross: a close ends whatever either side has about its subject, also what is on its way to the closer. So an open says how many
 * closes its sender had heard, and is dropped on arrival if its subject was closed since; its sender ends it when it hears the close.
 *
 * Ended channels: what is said on them was said before its sender knew, and is dropped. A block among it must be one that was asked for, and comes only once.
 */
import type { BlockRange, ChannelNumber, Message, MessageOf } from '../core/message.ts'
import { ProtocolError } from './error.ts'
import type { Stamp } from './forms.ts'
import { createSide } from './side.ts'
import type { Channel, Side } from './side.ts'

/** `late`: it was sent before its sender knew that the channel, or the request, had ended. It is to be dropped. */
type Verdict = 'live' | 'late'

/** All of it throws ProtocolError when a rule is broken. */
export interface Channels {
  /** What goes with a message of ours. */
  stamp (message: Message): Stamp
  sent (message: Message, stamp: Stamp): void
  /** Not for blocks. @returns what the session is to hear: this message, another one, or nothing */
  received (message: Message, stamp: Stamp): Message | undefined
  /** A block from the other side is judged by its header. */
  receivedHeader (number: ChannelNumber, range: BlockRange): Verdict
  /** Whether the other side's channel is still open. */
  isOpen (number: ChannelNumber): boolean
}

const subjectOf = ({ group, content }: MessageOf<'open'>): string => group + content

const answer = (speaker: Side, number: ChannelNumber, range: BlockRange, what: string): Verdict => {
  const channel = speaker.find(number)
  if (channel !== undefined ? speaker.answer(channel, range) : speaker.answerLate(number, range)) return channel === undefined ? 'late' : 'live'
  // a reject costs nothing
  if (channel === undefined && what === 'reject') return 'late'
  throw new ProtocolError(`Nobody asked for the ${what} of piece ${range.piece}, offset ${range.offset}, length ${range.length} on channel ${number}.`)
}

const refuse = (speaker: Side, listener: Side, number: ChannelNumber): Verdict => {
  const refused = listener.find(number)
  if (refused === undefined) return 'late'
  listener.end(refused, true)
  const own = speaker.about(refused.subject)
  if (own !== undefined) speaker.end(own, false)
  return 'live'
}

const request = (listener: Side, channel: Channel, message: MessageOf<'request'>, heard: number): Verdict => {
  const asked = listener.about(channel.subject)
  if (asked === undefined) throw new ProtocolError(`A request on channel ${channel.number}, whose content is not open both ways.`)
  if (heard < asked.chokes) return 'late'
  if (heard > asked.chokes) throw new ProtocolError(`A request has heard ${heard} chokes of ${asked.chokes}.`)
  listener.owe(asked, message)
  return 'live'
}

const onLive = (speaker: Side, listener: Side, channel: Channel, message: Message, { heard = 0 }: Stamp): Verdict => {
  if (message.type === 'request') return request(listener, channel, message, heard)
  if (message.type === 'choke' && message.choked) speaker.choke(channel)
  return 'live'
}

/** Whatever is the same for both sides: all but `hello`, `open` and `close`. */
const say = (speaker: Side, listener: Side, message: Exclude<Message, MessageOf<'hello' | 'open' | 'close'>>, stamp: Stamp): Verdict => {
  switch (message.type) {
    case 'refuse': return refuse(speaker, listener, message.number)
    case 'reject': return answer(speaker, message.number, message, 'reject')
    case 'block': return answer(speaker, message.number, { piece: message.piece, offset: message.offset, length: message.data.byteLength }, 'block')
    default: {
      const channel = speaker.find(message.number)
      return channel === undefined ? 'late' : onLive(speaker, listener, channel, message, stamp)
    }
  }
}

/** Ends what either side has about the subject. @returns what the listener had */
const close = (speaker: Side, listener: Side, number: ChannelNumber, subject: string): { readonly own: Channel | undefined, readonly other: Channel | undefined } => {
  const own = speaker.find(number)
  if (own !== undefined && own.subject !== subject) throw new ProtocolError(`Channel ${number} is not about what it is closed for.`)
  if (own !== undefined) speaker.end(own, false)
  else speaker.forget(number)
  const other = listener.about(subject)
  if (other !== undefined) listener.end(other, true)
  return { own, other }
}

export const createChannels = (): Channels => {
  const ours = createSide()
  const theirs = createSide()
  let closesSaid = 0
  let closesHeard = 0
  /** The last close of ours by its subject, in rising order, while an open that had not heard it may come. */
  const closed = new Map<string, number>()

  const opened = (message: MessageOf<'open'>, heard: number): Message | undefined => {
    const subject = subjectOf(message)
    if (heard > closesSaid) throw new ProtocolError(`An open has heard ${heard} closes of ${closesSaid}.`)
    for (const [of, at] of closed) {
      if (at > heard) break
      closed.delete(of)
    }
    if (closed.has(subject)) {
      theirs.skip(message.number)
      return undefined
    }
    theirs.open(message.number, subject)
    return message
  }

  const closedByThem = (message: MessageOf<'close'>, subject: string): Message | undefined => {
    closesHeard++
    const { own, other } = close(theirs, ours, message.number, subject)
    if (own !== undefined) return message
    // to our session its open looks refused
    return other === undefined ? undefined : { type: 'refuse', number: other.number }
  }

  const closedByUs = (number: ChannelNumber, subject: string): void => {
    closesSaid++
    closed.delete(subject)
    closed.set(subject, closesSaid)
    if (close(ours, theirs, number, subject).own === undefined) throw new ProtocolError(`Channel ${number} has ended.`)
  }

  const live = (number: ChannelNumber): Channel => {
    const channel = ours.find(number)
    if (channel === undefined) throw new ProtocolError(`Channel ${number} has ended.`)
    return channel
  }

  return {
    stamp (message) {
      if (message.type === 'open') return { heard: closesHeard }
      if (message.type === 'close') return { subject: live(message.number).subject }
      if (message.type !== 'request') return {}
      const asked = theirs.about(live(message.number).subject)
      if (asked === undefined) throw new ProtocolError(`A request on channel ${message.number}, whose content is not open both ways.`)
      return { heard: asked.chokes }
    },
    sent (message, stamp) {
      if (message.type === 'hello') return
      if (message.type === 'open') ours.open(message.number, subjectOf(message))
      else if (message.type === 'close') closedByUs(message.number, stamp.subject ?? '')
      else if (say(ours, theirs, message, stamp) === 'late') throw new ProtocolError(`Channel ${message.number} has ended.`)
    },
    received (message, stamp) {
      if (message.type === 'hello') return message
      if (message.type === 'open') return opened(message, stamp.heard ?? 0)
      if (message.type === 'close') return closedByThem(message, stamp.subject ?? '')
      return say(theirs, ours, message, stamp) === 'live' ? message : undefined
    },
    receivedHeader: (number, range) => answer(theirs, number, range, 'block'),
    isOpen: number => theirs.find(number) !== undefined
  }
}
