/**
 * Virtual time: what is to happen, by when, in a heap. What is due at the same time happens in the order in which it was entered, so that a run can be repeated.
 * What is entered in a row for the same time, as news to all neighbours is, takes one place in the heap.
 */

export interface Agenda {
  /** Milliseconds since the scenario began. */
  readonly now: number
  /** @param delayMs from now; 0: after what is due now */
  after (delayMs: number, run: () => void): void
  /** Exactly then: a delay to a point in time need not add up to it. What is past is due now. */
  at (atMs: number, run: () => void): void
  /** Lets the next thing happen. @returns whether there was one at or before `until` */
  step (until: number): boolean
}

/** `next`: entered right after it, for the same time. */
interface Entry { readonly at: number, readonly order: number, readonly run: () => void, next: Entry | undefined }

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export const createAgenda = (): Agenda => {
  const heap: Entry[] = []
  /** What was entered last, while it waits. */
  let latest: Entry | undefined
  let now = 0
  let order = 0

  const rise = (entry: Entry): void => {
    let place = heap.length
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]
      if (parent === undefined || !before(entry, parent)) break
      heap[place] = parent
      place = (place - 1) >> 1
    }
    heap[place] = entry
  }

  const sink = (entry: Entry): void => {
    let place = 0
    for (;;) {
      const left = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      const child = left !== undefined && right !== undefined && before(right, left) ? right : left
      if (child === undefined || !before(child, entry)) break
      heap[place] = child
      place = 2 * place + (child === left ? 1 : 2)
    }
    heap[place] = entry
  }

  const enter = (atMs: number, run: () => void): void => {
    const entry: Entry = { at: Math.max(now, atMs), order: order++, run, next: undefined }
    if (latest?.at === entry.at) latest.next = entry; else rise(entry)
    latest = entry
  }

  const remove = (first: Entry): void => {
    if (first === latest) latest = undefined
    if (first.next !== undefined) {
      heap[0] = first.next
      return
    }
    const last = heap.pop()
    if (last !== undefined && last !== first) sink(last)
  }

  return {
    get now () { return now },
    after (delayMs, run) { enter(now + delayMs, run) },
    at: enter,
    step (until) {
      const first = heap[0]
      if (first === undefined || first.at > until) return false
      remove(first)
      now = first.at
      first.run()
      return true
    }
  }
}
