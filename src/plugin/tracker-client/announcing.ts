/** Announcements of any length as messages of bounded length. Owns how the caller's sequence becomes that of the messages. */
import type { Announcement, AnnounceReply } from '../../contract/index.ts'

const maxSightings = 50

/** Parts in order; only the first replaces what was announced before, only the last seeks. */
const partsOf = (announcement: Announcement, max: number): readonly Omit<Announcement, 'sequence'>[] => {
  const { added, removed, seek, full, addresses, transports } = announcement
  const step = added.length === 0 || removed.length === 0 ? max : Math.floor(max / 2)
  const count = Math.max(1, Math.ceil(added.length / step), Math.ceil(removed.length / step))
  return Array.from({ length: count }, (_, i) => ({
    full: full && i === 0,
    added: added.slice(i * step, (i + 1) * step),
    removed: removed.slice(i * step, (i + 1) * step),
    seek: i === count - 1 ? seek : [],
    ...(addresses === undefined || i > 0 ? {} : { addresses }),
    ...(transports === undefined || i > 0 ? {} : { transports })
  }))
}

/** @param max items in one message. @param send sends one message */
export const announcer = (max: number, send: (announcement: Announcement, signal: AbortSignal | undefined) => Promise<AnnounceReply>) => {
  /** Messages sent beyond the one for each announcement. */
  let extra = 0
  let turn: Promise<unknown> = Promise.resolve()

  const announce = async (announcement: Announcement, signal: AbortSignal | undefined): Promise<AnnounceReply> => {
    if (announcement.sequence === 1) extra = 0
    const sightings: AnnounceReply['sightings'][number][] = []
    const parts = partsOf(announcement, max)
    let heartbeatMs = 0
    for (const [i, part] of parts.entries()) {
      if (i > 0) extra++
      const reply = await send({ sequence: announcement.sequence + extra, ...part }, signal)
      if (reply.resync) return reply
      sightings.push(...reply.sightings)
      heartbeatMs = reply.heartbeatMs
    }
    return { resync: false, sightings: sightings.slice(-maxSightings), heartbeatMs }
  }

  /** One after another: they are counted. */
  return (announcement: Announcement, signal?: AbortSignal): Promise<AnnounceReply> => {
    const result = turn.then(() => announce(announcement, signal))
    turn = result.catch(() => { /* told to whoever announced */ })
    return result
  }
}
