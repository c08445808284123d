/** The last changes of a state and who watches them. A watcher is a place in the history, not a queue: a slow one costs nothing and may be left behind. */
import type { Change } from '../contract/index.ts'

export interface StateHistory {
  /** All changes of one revision. */
  push (revision: number, changes: readonly Change[]): void
  /** From the revision after `fromRevision`; the place is taken at the call, not at the first read. */
  watch (prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change>
  /** Ends every watch. */
  close (): void
}

const keyOf = (change: Change): string => change.kind === 'put' ? change.entry.key : change.kind === 'delete' ? change.key : ''

/**
 * @param keep changes kept, but for the last revision, which is kept whole
 * @param from revision that the state has, with nothing known of what led to it
 */
export const stateHistory = (keep: number, from = 0): StateHistory => {
  const kept: { readonly revision: number, readonly change: Change }[] = []
  /** Number of the first kept change; they are numbered from 0 without gaps. */
  let first = 0
  /** Revision before the first kept change, and the last one. */
  let floor = from
  let last = from
  let closed = false
  const wakers = new Set<() => void>()

  const numberAfter = (revision: number): number => {
    let [low, high] = [0, kept.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((kept[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return first + low
  }

  async function * read (prefix: string, start: number, signal: AbortSignal): AsyncGenerator<Change> {
    let next = start
    let wake = (): void => { /* not waiting */ }
    const waker = (): void => { wake() }
    wakers.add(waker)
    signal.addEventListener('abort', waker)
    try {
      while (!signal.aborted && !closed) {
        if (next < first) {
          yield { kind: 'compacted', revision: last }
          return
        }
        const item = kept[next - first]
        if (item === undefined) await new Promise<void>(resolve => { wake = resolve })
        else {
          next++
          if (keyOf(item.change).startsWith(prefix)) yield item.change
        }
      }
    } finally {
      wakers.delete(waker)
      signal.removeEventListener('abort', waker)
    }
  }

  return {
    push (revision, changes) {
      for (const change of changes) kept.push({ revision, change })
      last = revision
      // in large steps, so that the shift is paid once for many
      if (kept.length > keep * 1.25) {
        const cut = kept[kept.length - 1 - keep]?.revision ?? 0
        let drop = 0
        while (drop < kept.length && (kept[drop]?.revision ?? last) <= cut && (kept[drop]?.revision ?? last) < last) drop++
        floor = kept[drop - 1]?.revision ?? floor
        kept.splice(0, drop)
        first += drop
      }
      for (const wake of wakers) wake()
    },
    watch: (prefix, fromRevision, signal) => read(prefix, fromRevision < floor || fromRevision > last ? -1 : numberAfter(fromRevision), signal),
    close () {
      closed = true
      for (const wake of wakers) wake()
    }
  }
}
