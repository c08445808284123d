/**
 * How fast a link brings what we ask of it, and so how much to ask. Owns the measurement and the two sizes that follow from it; who is asked for what is the
 * scheduler's.
 *
 * The window is bandwidth x delay: twice the rate times the delay of a request that found a short queue, so that the link is never idle and the other side's
 * queue stays short; and a little more, the same for everybody: where several ask one peer, each is given in proportion to what it asked, so without that
 * whoever began with less would stay with less. It starts small and grows by what arrives, doubling with each round trip, until the estimate holds it. Our own queue must not count as
 * delay, or the window would grow for ever: so only short queues are measured, and once in a while the window is narrowed until there was one.
 */
import { leafBytes } from '../contract/index.ts'

export interface PaceOptions { readonly maxRequestBytes: number, readonly maxOwedBytes: number }

export interface Pace {
  /** Bytes per second, while the link owed us something; 0: not known yet. */
  rate (now: number): number
  /** How much may be asked and not answered. */
  readonly windowBytes: number
  /** Less than that does not keep the link busy. */
  readonly leastBytes: number
  /** How much to ask at a time. */
  readonly requestBytes: number
  /** Whether a request is not held up by others of ours. @param owedBytes of the link, itself included */
  isUnhindered (owedBytes: number): boolean
  /** The link owes us something from now on. */
  busy (now: number): void
  /** It owes us nothing any more. */
  idle (now: number): void
  arrived (bytes: number, now: number): void
  answered (bytes: number, delayMs: number, unhindered: boolean): void
  /** All that arrived so far, and how long the link owed us something. */
  total (now: number): { readonly bytes: number, readonly busyMs: number }
}

const firstRequestBytes = 4 * leafBytes
const firstWindowBytes = 8 * leafBytes
/** What everybody may ask beside bandwidth x delay. */
const equalBytes = 4 * leafBytes
/** A rate is taken over at least so long. */
const sampleMs = 50
/** A sample of this length replaces the estimate; a shorter one moves it by its share. */
const memoryMs = 500
/** A delay is believed for one to two of these. */
const delayEpochMs = 10_000
/** Below this, delays are those of event loops and disks, not of the network. */
const leastDelayMs = 20
/** Below this, they are also those of the queues of others: who measured in a quiet moment must not stay behind who did not. */
const crowdDelayMs = 100
/** One request takes at most half of the 0.5 s that the design allows: the estimate may be twice too high. */
const requestSeconds = 0.25

/** The window holds so many requests, or it would be filled in leaps, and shared unevenly where others ask the same peer. */
const windowParts = 4

const wholeLeaves = (bytes: number): number => Math.max(leafBytes, Math.floor(bytes / leafBytes) * leafBytes)

export const pace = ({ maxRequestBytes, maxOwedBytes }: PaceOptions): Pace => {
  let known = 0
  let sampleBytes = 0
  let busyMs = 0
  let busySince: number | undefined
  let windowBytes = Math.min(firstWindowBytes, maxOwedBytes)
  let delayMs = Infinity
  let olderDelayMs = Infinity
  let epochAt: number | undefined
  let totalBytes = 0
  let totalMs = 0

  const elapsed = (now: number): number => busyMs + (busySince === undefined ? 0 : now - busySince)
  /** Bytes that come in `requestSeconds`. Before the first sample is over, what came has taken no longer than that. */
  const soon = (): number => wholeLeaves(requestSeconds * (known === 0 ? sampleBytes * 1000 / sampleMs : known))
  const requestBytes = (): number => Math.min(maxRequestBytes, wholeLeaves(windowBytes / windowParts), known === 0 ? Math.max(firstRequestBytes, soon()) : soon())
  const least = (): number => Math.min(maxOwedBytes, 2 * requestBytes())
  const product = (leastMs: number): number => known === 0 ? Infinity : equalBytes + 2 * known / 1000 * Math.max(leastMs, Math.min(delayMs, olderDelayMs))

  return {
    // a sample that is overdue says that the rate has fallen
    rate: now => elapsed(now) > 2 * sampleMs ? Math.min(known, (sampleBytes + leafBytes) * 1000 / elapsed(now)) : known,
    get windowBytes () { return delayMs === Infinity && (olderDelayMs !== Infinity || known > 0) ? least() : Math.max(least(), windowBytes) },
    get leastBytes () { return Math.max(least(), Math.min(windowBytes, known === 0 ? firstWindowBytes : product(leastDelayMs))) },
    get requestBytes () { return requestBytes() },
    isUnhindered: owedBytes => owedBytes <= 2 * requestBytes(),
    busy (now) {
      busySince ??= now
      epochAt ??= now
    },
    idle (now) {
      busyMs = elapsed(now)
      totalMs += now - (busySince ?? now)
      busySince = undefined
    },
    arrived (bytes, now) {
      sampleBytes += bytes
      totalBytes += bytes
      const ms = elapsed(now)
      if (ms < sampleMs) return
      const sample = sampleBytes * 1000 / ms
      known = known === 0 || sample > known ? sample : known + (sample - known) * Math.min(1, ms / memoryMs)
      sampleBytes = 0
      busyMs = 0
      totalMs += now - (busySince ?? now)
      if (busySince !== undefined) busySince = now
      if (epochAt === undefined || now - epochAt < delayEpochMs) return
      epochAt = now
      if (delayMs === Infinity) return
      olderDelayMs = delayMs
      delayMs = Infinity
    },
    answered (bytes, ms, unhindered) {
      if (unhindered) delayMs = Math.min(delayMs, ms)
      windowBytes = Math.min(maxOwedBytes, product(crowdDelayMs), windowBytes + bytes)
    },
    total: now => ({ bytes: totalBytes, busyMs: totalMs + (busySince === undefined ? 0 : now - busySince) })
  }
}
