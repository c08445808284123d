/** A queue: put at the end, taken from the front, both in constant amortised time. Array.shift is not, for long arrays. */

export interface Fifo<T> {
  readonly size: number
  push (item: T): void
  shift (): T | undefined
  clear (): void
}

/** Below this many taken entries the array is not worth cutting. */
const slack = 64

export const fifo = <T>(): Fifo<T> => {
  let items: (T | undefined)[] = []
  let head = 0
  return {
    get size () { return items.length - head },
    push (item) { items.push(item) },
    shift () {
      if (head === items.length) return undefined
      const item = items[head]
      items[head++] = undefined // not kept alive by the queue
      if (head === items.length) {
        items.length = 0
        head = 0
      } else if (head > slack && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    clear () {
      items = []
      head = 0
    }
  }
}
