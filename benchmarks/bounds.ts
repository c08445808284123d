/** What no scheme can beat, by the literature, and what one scheme is known to reach. */

/**
 * Rounds until n peers (one of them has everything at first) have k pieces, when each sends one piece per round: the least possible.
 * Ganesan and Seshadri, "On Cooperative Content Distribution and the Price of Barter" (2005).
 */
export const optimalRounds = (peers: number, pieces: number): number => pieces - 1 + Math.ceil(Math.log2(peers))

/** What they measured for pieces chosen at random: a fit. */
export const randomRounds = (peers: number, pieces: number): number => 1.01 * pieces + 4.4 * Math.log2(peers) + 3.2

export interface Uplinks {
  /** Bytes. */
  readonly file: number
  /** Bytes per second, of the sharer. */
  readonly sharerUp: number
  readonly ups: readonly number[]
  /** Infinity: no limit. */
  readonly downs: readonly number[]
}

/**
 * Seconds until the last of N downloaders has the file, at least, when everybody stays: max(F/u_s, F/d_min, N·F/(u_s+Σu_i)).
 * Kumar and Ross, "Peer-Assisted File Distribution: The Minimum Distribution Time" (2006).
 */
export const leastSeconds = ({ file, sharerUp, ups, downs }: Uplinks): number =>
  Math.max(file / sharerUp, file / Math.min(...downs), downs.length * file / (sharerUp + ups.reduce((sum, up) => sum + up, 0)))
