/** Which new piece to begin with a peer: shows the selector its view, and holds it to what may be chosen. */
import type { PieceIndex, SelectorView } from '../contract/index.ts'
import { setIn } from './bits.ts'
import type { Channel, Core } from './core.ts'
import { emit } from './send.ts'
import { availability, eligible } from './transfer.ts'

/** Pieces asked of the selector at a time: those that fit in the window now, but not more. */
const mostChosen = 16
/** A selector that names this many pieces in a row that are no candidates is not listened to further. */
const mostMisses = 64
/** Candidates of a peer that are put in order by themselves, and those of others that are passed over before that is done. */
const mostSorted = 256
const mostPassed = 4_096

export const isBarred = (core: Core, channel: Channel, piece: PieceIndex): boolean => (channel.barred.get(piece) ?? 0) > core.now

const isCandidate = (core: Core, channel: Channel, piece: PieceIndex): boolean =>
  Number.isInteger(piece) && piece >= 0 && piece < channel.transfer.pieces &&
  channel.transfer.rarity?.has(piece) === true && channel.has?.has(piece) === true && !isBarred(core, channel, piece)

function * byIndex (core: Core, channel: Channel): Generator<PieceIndex> {
  const { transfer, has } = channel
  const { rarity } = transfer
  if (rarity === undefined) return
  const [lowest] = setIn(rarity.candidates, undefined, transfer.lowest)
  transfer.lowest = lowest ?? transfer.pieces
  for (const piece of setIn(rarity.candidates, has?.bits, transfer.lowest)) if (isCandidate(core, channel, piece)) yield piece
}

/** Some of the peer's candidates from a place on and round again, in the order of rarity. */
const sorted = (core: Core, channel: Channel, from: PieceIndex): PieceIndex[] => {
  const { transfer: { rarity }, has } = channel
  const found = new Set<PieceIndex>()
  if (rarity === undefined) return []
  for (const first of [from, 0]) {
    for (const piece of setIn(rarity.candidates, has?.bits, first)) {
      if (found.size >= mostSorted) break
      if (isCandidate(core, channel, piece)) found.add(piece)
    }
  }
  return [...found].sort((a, b) => rarity.orderOf(a) - rarity.orderOf(b))
}

/**
 * For a peer with everything, the order itself. Else pieces that nobody counted has are not theirs; and where theirs are few, or all far down the order, they
 * are looked up from the peer's side, so that a choice never costs a walk over all pieces.
 */
function * byRarity (core: Core, channel: Channel): Generator<PieceIndex> {
  const { transfer: { rarity, pieces }, has } = channel
  if (rarity === undefined || has === undefined) return
  if (has.bits !== undefined && eligible(channel) <= mostSorted) {
    yield * sorted(core, channel, 0)
    return
  }
  let passed = 0
  for (const piece of rarity.from(has.bits === undefined ? 0 : 1)) {
    if (isCandidate(core, channel, piece)) yield piece
    else if (++passed === mostPassed) yield * sorted(core, channel, core.random.below(pieces))
  }
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
