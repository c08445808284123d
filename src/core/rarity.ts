/**
 * How many peers have each piece that is missing, and the candidates ordered by that: one array, cut into buckets of equal availability, each in an order drawn from
 * the seed. Owns the order; which pieces are candidates is the transfer's. A `have` costs constant time; a piece that comes or goes as a candidate, one step per
 * bucket, so at most one per peer; what a peer has when it comes or goes, one step for each of its pieces, and at most one walk over all before the next choice.
 * Peers that have everything are not counted here: they change no order. Nor is who has a piece that we have.
 */
import type { PieceIndex } from '../contract/index.ts'
import { bits } from './bits.ts'
import type { Bits } from './bits.ts'
import type { Random } from './random.ts'

export interface Rarity {
  /** Number of candidates. */
  readonly size: number
  readonly candidates: Bits
  /** Pieces that we do not have; kept by the transfer. Of others nothing is counted. */
  readonly missing: Bits
  /** By peers that told single pieces. */
  availability (piece: PieceIndex): number
  has (piece: PieceIndex): boolean
  add (piece: PieceIndex): void
  /** At the beginning, when nothing is a candidate. */
  addAll (pieces: readonly PieceIndex[]): void
  remove (piece: PieceIndex): void
  /** One more peer has the piece, which is missing. */
  more (piece: PieceIndex): void
  /** One less. */
  fewer (piece: PieceIndex): void
  /** The same for many, of which some may not be missing. */
  moreOf (pieces: Bits): void
  fewerOf (pieces: Bits): void
  /** Where in the order those begin that at least so many peers have. Places hold until the next change, and are asked for after this. */
  begin (least: number): number
  at (place: number): PieceIndex
  /** Where a candidate stands in the order. */
  placeOf (piece: PieceIndex): number
  /** The first place from `place` on, and before `end`, with one of these; `end` when there is none. */
  next (pieces: Bits, place: number, end: number): number
}

/** Putting all candidates in order anew costs as much as so many steps for single pieces. */
const sortPerStep = 8

export const rarity = (pieces: number, random: Random): Rarity => {
  /** Of each piece its availability, and its place if it is a candidate: side by side, because one is rarely needed without the other, and memory is slow. */
  const cells = new Uint32Array(2 * pieces)
  const order = new Uint32Array(pieces)
  const candidates = bits(pieces)
  const missing = bits(pieces)
  /** ends[b]: where bucket b ends in the order, and the next one begins. */
  const ends: number[] = [0]
  let isSorted = true

  const size = (): number => candidates.count
  const count = (piece: PieceIndex): number => cells[2 * piece] ?? 0
  const place = (piece: PieceIndex): number => cells[2 * piece + 1] ?? 0
  const at = (index: number): PieceIndex => order[index] ?? 0
  const end = (bucket: number): number => ends[bucket] ?? size()
  const begin = (bucket: number): number => bucket === 0 ? 0 : end(bucket - 1)
  const reach = (bucket: number): void => { while (ends.length <= bucket) ends.push(size()) }
  const put = (piece: PieceIndex, index: number): void => {
    order[index] = piece
    cells[2 * piece + 1] = index
  }
  /** Takes the piece to a random place from `first` on and before `last`; whoever stood at the edge, which is one of these, takes the place that it leaves. */
  const move = (piece: PieceIndex, edge: number, first: number, last: number): void => {
    put(at(edge), place(piece))
    const index = first + random.below(last - first)
    if (index !== edge) put(at(index), edge)
    put(piece, index)
  }

  /** All buckets anew, by a counting sort that keeps the order of equals. */
  const sort = (): void => {
    isSorted = true
    const old = order.slice(0, size())
    ends.fill(0)
    for (const piece of old) {
      while (ends.length <= count(piece)) ends.push(0)
      ends[count(piece)] = (ends[count(piece)] ?? 0) + 1
    }
    const next: number[] = []
    let before = 0
    for (const [bucket, held] of ends.entries()) {
      next.push(before)
      before += held
      ends[bucket] = before
    }
    for (const piece of old) {
      const bucket = count(piece)
      const index = next[bucket] ?? 0
      next[bucket] = index + 1
      put(piece, index)
    }
  }
  const settle = (): void => { if (!isSorted) sort() }

  const more = (piece: PieceIndex): void => {
    const bucket = count(piece)
    cells[2 * piece] = bucket + 1
    if (!isSorted || !candidates.has(piece)) return
    reach(bucket + 1)
    const last = end(bucket) - 1
    ends[bucket] = last
    move(piece, last, last, end(bucket + 1))
  }
  const fewer = (piece: PieceIndex): void => {
    const bucket = count(piece)
    cells[2 * piece] = bucket - 1
    if (!isSorted || !candidates.has(piece)) return
    const first = begin(bucket)
    ends[bucket - 1] = first + 1
    move(piece, first, begin(bucket - 1), first + 1)
  }
  const change = (pieces: Bits, step: (piece: PieceIndex) => void): void => {
    if (pieces.count * sortPerStep > size()) isSorted = false
    for (let piece = pieces.next(0, missing); piece < pieces.length; piece = pieces.next(piece + 1, missing)) step(piece)
  }

  return {
    get size () { return size() },
    candidates,
    missing,
    availability: count,
    has: candidates.has,
    add (piece) {
      settle()
      let hole = size()
      if (!candidates.add(piece)) return
      const bucket = count(piece)
      while (ends.length <= bucket) ends.push(hole)
      for (let b = ends.length - 1; b > bucket; b--) {
        const first = begin(b)
        if (first !== hole) put(at(first), hole)
        hole = first
        ends[b] = end(b) + 1
      }
      ends[bucket] = hole + 1
      put(piece, hole)
      move(piece, hole, begin(bucket), hole + 1)
    },
    addAll (pieces) {
      for (const [index, piece] of pieces.entries()) {
        candidates.add(piece)
        put(piece, index)
        move(piece, index, 0, index + 1)
      }
      sort()
    },
    remove (piece) {
      settle()
      if (!candidates.has(piece)) return
      let hole = place(piece)
      for (let b = count(piece); b < ends.length; b++) {
        const last = end(b) - 1
        if (last !== hole) put(at(last), hole)
        hole = last
        ends[b] = last
      }
      candidates.delete(piece)
    },
    more,
    fewer,
    moreOf (pieces) { change(pieces, more) },
    fewerOf (pieces) { change(pieces, fewer) },
    begin (least) {
      settle()
      return begin(least)
    },
    at,
    placeOf: place,
    next (pieces, place, end) {
      let index = place
      while (index < end && !pieces.has(at(index))) index++
      return index
    }
  }
}
