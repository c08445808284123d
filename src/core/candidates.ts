/**
 * The candidates that one peer has, found in time that does not grow with the content. No list of them is kept up to date for each peer: with a thousand peers, a
 * piece that is begun would have to be struck from a thousand lists, and each would be as large as what the peer told.
 *
 * First a few places of the order of rarity are tried. Of peers whose pieces are few, or all far down the order, some candidates are known: looked up from the peer's
 * side, from a random piece on. When these were all, they stay all: what becomes a candidate is told. Else they serve for more choices the longer it took to find them.
 */
import type { PieceIndex } from '../contract/index.ts'
import type { Bits } from './bits.ts'
import type { Random } from './random.ts'
import type { Rarity } from './rarity.ts'

export interface Candidates {
  /** Whether there is one. */
  any (): boolean
  /** The peer got the piece, or it became a candidate. */
  put (piece: PieceIndex): void
  /** Pieces from `first` on and before `end` became candidates. */
  putAll (first: PieceIndex, end: PieceIndex): void
  /** Rarest first, the first of them at least. Pieces that nobody counted has are not theirs. Nothing may change meanwhile. */
  byRarity (): Iterable<PieceIndex>
  byIndex (): Iterable<PieceIndex>
}

/** Places in the order of rarity that are tried first. */
const mostTried = 256
/** Candidates that are known after a look, and before the next one. */
const mostFound = 128
const mostKnown = 2 * mostFound
/** A look that walked over so many pieces serves for one choice more. */
const walkPerChoice = 2_048

/** Of a peer that has everything. */
export const allCandidates = (rarity: Rarity): Candidates => ({
  any: () => rarity.size > 0,
  put () { /* it is one of them already */ },
  putAll () { /* they are already */ },
  * byRarity () { for (let place = rarity.begin(0); place < rarity.size; place++) yield rarity.at(place) },
  byIndex: () => rarity.candidates.from(0)
})

/** @param theirs what the peer has, as it grows */
export const candidates = (rarity: Rarity, theirs: Bits, random: Random): Candidates => {
  const known: PieceIndex[] = []
  /** What is known is all there is. */
  let isAll = false
  /** Choices for which it serves still. */
  let choices = 0

  const find = (most: number, first: PieceIndex, end: PieceIndex): PieceIndex => {
    let piece = theirs.next(first, rarity.candidates)
    for (; piece < end && known.length < most; piece = theirs.next(piece + 1, rarity.candidates)) known.push(piece)
    return Math.min(piece, end)
  }
  const look = (most: number): void => {
    known.length = 0
    const first = random.below(theirs.length)
    const walked = find(most, first, theirs.length) - first + (known.length < most ? find(most, 0, first) : 0)
    isAll = known.length < most
    choices = Math.floor(walked / walkPerChoice)
  }
  /** Forgets what is no candidate any more, and looks again when that is worth it. */
  const refresh = (): void => {
    let kept = 0
    for (const piece of known) if (rarity.has(piece)) known[kept++] = piece
    known.length = kept
    if (!isAll && (kept === 0 || --choices < 0)) look(mostFound)
  }

  function * tried (first: number, end: number, but?: ReadonlySet<PieceIndex>): Generator<PieceIndex> {
    for (let place = rarity.next(theirs, first, end); place < end; place = rarity.next(theirs, place + 1, end)) {
      const piece = rarity.at(place)
      if (but?.has(piece) !== true) yield piece
    }
  }
  /** The first without sorting, as most selectors take no more. */
  function * sorted (pieces: readonly PieceIndex[]): Generator<PieceIndex> {
    let [rarest] = pieces
    if (rarest === undefined) return
    for (const piece of pieces) if (rarity.placeOf(piece) < rarity.placeOf(rarest)) rarest = piece
    yield rarest
    for (const piece of pieces.toSorted((a, b) => rarity.placeOf(a) - rarity.placeOf(b))) if (piece !== rarest) yield piece
  }

  return {
    any () {
      if (rarity.size === 0) return false
      for (let last = known.at(-1); last !== undefined && !rarity.has(last); last = known.at(-1)) known.pop()
      if (known.length > 0 || isAll) return known.length > 0
      look(1)
      if (choices > 0) look(mostFound)
      return known.length > 0
    },
    put (piece) {
      if (!isAll || known.includes(piece)) return
      if (known.length < mostKnown) known.push(piece)
      else isAll = false
    },
    putAll (first, end) { if (theirs.any(first, end)) isAll = false },
    * byRarity () {
      const first = rarity.begin(1)
      const end = isAll ? first : Math.min(rarity.size, first + mostTried)
      yield * tried(first, end)
      if (end === rarity.size) return
      refresh()
      const rest = known.filter(piece => rarity.placeOf(piece) >= end)
      yield * sorted(rest)
      if (!isAll) yield * tried(end, rarity.size, new Set(rest))
    },
    * byIndex () {
      for (let piece = theirs.next(0, rarity.candidates); piece < theirs.length; piece = theirs.next(piece + 1, rarity.candidates)) yield piece
    }
  }
}
