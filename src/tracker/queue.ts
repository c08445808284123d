/** Runs tasks about the same thing one after another, so that they do not spend their retries on each other. Across trackers, transactions decide. */

export interface KeyedQueue {
  /** Runs the task after those given before for the key, whatever became of them. */
  run<T> (key: string, task: () => Promise<T>): Promise<T>
}

export const keyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<unknown>>()
  return {
    async run (key, task) {
      const before = tails.get(key)
      const mine = (async () => {
        // a task's failure is told to whoever gave it, not to the next one
        await before?.catch(() => undefined)
        return await task()
      })()
      tails.set(key, mine)
      try { return await mine } finally { if (tails.get(key) === mine) tails.delete(key) }
    }
  }
}
