/** Which new piece to begin with a peer: shows the selector its view, and holds it to what may be chosen. */
import type { PieceIndex, SelectorView } from '../contract/index.ts'
import type { Channel, Core } from './core.ts'
import { emit } from './send.ts'
import { availability, eligible } from './transfer.ts'

/** Pieces asked of the selector at a time: those that fit in the window now, but not more. */
const mostChosen = 16
/** A selector that names this many pieces in a row that are no candidates is not listened to further. */
const mostMisses = 64
/** Candidates of a peer that are put in order by themselves, and those of others that are passed over before that is done. */
const mostSorted = 256
const mostPassed = 512

export const isBarred = (core: Core, channel: Channel, piece: PieceIndex): boolean => (channel.barred.get(piece) ?? 0) > core.now

const isCandidate = (core: Core, channel: Channel, piece: PieceIndex): boolean =>
  Number.isInteger(piece) && piece >= 0 && piece < channel.transfer.pieces &&
  channel.transfer.rarity?.has(piece) === true && channel.has?.has(piece) === true && !isBarred(core, channel, piece)

function * byIndex (core: Core, channel: Channel): Generator<PieceIndex> {
  for (const piece of eligible(channel)?.from(0) ?? []) if (isCandidate(core, channel, piece)) yield piece
}

/** Some of the peer's candidates, from a place on and round again, in the order of rarity: the first without sorting, as most selectors take no more. */
function * fromTheirs (core: Core, channel: Channel, place: PieceIndex): Generator<PieceIndex> {
  const { rarity } = channel.transfer
  const found = new Set<PieceIndex>()
  for (const first of place === 0 ? [0] : [place, 0]) {
    for (const piece of eligible(channel)?.from(first) ?? []) {
      if (found.size >= mostSorted) break
      if (isCandidate(core, channel, piece)) found.add(piece)
    }
  }
  const order = (piece: PieceIndex): number => rarity?.orderOf(piece) ?? 0
  let rarest: PieceIndex | undefined
  for (const piece of found) if (rarest === undefined || order(piece) < order(rarest)) rarest = piece
  if (rarest === undefined) return
  yield rarest
  found.delete(rarest)
  yield * [...found].sort((a, b) => order(a) - order(b))
}

/**
 * For a peer with everything, the order itself. Else pieces that nobody counted has are not theirs; and where theirs are few, or all far down the order, they
 * are looked up from the peer's side, so that a choice never costs a walk over all pieces.
 */
function * byRarity (core: Core, channel: Channel): Generator<PieceIndex> {
  const { transfer: { rarity, pieces }, has } = channel
  if (rarity === undefined || has === undefined) return
  if (has.bits !== undefined && (channel.eligible?.count ?? 0) <= mostSorted) {
    yield * fromTheirs(core, channel, 0)
    return
  }
  let passed = 0
  for (const piece of rarity.from(has.bits === undefined ? 0 : 1)) {
    if (isCandidate(core, channel, piece)) yield piece
    else if (++passed === mostPassed) yield * fromTheirs(core, channel, core.random.below(pieces))
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
