/** Time as the engine knows it: a port, so that tests can hold it. */
export interface Clock {
  /** Milliseconds from any origin; never falls. */
  now (): number
  /** Calls back once, after at least that many milliseconds. @returns what takes it back */
  after (ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => { clearTimeout(timer) }
  }
}

/** Resolves after that time, or at once when the signal is aborted. Never rejects. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => new Promise(resolve => {
  if (signal.aborted) { resolve(); return }
  const end = (): void => { cancel(); signal.removeEventListener('abort', end); resolve() }
  const cancel = clock.after(ms, end)
  signal.addEventListener('abort', end)
})
