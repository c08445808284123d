/**
 * Which transport to prefer with which peer: by the goodput that was measured while the peer owed us something, and by failures. Pure: it is told what happened
 * and when, and says what to do; dialing is moving.ts. Owns the times and margins that keep links from going to and fro.
 */
import type { PeerId } from '../contract/index.ts'

/** What was found out about one transport with one peer. */
export interface Figures {
  readonly transport: string
  /** Bytes per second, while the peer owed us something; undefined: not measured. */
  readonly rate: number | undefined
  /** Failed dials and links since the last one that held. */
  readonly failures: number
}

/** A link as it is when it is asked whether it should move. */
export interface Situation {
  readonly peer: PeerId
  /** The number of the link: what is measured is measured per link. */
  readonly link: number
  readonly transport: string
  /** What is still to come from this peer, if nobody else brings it. */
  readonly wantedBytes: number
  /** Others that the peer can be dialed over, in our order. */
  readonly others: readonly string[]
}

export interface Preference {
  /** So much arrived on that link since the last time, in so much time in which the peer owed us something. */
  note (link: { readonly peer: PeerId, readonly link: number, readonly transport: string }, bytes: number, busyMs: number, now: number): void
  /** A dial over that transport failed, or a link broke before it was of use. */
  failed (peer: PeerId, transport: string, now: number): void
  /** A link is open over that transport. */
  held (peer: PeerId, transport: string): void
  /** Transports in the order in which to dial that peer. */
  order (peer: PeerId, transports: readonly string[], now: number): readonly string[]
  /** The transport that the link should move to now; undefined: it stays. Asking is deciding: the next move is some time away. */
  move (situation: Situation, now: number): string | undefined
  figures (peer: PeerId): readonly Figures[]
}

/** A link is measured for so long, of the time in which it owes us something, before it is judged; and not in its first moments, while windows grow. */
const judgedMs = 3_000
const growingMs = 1_000
/** What was measured longer ago weighs a third. */
const memoryMs = 3_000
/** Another transport must be better by so much: less is the noise of networks. */
const margin = 1.3
/** What is left must take so long as it is: a move costs a handshake and the blocks on their way. */
const worthMs = 8_000
/** Between two moves, doubled each time that a link went where it had been. */
const pauseMs = 10_000
const mostPauseMs = 10 * 60_000
/** A transport that was found to be worse is tried again after this, doubled each time. */
const againMs = 5 * 60_000
const mostAgainMs = 60 * 60_000
/** One that failed, after this, doubled each time. */
const failedMs = 60_000
const mostPeers = 10_000

interface Known { rate: number | undefined, measuredAt: number, worse: number, failures: number, failedAt: number }

interface History {
  readonly known: Map<string, Known>
  /** The link that is measured now. */
  run: { readonly link: number, busyMs: number, rate: number | undefined }
  movedAt: number | undefined
  /** Where the link was before it moved. */
  left: string | undefined
  /** What it moved to, if that was only to see. */
  onTrial: string | undefined
  /** How often it went where it had been. */
  returns: number
}

const doubled = (ms: number, times: number, most: number): number => Math.min(most, ms * 2 ** Math.min(20, times))

export const createPreference = (): Preference => {
  const peers = new Map<PeerId, History>()

  const historyOf = (peer: PeerId): History => {
    const history = peers.get(peer) ?? { known: new Map<string, Known>(), run: { link: -1, busyMs: 0, rate: undefined }, movedAt: undefined, left: undefined, onTrial: undefined, returns: 0 }
    peers.delete(peer)
    peers.set(peer, history)
    if (peers.size > mostPeers) for (const longestUnused of peers.keys()) { peers.delete(longestUnused); break }
    return history
  }
  const knownOf = ({ known }: History, transport: string): Known => {
    const found = known.get(transport) ?? { rate: undefined, measuredAt: 0, worse: 0, failures: 0, failedAt: 0 }
    known.set(transport, found)
    return found
  }
  const isBarred = ({ failures, failedAt }: Known, now: number): boolean => failures > 0 && now < failedAt + doubled(failedMs, failures - 1, mostAgainMs)
  const isStale = ({ rate, measuredAt, worse }: Known, now: number): boolean => rate === undefined || now >= measuredAt + doubled(againMs, Math.max(0, worse - 1), mostAgainMs)

  /** The best of those that are known to be better by the margin; else the first that is worth a trial. */
  const better = (history: History, { others, transport }: Situation, rate: number, now: number): { readonly to: string, readonly isTrial: boolean } | undefined => {
    let best: { readonly name: string, readonly rate: number } | undefined
    let trial: string | undefined
    for (const name of others) {
      if (name === transport) continue
      const known = knownOf(history, name)
      if (isBarred(known, now)) continue
      if (isStale(known, now)) trial ??= name
      else if (known.rate !== undefined && known.rate > rate * margin && known.rate > (best?.rate ?? 0)) best = { name, rate: known.rate }
    }
    if (best !== undefined) return { to: best.name, isTrial: false }
    return trial === undefined ? undefined : { to: trial, isTrial: true }
  }

  return {
    note ({ peer, link, transport }, bytes, busyMs, now) {
      if (busyMs <= 0) return
      const history = historyOf(peer)
      if (history.run.link !== link) history.run = { link, busyMs: 0, rate: undefined }
      const { run } = history
      run.busyMs += busyMs
      if (run.busyMs <= growingMs) return
      const sample = bytes * 1000 / busyMs
      run.rate = run.rate === undefined ? sample : run.rate + (sample - run.rate) * (1 - Math.exp(-busyMs / memoryMs))
      if (run.busyMs < judgedMs) return
      const known = knownOf(history, transport)
      known.rate = run.rate
      known.measuredAt = now
    },
    failed (peer, transport, now) {
      const known = knownOf(historyOf(peer), transport)
      known.failures++
      known.failedAt = now
    },
    held (peer, transport) { knownOf(historyOf(peer), transport).failures = 0 },
    order (peer, transports, now) {
      const history = peers.get(peer)
      if (history === undefined) return transports
      const worth = (name: string): number => {
        const known = history.known.get(name)
        return known === undefined ? 0 : isBarred(known, now) ? -1 : isStale(known, now) ? 0 : known.rate ?? 0
      }
      return [...transports].sort((a, b) => worth(b) - worth(a))
    },
    move (situation, now) {
      const { peer, link, transport, wantedBytes } = situation
      const history = historyOf(peer)
      const { run, movedAt, left } = history
      if (run.link !== link || run.busyMs < judgedMs || run.rate === undefined) return undefined
      if (wantedBytes < run.rate * worthMs / 1000 || wantedBytes === 0) return undefined
      if (movedAt !== undefined && now > movedAt + mostPauseMs) history.returns = 0
      const choice = better(history, situation, run.rate, now)
      if (choice === undefined) return undefined
      const isBack = history.onTrial === transport && choice.to === left
      // a trial that does not pay ends as soon as it is judged
      if (!isBack && movedAt !== undefined && now < movedAt + doubled(pauseMs, history.returns, mostPauseMs)) return undefined
      if (!choice.isTrial) history.returns++
      if (isBack) knownOf(history, transport).worse++
      history.onTrial = choice.isTrial ? choice.to : undefined
      history.movedAt = now
      history.left = transport
      return choice.to
    },
    figures: peer => [...peers.get(peer)?.known ?? []].map(([transport, { rate, failures }]) => ({ transport, rate, failures })).filter(({ rate, failures }) => rate !== undefined || failures > 0)
  }
}
