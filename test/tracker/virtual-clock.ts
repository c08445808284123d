/** Time that moves only when a test says so. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/tracker/index.ts'

export interface VirtualClock extends Clock {
  /** Moves on, rings what is due in its order, and lets what that set off run. */
  advance (ms: number): Promise<void>
  readonly timers: number
}

/** Lets promises and messages between threads run until nothing is left to do, or nearly. */
export const settled = async (): Promise<void> => { for (let i = 0; i < 20; i++) await setImmediate() }

export const virtualClock = (start = Date.now()): VirtualClock => {
  let now = start
  const timers = new Set<{ readonly at: number, readonly call: () => void }>()
  return {
    now: () => now,
    after (delayMs, call) {
      const timer = { at: now + delayMs, call }
      timers.add(timer)
      return () => { timers.delete(timer) }
    },
    async advance (ms) {
      const end = now + ms
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers.delete(next)
        now = Math.max(now, next.at)
        next.call()
        await settled()
      }
      now = end
      await settled()
    },
    get timers () { return timers.size }
  }
}
