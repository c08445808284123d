/**
 * Keeps a place at every relay that we know, for as long as we share or download something: a link over which our credentials are shown, and the place that depends
 * on it. Owns those links; the places are the network's.
 */
import { ShoalError } from '../contract/index.ts'
import type { GroupId, Link } from '../contract/index.ts'
import { decodeRelayAnswer, relayFrame, relayFrames, relayProtocol } from '../core/relay.ts'
import type { RelayAnswer } from '../core/relay.ts'
import { pause, systemClock } from '../engine/index.ts'
import type { Place, RelayedNetwork } from '../network/index.ts'

const lookMs = 500
const answerMs = 10_000
const firstRetryMs = 1_000
const lastRetryMs = 30_000
/** For a group that we have no credential for. */
const askAgainMs = 30_000

export interface RelaysOptions {
  readonly network: Pick<RelayedNetwork, 'reach' | 'reserve'>
  /** Each ends with `/p2p/ID`. Those with the same id are one relay's, tried in turn. */
  readonly relays: readonly string[]
  /** Where we share or download something now. */
  groups (): ReadonlySet<GroupId>
  /** Our credential for a group, renewed in time. */
  mine (group: GroupId): Promise<Uint8Array>
  /** We can be dialed through a relay, or no longer. */
  changed (relay: string, has: boolean): void
  /** None of a relay's addresses leads to it; told once, and then that there is a place at it again. */
  missed? (relay: string, error: Error | 'back'): void
  readonly signal: AbortSignal
  log (line: string): void
}

/** One link to a relay: shows a credential and waits for the answer. */
const talk = (link: Link): { show (credential: Uint8Array): Promise<RelayAnswer>, readonly over: Promise<void> } => {
  const frames = relayFrames()
  const over = Promise.withResolvers<void>()
  const waiting: { resolve (answer: RelayAnswer): void, reject (error: Error): void }[] = []
  let ended: Error | undefined
  link.listen({
    data (chunk) {
      try { for (const body of frames(chunk)) waiting.shift()?.resolve(decodeRelayAnswer(body)) } catch (error) { link.abort(error instanceof Error ? error : new Error(String(error))) }
    },
    drained () {},
    closed (error) {
      ended = error ?? new Error('it closed the link')
      for (const { reject } of waiting.splice(0)) reject(ended)
      over.resolve()
    }
  })
  return {
    over: over.promise,
    async show (credential) {
      if (ended !== undefined) throw ended
      const answer = Promise.withResolvers<RelayAnswer>()
      waiting.push(answer)
      const timer = setTimeout(() => { link.abort(new Error(`no answer within ${answerMs / 1000} s`)) }, answerMs)
      link.send([relayFrame(credential)])
      try { return await answer.promise } finally { clearTimeout(timer) }
    }
  }
}

/** Runs until the signal; never rejects. */
export const keepRelays = async (options: RelaysOptions): Promise<void> => {
  const { network, groups, mine, changed, missed, signal, log } = options
  const isOver = (): boolean => signal.aborted
  const notBefore = new Map<GroupId, number>()

  /** Shows what it has not shown yet. @returns whether the relay has admitted us */
  const showNew = async (relay: string, shown: Map<GroupId, Uint8Array>, show: (credential: Uint8Array) => Promise<RelayAnswer>): Promise<boolean> => {
    let admitted = false
    for (const group of groups()) {
      if ((notBefore.get(group) ?? 0) > performance.now()) continue
      const credential = await mine(group).catch((error: unknown) => {
        notBefore.set(group, performance.now() + askAgainMs)
        if (!isOver() && !ShoalError.is(error, 'NOT_FOUND')) log(`No credential for group ${group} to show to the relay: ${String(error)}`)
        return undefined
      })
      if (credential === undefined || shown.get(group) === credential) continue
      shown.set(group, credential)
      const answer = await show(credential)
      if (answer.admitted) admitted = true
      else log(`The relay ${relay} refuses us for group ${group}: ${answer.reason}`)
    }
    return admitted
  }

  /** One link, from its opening to its end. @returns whether there was a place */
  const hold = async (relay: string, gained: () => void): Promise<boolean> => {
    const link = await network.reach(relay, relayProtocol, AbortSignal.any([signal, AbortSignal.timeout(answerMs)]))
    const ended = new AbortController()
    const { show, over } = talk(link)
    const close = (): void => { void link.close() }
    signal.addEventListener('abort', close)
    void over.then(() => { ended.abort() })
    const shown = new Map<GroupId, Uint8Array>()
    let admitted = false
    let place: Place | undefined
    try {
      while (!ended.signal.aborted && !isOver()) {
        if (await showNew(relay, shown, show)) admitted = true
        if (admitted && place?.holds !== true) {
          place = await network.reserve(relay)
          changed(relay, true)
          gained()
        }
        await pause(systemClock, lookMs, AbortSignal.any([ended.signal, signal]))
      }
      return place !== undefined
    } finally {
      signal.removeEventListener('abort', close)
      place?.giveUp()
      await link.close()
      if (place !== undefined) changed(relay, false)
    }
  }

  const keep = async (addresses: readonly string[]): Promise<void> => {
    let retryMs = firstRetryMs
    let tried = 0
    let isMissed = false
    while (!isOver()) {
      if (groups().size === 0) { await pause(systemClock, lookMs, signal); continue }
      const relay = addresses[tried % addresses.length] ?? ''
      let failure: Error | undefined
      const gained = (): void => {
        if (isMissed) missed?.(relay, 'back')
        isMissed = false
      }
      const had = await hold(relay, gained).catch((error: unknown) => {
        if (!isOver()) log(`The relay ${relay} cannot be used: ${String(error)}`)
        failure = error instanceof Error ? error : new Error(String(error))
        return false
      })
      if (had) retryMs = firstRetryMs
      else tried++
      if (failure !== undefined && !isMissed && !isOver() && tried % addresses.length === 0) {
        isMissed = true
        missed?.(relay, failure)
      }
      if (isOver() || (!had && tried % addresses.length !== 0)) continue
      await pause(systemClock, retryMs, signal)
      if (!had) retryMs = Math.min(retryMs * 2, lastRetryMs)
    }
  }

  const byId = Map.groupBy(options.relays, address => address.split('/p2p/').at(-1))
  await Promise.all([...byId.values()].map(keep))
}
