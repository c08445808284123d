/** What comes for our requests: blocks, rejects, chokes. Owns the account of fetched and wasted bytes; what becomes of a whole piece is storing.ts. */
import { cancelAsk, forgo, forgoAll, isFilling, rangeKey, setAdrift, setOwner, settle } from './asking.ts'
import { place, senders } from './assembly.ts'
import type { Channel, Core, Link, Owe } from './core.ts'
import type { BlockRange } from './message.ts'
import { wake, wakeLink } from './ready.ts'
import { hear } from './silence.ts'
import { onWhole } from './storing.ts'

/** A piece that a peer rejected is not asked of it for this long. */
const barMs = 10_000
/** Who has everything rejects pieces that others are to pass on (spreading.ts): it is asked for another at once, but not for ever. */
const sentAwayMs = 1_000
const mostSentAway = 32
const maxBarred = 1_000
/** A peer that gives nothing is asked again after this, doubling to the most. */
const firstWaitMs = 250
const mostWaitMs = 30_000

const owed = (channel: Channel, range: BlockRange): Owe | undefined => {
  const owe = channel.owes.get(rangeKey(range))
  return owe?.length === range.length ? owe : undefined
}

/** Bytes of a block that is not complete. */
export const onHeard = (core: Core, link: Link, bytes: number): void => {
  link.heardBytes += bytes
  link.pace.arrived(bytes, core.now)
  hear(core, link)
}

/** @returns what is wrong with it */
export const onBlock = (core: Core, channel: Channel, piece: number, offset: number, data: Uint8Array): string | undefined => {
  const { link, transfer } = channel
  const length = data.byteLength
  const owe = owed(channel, { piece, offset, length })
  if (owe === undefined) return `it sent ${length} bytes at ${offset} of piece ${piece} that nobody asked for`
  link.pace.arrived(Math.max(0, length - link.heardBytes), core.now)
  link.heardBytes = 0
  link.pace.answered(length, core.now - owe.at, owe.unhindered)
  settle(core, channel, owe)
  hear(core, link)
  transfer.fetchedBytes += length
  channel.fruitless = 0
  channel.wasSentAway = 0
  channel.hasDelivered = true
  const { ask } = owe
  if (ask === undefined) {
    transfer.wastedBytes += length
  } else {
    ask.askers.splice(ask.askers.indexOf(channel), 1)
    cancelAsk(core, ask)
    if (place(ask, data, link.peer.id)) onWhole(core, ask.assembly)
  }
  wakeLink(core, link)
  return undefined
}

const pauseAsking = (core: Core, channel: Channel): void => {
  channel.askAt = core.now + Math.min(mostWaitMs, firstWaitMs * 2 ** Math.min(16, channel.fruitless++))
}

const bar = (core: Core, { barred }: Channel, piece: number, ms: number): void => {
  barred.delete(piece)
  barred.set(piece, core.now + ms)
  if (barred.size <= maxBarred) return
  for (const [oldest] of barred) {
    barred.delete(oldest)
    break
  }
}

/** @returns what is wrong with it */
export const onReject = (core: Core, channel: Channel, range: BlockRange): string | undefined => {
  const { link } = channel
  const owe = owed(channel, range)
  if (owe === undefined) return `it rejects ${range.length} bytes at ${range.offset} of piece ${range.piece} that nobody asked for`
  const assembly = owe.ask?.assembly
  settle(core, channel, owe)
  hear(core, link)
  if (assembly !== undefined) {
    const isSentAway = channel.has?.bits === undefined && !senders(assembly).has(link.peer.id)
    bar(core, channel, range.piece, isSentAway ? sentAwayMs : barMs)
    if (!isSentAway || ++channel.wasSentAway > mostSentAway) pauseAsking(core, channel)
    if (assembly.owner === channel) setOwner(assembly, undefined)
  }
  forgo(core, channel, owe)
  if (assembly?.owner === undefined && assembly !== undefined && assembly.gaps.length > 0 && isFilling(assembly)) setAdrift(core, assembly)
  wakeLink(core, link)
  return undefined
}

export const onChoke = (core: Core, channel: Channel, choked: boolean): void => {
  if (choked === channel.isChoked) return
  channel.isChoked = choked
  if (!choked) {
    channel.hasDelivered = false
    wake(core, channel)
    return
  }
  if (channel.owes.size > 0 && !channel.hasDelivered) pauseAsking(core, channel)
  forgoAll(core, channel)
}
