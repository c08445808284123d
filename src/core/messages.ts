/**
 * What the other side says: finds the channel that a message is about, and holds it to what may be said there. Owns that rule; what a message does is in the
 * file of its subject. A message on a channel that has ended is one that crossed the end, and is dropped.
 */
import { onCancel, onRequest } from './upload.ts'
import { endChannel, onHave, onOpen, onPieces, onRefuse } from './channel.ts'
import type { Channel, Core, Link } from './core.ts'
import { retryLater } from './dialing.ts'
import { onBlock, onChoke, onReject } from './download.ts'
import { offend } from './link.ts'
import type { Message } from './message.ts'
import { onAskHashes, onHashes, onNoHashes } from './pages.ts'
import { emit } from './send.ts'
import { onWant } from './slots.ts'
import { forgetUnknown } from './unknown.ts'

type OnChannel = Exclude<Message, { type: 'hello' | 'open' | 'refuse' }>

const onRefused = (core: Core, link: Link, number: number): string | undefined => {
  if (number >= link.nextOurs) return `it refuses channel ${number}, which we never opened`
  const refused = onRefuse(core, link, number)
  if (refused !== undefined) retryLater(core, refused)
  return undefined
}

/** What a peer may say before it knows that we admitted it; the rest it says only when we have told it something. */
const early = new Set(['pieces', 'have', 'want', 'choke', 'close'])

/** @returns what is wrong with it */
const onLive = (core: Core, channel: Channel, message: OnChannel): string | undefined => {
  switch (message.type) {
    case 'close':
      endChannel(core, channel)
      retryLater(core, channel)
      return undefined
    case 'pieces': return onPieces(core, channel, message.have)
    case 'have': return onHave(core, channel, message.pieces)
    case 'want': onWant(core, channel, message.wanted); return undefined
    case 'choke': onChoke(core, channel, message.choked); return undefined
    case 'request': return onRequest(core, channel, message)
    case 'cancel': onCancel(core, channel, message); return undefined
    case 'block': return onBlock(core, channel, message.piece, message.offset, message.data)
    case 'reject': return onReject(core, channel, message)
    case 'ask-hashes': return onAskHashes(core, channel, message)
    case 'hashes': return onHashes(core, channel, message)
    case 'no-hashes': return onNoHashes(core, channel, message)
    case 'removal': emit(core, { type: 'removal', group: channel.group, entry: message.entry }); return undefined
    default: return message satisfies never
  }
}

/** @returns what is wrong with it */
const hearOnChannel = (core: Core, link: Link, message: OnChannel): string | undefined => {
  const { number, type } = message
  const channel = link.theirs.get(number)
  const unknown = channel === undefined ? link.unknownKeys.get(number) : undefined
  if (channel === undefined && unknown === undefined) return number >= link.nextTheirs ? `it never opened channel ${number}` : undefined
  if (channel?.admission !== 'admitted' && !early.has(type)) return `it said ${type} before it was admitted`
  if (channel === undefined) {
    if (type === 'close' && unknown !== undefined) {
      forgetUnknown(link, unknown)
      const own = link.channels.get(unknown)
      if (own !== undefined) {
        endChannel(core, own)
        retryLater(core, own)
      }
    }
    return undefined
  }
  const wrong = onLive(core, channel, message)
  if (channel.admission !== 'asked') return wrong
  // it must not see that there is something to be wrong about
  channel.wrong ??= wrong
  return undefined
}

/** @returns what is wrong with it */
const hearMessage = (core: Core, link: Link, message: Message): string | undefined => {
  switch (message.type) {
    case 'hello': return 'it said hello twice'
    case 'open': return onOpen(core, link, message)
    case 'refuse': return onRefused(core, link, message.number)
    default: return hearOnChannel(core, link, message)
  }
}

export const onMessage = (core: Core, link: Link, message: Message): void => {
  if (link.isEnding) return
  const wrong = hearMessage(core, link, message)
  if (wrong !== undefined) offend(core, link, wrong)
}
