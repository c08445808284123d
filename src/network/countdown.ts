/**
 * Time as this process had it. While it is held up (a busy machine, a laptop that slept) answers come and are not read: whoever judged by the wall clock would find
 * the other side late. Owns that way of counting; what it is used for is the caller's.
 */

/** What a countdown loses at most to one time in which the process was held up. */
const stepMs = 250

export interface Countdown {
  /** Puts it off by so much, as long as it runs. */
  extend (ms: number): void
  stop (): void
}

/** Runs after so long, in which the event loop went round: each step counts as what it was to take, and what came meanwhile is read before the last one. */
export const countdown = (ms: number, run: () => void): Countdown => {
  let leftMs = ms
  let timer: ReturnType<typeof setTimeout> | undefined
  const step = (): void => {
    const now = Math.min(stepMs, leftMs > 1 ? leftMs - 1 : leftMs)
    timer = setTimeout(() => {
      leftMs -= now
      if (leftMs > 0) { step(); return }
      timer = undefined
      run()
    }, now)
  }
  step()
  return {
    extend (more) { if (timer !== undefined) leftMs += more },
    stop () {
      clearTimeout(timer)
      timer = undefined
    }
  }
}
