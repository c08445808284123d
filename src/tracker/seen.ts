/** When devices were last online: written when they go offline, many at once in one transaction, and read for listings. */
import type { Op, PeerId, Sharer, State, UserName } from '../contract/index.ts'
import { deviceForm } from './accounts.ts'
import type { Clock } from './clock.ts'
import { lru } from './lru.ts'
import { places } from './places.ts'
import type { Presence } from './presence.ts'

export interface Seen {
  /** It went offline now. */
  offline (user: UserName, peer: PeerId): void
  sharers (shares: readonly { readonly user: UserName, readonly peer: PeerId }[], presence: Presence): Promise<readonly Sharer[]>
  /** Writes what waits. */
  flush (): Promise<void>
}

const gatherMs = 500
const opsAtOnce = 100

export const openSeen = (state: State, clock: Clock, log: (line: string) => void): Seen => {
  /** By the key in the State. What waits to be written is in it too, at least while it waits. */
  const cache = lru<string, number>(100_000)
  let waiting = new Map<string, number>()
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = async (batch: ReadonlyMap<string, number>): Promise<void> => {
    const ops: Op[] = []
    await Promise.all([...batch].map(async ([key, seen]) => {
      const kept = await state.get(key)
      ops.push({ put: key, value: deviceForm.encode({ first: kept === undefined ? seen : deviceForm.decode(kept).first, seen }) })
    }))
    for (let at = 0; at < ops.length; at += opsAtOnce) await state.txn([], ops.slice(at, at + opsAtOnce))
  }

  const flush = async (): Promise<void> => {
    cancel?.()
    cancel = undefined
    const batch = waiting
    waiting = new Map()
    if (batch.size > 0) writing = writing.then(async () => { await write(batch) }).catch((error: unknown) => { log(`cannot write when devices were last online: ${String(error)}`) })
    await writing
  }

  const lastSeen = async (key: string): Promise<number> => {
    const known = waiting.get(key) ?? cache.get(key)
    if (known !== undefined) return known
    const kept = await state.get(key)
    const seen = kept === undefined ? 0 : deviceForm.decode(kept).seen
    cache.set(key, seen)
    return seen
  }

  return {
    flush,
    offline (user, peer) {
      const key = places.device(user, peer)
      waiting.set(key, clock.now())
      cache.set(key, clock.now())
      cancel ??= clock.after(gatherMs, () => { void flush() })
    },
    sharers: async (shares, presence) => await Promise.all(shares.map(async ({ user, peer }): Promise<Sharer> => {
      const device = presence.device(peer)
      return device?.user === user ? { user, peer, online: true, since: device.since } : { user, peer, online: false, since: await lastSeen(places.device(user, peer)) }
    }))
  }
}
