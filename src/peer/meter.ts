/** The rate of something that grows, over the last seconds. Time is given: it reads no clock. */
const windowMs = 5_000
const stepMs = 250

export interface Meter {
  add (bytes: number, now: number): void
  /** Bytes per second over the last 5 s, or since the first byte if that is shorter. */
  rate (now: number): number
}

export const createMeter = (): Meter => {
  /** Sums per step, oldest first: at most windowMs / stepMs + 1. */
  const steps: { at: number, bytes: number }[] = []
  let first: number | undefined
  const forget = (now: number): void => {
    while (steps[0] !== undefined && steps[0].at < now - windowMs) steps.shift()
  }
  return {
    add (bytes, now) {
      first ??= now
      forget(now)
      const last = steps.at(-1)
      if (last !== undefined && now - last.at < stepMs) last.bytes += bytes
      else steps.push({ at: now, bytes })
    },
    rate (now) {
      if (first === undefined) return 0
      forget(now)
      const spanMs = Math.max(stepMs, Math.min(windowMs, now - first))
      return steps.reduce((sum, { bytes }) => sum + bytes, 0) * 1000 / spanMs
    }
  }
}
