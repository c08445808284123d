/** Work that must not overlap, by a name: each begins when the one before it of that name has ended, well or not. */

export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>

export const createTurns = (): Turns => {
  const last = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, mine)
    try { return await mine } finally { if (last.get(name) === mine) last.delete(name) }
  }
}
