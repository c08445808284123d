/**
 * Tries addresses in lanes, one lane per transport, until one is linked. The first lane begins; the next when it failed, or did not answer in time: a transport
 * whose packets are swallowed delays the next one by a second, not by its whole patience. Owns the order and the times; what an attempt is, is the caller's.
 */
import { countdown } from './countdown.ts'
import type { Countdown } from './countdown.ts'

/** A lane that says nothing is given so long before the next begins; those behind it less, so that the fourth begins within 2 s, too. */
const firstLaneMs = 1_000
const nextLaneMs = 400
/** One whose handshake has begun is given longer, in all: a hundred handshakes at once are seconds of CPU. */
const answeredMs = 1_900
/** Addresses of one lane: a dead interface of a peer delays its next one by so much. */
const nextAddressMs = 400

export interface RaceOptions<A, T> {
  /** In order of preference; none is empty. */
  readonly lanes: readonly (readonly A[])[]
  readonly signal: AbortSignal
  /** Must end soon after its signal does, which is not aborted once it is linked. @param answered somebody is there: the lane is not passed by at once */
  attempt (address: A, signal: AbortSignal, answered: () => void): Promise<T>
  failed (address: A, error: unknown): void
  /** Another lane was faster, although this one began before it. */
  passed? (lane: number): void
  /** It was linked too late. */
  discard (late: T): void
}

/** @returns undefined when every address failed. Rejects with the reason of the signal */
export const race = <A, T>({ lanes, signal, attempt, failed, passed, discard }: RaceOptions<A, T>): Promise<T | undefined> => new Promise((resolve, reject) => {
  /** Those under way. The winner's signal is never aborted: parts of its connection heed it for as long as that lives. */
  const others = new Set<AbortController>()
  const timers = new Set<Countdown>()
  let laneTimer: Countdown | undefined
  let begun = 0
  let running = 0
  let over = false

  const after = (ms: number, run: () => void): Countdown => {
    const timer = countdown(ms, () => { timers.delete(timer); run() })
    timers.add(timer)
    return timer
  }
  const cancel = (timer: Countdown | undefined): void => {
    timer?.stop()
    if (timer !== undefined) timers.delete(timer)
  }
  const finish = (how: () => void): void => {
    if (over) return
    over = true
    for (const timer of timers) timer.stop()
    signal.removeEventListener('abort', stop)
    for (const other of others) other.abort(signal.aborted ? signal.reason : new Error('Another address was faster.'))
    how()
  }
  const stop = (): void => { finish(() => { reject(signal.reason as Error) }) }

  const beginLane = (): void => {
    cancel(laneTimer)
    const lane = begun
    const addresses = lanes[lane]
    if (over || addresses === undefined) return
    begun++
    running++
    const givenMs = lane === 0 ? firstLaneMs : nextLaneMs
    let isAnswered = false
    let failures = 0
    let next = 0
    let addressTimer: Countdown | undefined

    const answered = (): void => {
      if (isAnswered || begun !== lane + 1) return
      isAnswered = true
      laneTimer?.extend(answeredMs - givenMs)
    }
    const tryNext = (): void => {
      cancel(addressTimer)
      const address = addresses[next]
      if (over || address === undefined) return
      next++
      if (next < addresses.length) addressTimer = after(nextAddressMs, tryNext)
      const own = new AbortController()
      others.add(own)
      attempt(address, own.signal, answered).finally(() => { others.delete(own) }).then(
        linked => {
          if (over) { discard(linked); return }
          finish(() => {
            for (let earlier = 0; earlier < lane; earlier++) passed?.(earlier)
            resolve(linked)
          })
        },
        (error: unknown) => {
          if (over) return
          failed(address, error)
          if (++failures < addresses.length) { tryNext(); return }
          running--
          if (begun < lanes.length) { if (begun === lane + 1) beginLane() } else if (running === 0) finish(() => { resolve(undefined) })
        })
    }

    if (begun < lanes.length) laneTimer = after(givenMs, beginLane)
    tryNext()
  }

  if (signal.aborted) { reject(signal.reason as Error); return }
  signal.addEventListener('abort', stop)
  if (lanes.length === 0) finish(() => { resolve(undefined) })
  else beginLane()
})
