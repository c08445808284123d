/** One thing after another for each key, and nothing kept of a key when its last thing is over. Owns the order; a thing that fails does not stop the next. */
export interface Turns<K> {
  run <T>(key: K, work: () => Promise<T>): Promise<T>
  /** Resolves when all that was begun so far is over. Never rejects. */
  idle (): Promise<void>
}

export const createTurns = <K>(): Turns<K> => {
  const last = new Map<K, Promise<unknown>>()
  return {
    run (key, work) {
      const turn = (last.get(key) ?? Promise.resolve()).then(work)
      const settled = turn.then(() => undefined, () => undefined)
      last.set(key, settled)
      void settled.then(() => { if (last.get(key) === settled) last.delete(key) })
      return turn
    },
    async idle () { await Promise.all(last.values()) }
  }
}
