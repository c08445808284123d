/**
 * The stream of what happened to groups and files, read once from the State's history and kept for a while: whoever watches is a place in it.
 * Owns order, places and how far back one can go; who hears what is in watching.ts.
 */
import type { State } from '../contract/index.ts'
import type { Clock } from './clock.ts'
import { trackerLimits, trackerTimes } from './limits.ts'
import { noticesForm } from './notice.ts'
import type { Notice } from './notice.ts'
import { places } from './places.ts'

/** After this notice of that revision. */
export interface Place { readonly revision: number, /** Infinity: after all of it. */ readonly index: number }

export interface FeedItem extends Place { readonly notice: Notice }

export interface Feed {
  /** The next one; undefined: nothing is there yet. */
  after (place: Place): FeedItem | undefined
  /** Whether nothing between the place and now was lost. */
  covers (place: Place): boolean
  /** Where the stream stands: all that was written before the call. */
  now (): Promise<Place>
  stop (): Promise<void>
}

const beyond = (a: Place, b: Place): boolean => a.revision > b.revision || (a.revision === b.revision && a.index > b.index)

export const cursorOf = ({ revision, index }: Place): string => index === Infinity ? `${revision}` : `${revision}.${index}`

export const placeOf = (cursor: string): Place | undefined => {
  const parts = /^(\d{1,15})(?:\.(\d{1,3}))?$/.exec(cursor)
  return parts === null ? undefined : { revision: Number(parts[1]), index: parts[2] === undefined ? Infinity : Number(parts[2]) }
}

/** How far back the State is read at a start, in revisions: for those who watched this realm before the tracker was started again. */
const readBack = 2 * trackerLimits.feedItems

/**
 * @param arrived called in order for each new notice, before anyone can read it; the next one waits for it. Never rejects
 * @param changed called when there is more to read, or less
 */
export const openFeed = async (
  state: State, clock: Clock, log: (line: string) => void, arrived: (notice: Notice) => Promise<void>, changed: () => void
): Promise<Feed> => {
  const items: FeedItem[] = []
  const stopping = new AbortController()
  /** Everything after it is in the list or still to come. */
  const start = await state.revision()
  let floor: Place = { revision: Math.max(0, start - readBack), index: Infinity }
  let read = floor.revision

  const push = async (revision: number, notices: readonly Notice[]): Promise<void> => {
    for (const [at, notice] of notices.entries()) {
      if (revision > start) await arrived(notice)
      items.push({ revision, index: at === notices.length - 1 ? Infinity : at, notice })
    }
    read = revision
    // in large steps, so that the shift is paid once for many
    if (items.length > trackerLimits.feedItems * 1.25) {
      floor = items.splice(0, items.length - trackerLimits.feedItems).at(-1) ?? floor
    }
    changed()
  }

  const follow = async (): Promise<void> => {
    for await (const change of state.watch(places.feeds, { fromRevision: read, signal: stopping.signal })) {
      if (change.kind === 'compacted') {
        items.length = 0
        floor = { revision: change.revision, index: Infinity }
        read = change.revision
        changed()
        return
      }
      if (change.kind === 'put') await push(change.entry.revision, noticesForm.decode(change.entry))
    }
  }

  const pause = async (): Promise<void> => {
    if (stopping.signal.aborted) return
    await new Promise<void>(resolve => {
      const cancel = clock.after(trackerTimes.retryMs, resolve)
      stopping.signal.addEventListener('abort', () => { cancel(); resolve() }, { once: true })
    })
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      const before = read
      try { await follow() } catch (error) {
        log(`the stream of changes broke, is taken up again: ${String(error)}`)
      }
      // ended or broken without getting on: not at once again
      if (read === before) await pause()
    }
  })()

  return {
    after (place) {
      let [low, high] = [0, items.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        const item = items[middle]
        if (item !== undefined && beyond(item, place)) high = middle
        else low = middle + 1
      }
      return items[low]
    },
    covers: place => !beyond(floor, place),
    now: async () => ({ revision: await state.revision(), index: Infinity }),
    async stop () {
      stopping.abort()
      await running
    }
  }
}
