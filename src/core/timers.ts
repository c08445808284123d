/** All timers of a session in one heap. Owns when each is due, not what it does. Those due at the same time run in the order in which they were set. */

export interface Timer {
  /** When it is due; undefined: not set. */
  readonly at: number | undefined
  /** Sets it, or moves it. */
  set (at: number): void
  clear (): void
}

export interface Timers {
  timer (run: () => void): Timer
  /** When the first one is due. */
  readonly next: number | undefined
  /** Runs those that are due, each once: one that is set again while they run waits for the next call, whatever its time. */
  runDue (now: number): void
}

interface Slot { at: number, order: number, place: number, isDue: boolean, readonly run: () => void }

const unset = -1

export const timers = (): Timers => {
  const heap: Slot[] = []
  let order = 0

  const before = (a: Slot, b: Slot): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
  const put = (slot: Slot, place: number): void => {
    heap[place] = slot
    slot.place = place
  }
  const rise = (slot: Slot): void => {
    let place = slot.place
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]
      if (parent === undefined || !before(slot, parent)) break
      put(parent, place)
      place = (place - 1) >> 1
    }
    put(slot, place)
  }
  const sink = (slot: Slot): void => {
    let place = slot.place
    for (;;) {
      const left = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      const child = left !== undefined && right !== undefined && before(right, left) ? right : left
      if (child === undefined || !before(child, slot)) break
      const down = child.place
      put(child, place)
      place = down
    }
    put(slot, place)
  }
  const remove = (slot: Slot): void => {
    slot.isDue = false
    if (slot.place === unset) return
    const last = heap.pop()
    const place = slot.place
    slot.place = unset
    if (last === undefined || last === slot) return
    put(last, place)
    rise(last)
    sink(last)
  }

  return {
    timer (run) {
      const slot: Slot = { at: 0, order: 0, place: unset, isDue: false, run }
      return {
        get at () { return slot.place === unset ? undefined : slot.at },
        set (at) {
          remove(slot)
          slot.at = at
          slot.order = order++
          put(slot, heap.length)
          rise(slot)
        },
        clear () { remove(slot) }
      }
    },
    get next () { return heap[0]?.at },
    runDue (now) {
      const due: Slot[] = []
      for (let first = heap[0]; first !== undefined && first.at <= now; first = heap[0]) {
        remove(first)
        first.isDue = true
        due.push(first)
      }
      for (const slot of due) {
        // cleared, or set anew, by one that ran before it
        if (!slot.isDue) continue
        slot.isDue = false
        slot.run()
      }
    }
  }
}
