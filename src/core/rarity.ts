/**
 * How many peers have each piece, and the candidates ordered by that: one array, cut into buckets of equal availability. Owns the order; which pieces are
 * candidates is the transfer's. A `have` costs constant time; a piece that comes or goes as a candidate, one step per bucket, so at most one per peer; what a
 * peer has when it comes or goes, one walk over the candidates at most.
 * Peers that have everything are not counted here: they change no order.
 */
import type { PieceIndex } from '../contract/index.ts'
import { bits } from './bits.ts'
import type { Bits } from './bits.ts'
import type { Random } from './random.ts'

export interface Rarity {
  /** Number of candidates. */
  readonly size: number
  readonly candidates: Bits
  /** By peers that told single pieces. */
  availability (piece: PieceIndex): number
  has (piece: PieceIndex): boolean
  add (piece: PieceIndex): void
  /** At the beginning, when nothing is a candidate. */
  addAll (pieces: readonly PieceIndex[]): void
  remove (piece: PieceIndex): void
  /** One more peer has the piece. */
  more (piece: PieceIndex): void
  /** One less. */
  fewer (piece: PieceIndex): void
  /** The same for many: whoever were equal and still are keep their order. */
  moreOf (pieces: Bits): void
  fewerOf (pieces: Bits): void
  /** Where a candidate stands in the order. */
  orderOf (piece: PieceIndex): number
  /** Candidates, rarest first, from those that at least `least` peers have. Not to be changed meanwhile. */
  from (least: number): Iterable<PieceIndex>
}

const absent = -1
/** One walk over all candidates costs as much as so many steps for single pieces. */
const walkPerStep = 8

export const rarity = (pieces: number, random: Random): Rarity => {
  const counts = new Uint16Array(pieces)
  const order = new Uint32Array(pieces)
  const places = new Int32Array(pieces).fill(absent)
  const candidates = bits(pieces)
  /** ends[b]: where bucket b ends in the order, and the next one begins. */
  const ends: number[] = [0]

  const count = (piece: PieceIndex): number => counts[piece] ?? 0
  const place = (piece: PieceIndex): number => places[piece] ?? absent
  const size = (): number => ends[ends.length - 1] ?? 0
  const end = (bucket: number): number => ends[bucket] ?? size()
  const begin = (bucket: number): number => bucket === 0 ? 0 : end(bucket - 1)
  const reach = (bucket: number): void => { while (ends.length <= bucket) ends.push(size()) }
  const put = (piece: PieceIndex, at: number): void => {
    order[at] = piece
    places[piece] = at
  }
  const at = (index: number): PieceIndex => order[index] ?? 0
  const swap = (a: number, b: number): void => {
    const piece = at(a)
    put(at(b), a)
    put(piece, b)
  }
  /** Ties are in an order drawn from the seed: whoever enters a bucket takes a random place in it. */
  const mix = (piece: PieceIndex, bucket: number): void => {
    const first = begin(bucket)
    swap(place(piece), first + random.below(end(bucket) - first))
  }

  /** All buckets anew, by a counting sort that keeps the order of equals. */
  const sort = (total: number): void => {
    const old = order.slice(0, total)
    let top = 0
    for (const piece of old) top = Math.max(top, count(piece))
    ends.length = 0
    for (let bucket = 0; bucket <= top; bucket++) ends.push(0)
    for (const piece of old) ends[count(piece)] = (ends[count(piece)] ?? 0) + 1
    const next: number[] = []
    let before = 0
    for (const [bucket, held] of ends.entries()) {
      next.push(before)
      before += held
      ends[bucket] = before
    }
    for (const piece of old) {
      const bucket = count(piece)
      const place = next[bucket] ?? 0
      next[bucket] = place + 1
      put(piece, place)
    }
  }

  const more = (piece: PieceIndex): void => {
    const bucket = count(piece)
    counts[piece] = bucket + 1
    if (place(piece) === absent) return
    reach(bucket + 1)
    const last = end(bucket) - 1
    swap(place(piece), last)
    ends[bucket] = last
    mix(piece, bucket + 1)
  }
  const fewer = (piece: PieceIndex): void => {
    const bucket = count(piece)
    counts[piece] = bucket - 1
    if (place(piece) === absent) return
    const first = begin(bucket)
    swap(place(piece), first)
    ends[bucket - 1] = first + 1
    mix(piece, bucket - 1)
  }
  const change = (pieces: Bits, by: 1 | -1): void => {
    if (pieces.count * walkPerStep < size()) {
      for (const piece of pieces.from(0)) if (by === 1) more(piece); else fewer(piece)
      return
    }
    for (const piece of pieces.from(0)) counts[piece] = count(piece) + by
    sort(size())
  }

  return {
    get size () { return size() },
    candidates,
    availability: count,
    has: piece => candidates.has(piece),
    add (piece) {
      if (!candidates.add(piece)) return
      const bucket = count(piece)
      reach(bucket)
      let hole = size()
      for (let b = ends.length - 1; b > bucket; b--) {
        const first = begin(b)
        if (first !== hole) put(at(first), hole)
        hole = first
        ends[b] = end(b) + 1
      }
      put(piece, hole)
      ends[bucket] = end(bucket) + 1
      mix(piece, bucket)
    },
    addAll (pieces) {
      for (const [index, piece] of pieces.entries()) {
        candidates.add(piece)
        put(piece, index)
        swap(index, random.below(index + 1))
      }
      sort(pieces.length)
    },
    remove (piece) {
      let hole = place(piece)
      if (hole === absent) return
      for (let b = count(piece); b < ends.length; b++) {
        const last = end(b) - 1
        if (last !== hole) put(at(last), hole)
        hole = last
        ends[b] = last
      }
      places[piece] = absent
      candidates.delete(piece)
    },
    more,
    fewer,
    moreOf (pieces) { change(pieces, 1) },
    fewerOf (pieces) { change(pieces, -1) },
    orderOf: place,
    * from (least) {
      for (let index = least === 0 ? 0 : end(least - 1); index < size(); index++) yield at(index)
    }
  }
}
