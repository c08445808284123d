/** Which new piece to begin with a peer: shows the selector its view, and holds it to what may be chosen. */
import type { PieceIndex, SelectorView } from '../contract/index.ts'
import type { Channel, Core } from './core.ts'
import { emit } from './send.ts'
import { availability } from './transfer.ts'

/** Pieces asked of the selector at a time: those that fit in the window and in the budget now, but not more. What is not begun at once is chosen anew. */
const mostChosen = 16
/** A selector that names this many pieces in a row that are no candidates is not listened to further. */
const mostMisses = 64

export const isBarred = (core: Core, channel: Channel, piece: PieceIndex): boolean => (channel.barred.get(piece) ?? 0) > core.now

const isCandidate = (core: Core, channel: Channel, piece: PieceIndex): boolean =>
  Number.isInteger(piece) && piece >= 0 && piece < channel.transfer.pieces &&
  channel.transfer.rarity?.has(piece) === true && channel.has?.has(piece) === true && !isBarred(core, channel, piece)

/** Whether the channel's peer has one. */
export const hasCandidate = ({ candidates }: Channel): boolean => candidates?.any() === true

function * unbarred (core: Core, channel: Channel, pieces: Iterable<PieceIndex>): Generator<PieceIndex> {
  for (const piece of pieces) if (!isBarred(core, channel, piece)) yield piece
}

const allowed = (core: Core, channel: Channel, pieces: Iterable<PieceIndex> = []): Iterable<PieceIndex> =>
  channel.barred.size === 0 ? pieces : unbarred(core, channel, pieces)

const viewOf = (core: Core, channel: Channel): SelectorView => {
  const { transfer, candidates } = channel
  return {
    pieces: transfer.pieces,
    owned: transfer.have.count,
    byRarity: () => allowed(core, channel, candidates?.byRarity()),
    byIndex: () => allowed(core, channel, candidates?.byIndex()),
    isCandidate: piece => isCandidate(core, channel, piece),
    availability: piece => availability(transfer, piece),
    random: () => core.random.next()
  }
}

/** Fills the channel's shortlist. */
const choose = (core: Core, channel: Channel, roomBytes: number): void => {
  const { link, transfer, shortlist } = channel
  const room = Math.min(link.pace.windowBytes - link.owedBytes, roomBytes)
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

/**
 * The next piece to begin with the channel's peer; undefined when the selector names none.
 * @param roomBytes what the budget has room for
 */
export const nextPiece = (core: Core, channel: Channel, roomBytes: number): PieceIndex | undefined => {
  const { shortlist } = channel
  for (let round = 0; round < 2; round++) {
    for (let piece = shortlist.shift(); piece !== undefined; piece = shortlist.shift()) if (isCandidate(core, channel, piece)) return piece
    if (round === 0) choose(core, channel, roomBytes)
  }
  return undefined
}
