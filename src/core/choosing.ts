/** Which new piece to begin with a peer: shows the selector its view, and holds it to what may be chosen. */
import type { PieceIndex, SelectorView } from '../contract/index.ts'
import type { Channel, Core } from './core.ts'
import { emit } from './send.ts'
import { availability, eligible } from './transfer.ts'

/** Pieces asked of the selector at a time: those that fit in the window now, but not more. */
const mostChosen = 16
/** A selector that names this many pieces in a row that are no candidates is not listened to further. */
const mostMisses = 64
/** With fewer than one candidate in so many, it is quicker to look at the peer's pieces than at all candidates. */
const sparse = 64

export const isBarred = (core: Core, channel: Channel, piece: PieceIndex): boolean => (channel.barred.get(piece) ?? 0) > core.now

const isCandidate = (core: Core, channel: Channel, piece: PieceIndex): boolean =>
  Number.isInteger(piece) && piece >= 0 && piece < channel.transfer.pieces &&
  channel.transfer.rarity?.has(piece) === true && channel.has?.has(piece) === true && !isBarred(core, channel, piece)

function * byIndex (core: Core, channel: Channel): Generator<PieceIndex> {
  const { transfer } = channel
  const { rarity } = transfer
  while (transfer.lowest < transfer.pieces && rarity?.has(transfer.lowest) === false) transfer.lowest++
  for (let piece = transfer.lowest; piece < transfer.pieces; piece++) if (isCandidate(core, channel, piece)) yield piece
}

function * byRarity (core: Core, channel: Channel): Generator<PieceIndex> {
  const { transfer: { rarity }, has } = channel
  if (rarity === undefined || has === undefined) return
  if (has.all || eligible(channel) * sparse > rarity.size) {
    // whoever does not have everything is counted, so pieces that nobody counted has are not theirs
    for (const piece of rarity.from(has.all ? 0 : 1)) if (isCandidate(core, channel, piece)) yield piece
    return
  }
  const few = [...byIndex(core, channel)].map(piece => ({ piece, order: rarity.orderOf(piece) }))
  for (const { piece } of few.sort((a, b) => a.order - b.order)) yield piece
}

const viewOf = (core: Core, channel: Channel): SelectorView => {
  const { transfer } = channel
  return {
    pieces: transfer.pieces,
    owned: transfer.have.count,
    byRarity: () => byRarity(core, channel),
    byIndex: () => byIndex(core, channel),
    isCandidate: piece => isCandidate(core, channel, piece),
    availability: piece => availability(transfer, piece),
    random: () => core.random.next()
  }
}

/** Fills the channel's shortlist. */
const choose = (core: Core, channel: Channel): void => {
  const { link, transfer, shortlist } = channel
  const room = link.pace.windowBytes - link.owedBytes
  const count = Math.min(mostChosen, Math.max(1, Math.ceil(room / transfer.manifest.pieceLength)))
  let misses = 0
  for (const piece of core.selector.select(viewOf(core, channel), count)) {
    if (isCandidate(core, channel, piece)) {
      shortlist.push(piece)
      if (shortlist.length >= count) break
      continue
    }
    if (!transfer.hasMisselected) emit(core, { type: 'misselected', content: transfer.content, piece })
    transfer.hasMisselected = true
    if (++misses >= mostMisses) break
  }
}

/** The next piece to begin with the channel's peer; undefined when the selector names none. */
export const nextPiece = (core: Core, channel: Channel): PieceIndex | undefined => {
  const { shortlist } = channel
  for (let round = 0; round < 2; round++) {
    for (let piece = shortlist.shift(); piece !== undefined; piece = shortlist.shift()) if (isCandidate(core, channel, piece)) return piece
    if (round === 0) choose(core, channel)
  }
  return undefined
}
