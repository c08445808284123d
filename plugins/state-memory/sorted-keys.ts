/** The keys of a state in the order of their UTF-8 bytes, which is that of code points and not of JavaScript's strings. Owns no values. */

/** Surrogates stand for code points above U+FFFF, but are below U+E000 as UTF-16 units. */
const rank = (unit: number): number => unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit

export const compareKeys = (a: string, b: string): number => {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

export interface SortedKeys {
  add (key: string): void
  delete (key: string): void
  /** Keys with the prefix, from the first one above `after`. */
  from (prefix: string, after: string | undefined): Iterable<string>
}

export const sortedKeys = (): SortedKeys => {
  const keys: string[] = []
  /** Index of the first key that is not below `key`. */
  const lowerBound = (key: string): number => {
    let [low, high] = [0, keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    add (key) {
      const at = lowerBound(key)
      if (keys[at] !== key) keys.splice(at, 0, key)
    },
    delete (key) {
      const at = lowerBound(key)
      if (keys[at] === key) keys.splice(at, 1)
    },
    * from (prefix, after) {
      const start = after !== undefined && compareKeys(after, prefix) >= 0 ? after : prefix
      for (let at = lowerBound(start); at < keys.length; at++) {
        const key = keys[at] ?? ''
        if (key === after) continue
        if (!key.startsWith(prefix)) return
        yield key
      }
    }
  }
}
