import type { PieceIndex } from './ids.ts'

/** What a selector may look at: the pieces of one content that one peer has and we still need. Lazy: iterate as little as you need. */
export interface SelectorView {
  /** Number of pieces of the content. */
  readonly pieces: number
  /** How many pieces we have, verified and stored. */
  readonly owned: number
  /** Candidates, fewest known holders first; ties in an order drawn from the session's seed. */
  byRarity (): Iterable<PieceIndex>
  /** Candidates in rising order. */
  byIndex (): Iterable<PieceIndex>
  /** Whether this piece may be asked of this peer now. */
  isCandidate (piece: PieceIndex): boolean
  /** How many linked peers are known to have the piece. */
  availability (piece: PieceIndex): number
  /** Seeded, uniform in [0, 1). The only randomness a selector may use. */
  random (): number
}

/**
 * Decides which new piece to ask a given peer for. Pure: no I/O, no clock, no random but the view's.
 * Pieces already begun are finished first, by the scheduler, and are never candidates.
 */
export interface Selector {
  /** At most `count` candidates, best first. A piece that is no candidate is ignored and logged. */
  select (view: SelectorView, count: number): Iterable<PieceIndex>
}
