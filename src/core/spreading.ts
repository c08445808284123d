/**
 * Who has everything gives each piece once before any twice: as long as there are pieces that nobody else here has or is being given, whoever asks for another one
 * is sent away with a reject, and asks for one of those. So its uplink carries what only it has, and the others pass on the rest. Owns who is being given what;
 * the requests are upload.ts.
 *
 * Nobody is starved by it: what was given to nobody is always given; a peer that keeps what it was given to itself is waited for about as long as others took to
 * tell; and who is sent away again and again is served whatever it asks for.
 */
import type { PieceIndex } from '../contract/index.ts'
import type { Channel, Core, Link, Transfer } from './core.ts'

/** Gifts that are remembered: no more are on their way at a time. */
const maxGifts = 4_096
/** Of what is given to who never told of a piece, so much is kept back from others: it may ask for everything and take nothing. */
const mostUntold = 16
/** Who was sent away so often in a row is served. */
const mostSentAway = 24
/** Pieces that are looked at in search of one that was given to nobody. */
const mostLooks = 256
/** A gift is believed to be on its way for so much longer than twice what others took, and never for longer than the most. */
const leastWaitMs = 1_000
const mostWaitMs = 60_000
/** What is expected of the first, from the request to the news that it was stored. */
export const firstTellMs = 5_000
/** Of each that is told, so much goes into the estimate. */
const weight = 0.125

export interface Gift { readonly channel: Channel, readonly at: number }

const waitMs = ({ tellMs }: Transfer): number => Math.min(mostWaitMs, leastWaitMs + 2 * tellMs)

/** Whether somebody but this channel's peer has the piece or is being given it. Others who have everything do not count: they spread it like us. */
const isOut = (core: Core, transfer: Transfer, piece: PieceIndex, except?: Link): boolean => {
  const gift = transfer.gifts.get(piece)
  if (gift !== undefined && gift.channel.link !== except && core.now < gift.at + waitMs(transfer)) return true
  for (const { has, isJoined, link } of transfer.channels) {
    if (isJoined && link !== except && has?.bits !== undefined && has.has(piece)) return true
  }
  return false
}

/** Whether there is a piece that was given to nobody. */
const hasMore = (core: Core, transfer: Transfer): boolean => {
  for (let looks = 0; looks < mostLooks && transfer.ungiven < transfer.pieces; looks++) {
    if (!isOut(core, transfer, transfer.ungiven)) return true
    transfer.ungiven++
  }
  return false
}

/** Whether somebody who told of pieces before is being given one: that it is told of will be more use to others than a piece given twice. */
const isGiving = (core: Core, transfer: Transfer): boolean => {
  const { gifts } = transfer
  for (const [piece, { channel, at }] of gifts) {
    if (core.now >= at + waitMs(transfer)) gifts.delete(piece)
    else if (channel.hasSpread) return true
  }
  return false
}

/** The piece is asked for. @returns whether it is given to the channel's peer, who should ask for another one otherwise */
export const give = (core: Core, channel: Channel, piece: PieceIndex): boolean => {
  const { link, transfer } = channel
  const { gifts } = transfer
  if (!transfer.isComplete) return true
  if (isOut(core, transfer, piece, link)) {
    if (channel.sentAway >= mostSentAway || !(hasMore(core, transfer) || isGiving(core, transfer))) return true
    channel.sentAway++
    return false
  }
  channel.sentAway = 0
  if (gifts.get(piece)?.channel === channel) return true
  if (!channel.hasSpread && ++channel.untold > mostUntold) return true
  gifts.delete(piece)
  gifts.set(piece, { channel, at: core.now })
  if (gifts.size <= maxGifts) return true
  for (const oldest of gifts.keys()) {
    gifts.delete(oldest)
    break
  }
  return true
}

/** The channel's peer has the piece. */
export const onTold = (core: Core, channel: Channel, piece: PieceIndex): void => {
  const { transfer } = channel
  const gift = transfer.gifts.get(piece)
  if (gift === undefined) return
  transfer.gifts.delete(piece)
  if (gift.channel !== channel) return
  channel.hasSpread = true
  transfer.tellMs += weight * (core.now - gift.at - transfer.tellMs)
}

/** The channel's peer came or went: what was given is looked at anew. */
export const respread = ({ transfer }: Channel): void => { transfer.ungiven = 0 }

/** The channel's peer is gone: it tells nothing more. */
export const forgetGifts = (channel: Channel): void => {
  const { gifts } = channel.transfer
  for (const [piece, gift] of gifts) if (gift.channel === channel) gifts.delete(piece)
}
