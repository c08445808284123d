/** Lets so many in at once, the others in their turn. */
export interface Turnstile {
  /** Resolves when it is our turn, with what gives the place back: call it once. Rejects with the signal's reason. */
  enter (signal: AbortSignal): Promise<() => void>
}

export const createTurnstile = (most: number): Turnstile => {
  const waiting = new Set<() => void>()
  let inside = 0
  const leave = (): void => {
    inside--
    for (const next of waiting) { next(); break }
  }
  return {
    enter: signal => new Promise((resolve, reject) => {
      const stop = (): void => { waiting.delete(go); reject(signal.reason as Error) }
      const go = (): void => {
        waiting.delete(go)
        signal.removeEventListener('abort', stop)
        inside++
        resolve(leave)
      }
      if (signal.aborted) { stop(); return }
      if (inside < most) { go(); return }
      waiting.add(go)
      signal.addEventListener('abort', stop)
    })
  }
}
