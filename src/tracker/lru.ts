/** A map that forgets what was not used for longest, so that a cache cannot grow without bound. */

export interface Lru<K, V> {
  get (key: K): V | undefined
  set (key: K, value: V): void
  delete (key: K): void
}

export const lru = <K, V>(limit: number): Lru<K, V> => {
  const kept = new Map<K, V>()
  return {
    get (key) {
      const value = kept.get(key)
      if (value !== undefined) { kept.delete(key); kept.set(key, value) }
      return value
    },
    set (key, value) {
      kept.delete(key)
      kept.set(key, value)
      if (kept.size <= limit) return
      for (const oldest of kept.keys()) { kept.delete(oldest); break }
    },
    delete: key => { kept.delete(key) }
  }
}
