/** A limit of bytes per second. What it limits is let through while the bucket is not empty, and may overdraw it once: so no limit is too small for a block. */

export interface TokenBucket {
  /** undefined: no limit. */
  limit (bytesPerSecond: number | undefined, now: number): void
  /** When something may pass: `now`, a later time, or Infinity for a limit of 0. */
  readyAt (now: number): number
  take (bytes: number, now: number): void
  /** What was taken did not pass after all. */
  giveBack (bytes: number): void
}

/** What may gather while nothing passes. */
const burstSeconds = 1

export const tokenBucket = (bytesPerSecond: number | undefined, start = 0): TokenBucket => {
  let rate = bytesPerSecond
  let level = (rate ?? 0) * burstSeconds
  let filledAt = start
  const fill = (now: number): void => {
    if (rate !== undefined) level = Math.min(rate * burstSeconds, level + rate * (now - filledAt) / 1000)
    filledAt = now
  }
  return {
    limit (next, now) {
      fill(now)
      if (rate === undefined && next !== undefined) level = next * burstSeconds
      rate = next
    },
    readyAt (now) {
      if (rate === undefined) return now
      fill(now)
      if (level > 0) return now
      // a millisecond more than exact, so that rounding cannot wake too early for ever
      return rate > 0 ? now + Math.ceil(-level * 1000 / rate) + 1 : Infinity
    },
    take (bytes, now) {
      if (rate === undefined) return
      fill(now)
      level -= bytes
    },
    giveBack (bytes) { if (rate !== undefined) level = Math.min(rate * burstSeconds, level + bytes) }
  }
}
