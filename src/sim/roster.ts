/** Who is online, for a tracker of the simulator: in and out in constant time, and a few of them at random without a walk over all. */
import type { PeerId } from '../contract/index.ts'

export interface Roster {
  add (name: PeerId): void
  remove (name: PeerId): void
  /** At most `count` others, each with the same chance. */
  some (count: number, except: PeerId): PeerId[]
}

/** @param below an integer, uniform in [0, limit) */
export const createRoster = (below: (limit: number) => number): Roster => {
  const names: PeerId[] = []
  const places = new Map<PeerId, number>()
  const put = (name: PeerId, at: number): void => { names[at] = name; places.set(name, at) }
  /** The names stay in a shuffled order; what is chosen comes to the front. */
  const bring = (at: number, from: number): PeerId | undefined => {
    const [here, there] = [names[at], names[from]]
    if (here === undefined || there === undefined) return undefined
    put(there, at)
    if (from !== at) put(here, from)
    return there
  }
  return {
    add (name) { if (!places.has(name)) put(name, names.length) },
    remove (name) {
      const at = places.get(name)
      const last = names.at(-1)
      if (at === undefined || last === undefined) return
      names.pop()
      places.delete(name)
      if (last !== name) put(last, at)
    },
    some (count, except) {
      const chosen: PeerId[] = []
      for (let at = 0; at < names.length && chosen.length < count; at++) {
        const name = bring(at, at + below(names.length - at))
        if (name !== undefined && name !== except) chosen.push(name)
      }
      return chosen
    }
  }
}
