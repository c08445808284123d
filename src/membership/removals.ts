/** Tells every watcher of members who ceased to be. Owns the queues; nothing is lost between watching and reading. */
import type { Removal } from '../contract/index.ts'

export interface Removals {
  readonly tell: (removal: Removal) => void
  /** From now on. Ends when aborted, or ended here. */
  watch (signal: AbortSignal): AsyncIterable<Removal>
  end (): void
}

interface Watcher { readonly waiting: Removal[], wake: () => void }

const nothing = (): void => undefined

export const createRemovals = (): Removals => {
  const watchers = new Set<Watcher>()
  let ended = false

  async function * read (watcher: Watcher, signal: AbortSignal): AsyncGenerator<Removal> {
    const wake = (): void => { watcher.wake() }
    signal.addEventListener('abort', wake)
    try {
      for (;;) {
        if (signal.aborted) return
        const next = watcher.waiting.shift()
        if (next !== undefined) { yield next; continue }
        if (ended) return
        await new Promise<void>(resolve => { watcher.wake = resolve })
      }
    } finally {
      watchers.delete(watcher)
      signal.removeEventListener('abort', wake)
    }
  }

  return {
    tell (removal) { for (const watcher of watchers) { watcher.waiting.push(removal); watcher.wake() } },
    watch (signal) {
      const watcher: Watcher = { waiting: [], wake: nothing }
      // an aborted watch is never read, and must not fill
      if (!signal.aborted) watchers.add(watcher)
      return read(watcher, signal)
    },
    end () { ended = true; for (const watcher of watchers) watcher.wake() }
  }
}
