/** Time that moves only when told. */
import type { Clock } from '../../src/engine/clock.ts'

export interface VirtualClock extends Clock { advance (ms: number): void, /** Callbacks that wait. */ readonly pending: number }

export const virtualClock = (): VirtualClock => {
  let now = 0
  let timers: { readonly at: number, readonly callback: () => void }[] = []
  return {
    now: () => now,
    get pending () { return timers.length },
    after (ms, callback) {
      const timer = { at: now + ms, callback }
      timers.push(timer)
      return () => { timers = timers.filter(other => other !== timer) }
    },
    advance (ms) {
      const until = now + ms
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers = timers.filter(timer => timer !== next)
        now = next.at
        next.callback()
      }
      now = until
    }
  }
}

/** What was begun and needs no timer has happened. */
export const quiet = async (): Promise<void> => { for (let i = 0; i < 5; i++) await new Promise(resolve => { setImmediate(resolve) }) }
