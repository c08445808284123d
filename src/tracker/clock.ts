/** The tracker's only source of time, so that tests run in virtual time. */

export interface Clock {
  /** Unix time in milliseconds. */
  now (): number
  /** Calls once after the delay, unless cancelled. Does not keep the process alive. @returns cancels it */
  after (delayMs: number, call: () => void): () => void
}

export const realClock: Clock = {
  now: Date.now,
  after (delayMs, call) {
    const timer = setTimeout(call, delayMs)
    timer.unref()
    return () => { clearTimeout(timer) }
  }
}
