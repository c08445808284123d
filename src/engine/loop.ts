/**
 * The loop around a session: one input at a time, then every effect it gives, then the next. Owns the order, the wake-up timer and the recording; what an
 * effect does to the world is the performer's (engine.ts).
 */
import type { Effect, Input, Session, SessionView } from '../core/io.ts'
import type { Clock } from './clock.ts'

/** One line of a recording: enough to feed another session with the same seed and compare what comes out. */
export type Recorded = { readonly now: number, readonly input: Input } | { readonly effect: Effect }

export interface Loop {
  input (input: Input): void
  readonly view: SessionView
  stop (): void
}

export interface LoopOptions {
  readonly session: Session
  readonly clock: Clock
  /** Must not throw for anything that the world does. */
  perform (effect: Effect): void
  /** Sees every input before the session does, and every effect before it is performed. Must copy the buffers it keeps. */
  readonly record?: ((entry: Recorded) => void) | undefined
}

export const createLoop = ({ session, clock, perform, record }: LoopOptions): Loop => {
  const queue: Input[] = []
  let running = false
  let stopped = false
  let armed: { readonly at: number, readonly cancel: () => void } | undefined

  const step = (input: Input): void => {
    const now = clock.now()
    record?.({ now, input })
    session.handle(input, now)
    for (let effect = session.poll(); effect !== undefined; effect = session.poll()) {
      record?.({ effect })
      perform(effect)
    }
  }

  /** A timer that is set earlier than needed only ticks once for nothing; so it is moved forward, never back. */
  const arm = (): void => {
    const at = session.wakeAt
    if (at === undefined || stopped || (armed !== undefined && armed.at <= at)) return
    armed?.cancel()
    const cancel = clock.after(Math.max(0, at - clock.now()), () => { armed = undefined; feed({ type: 'tick' }) })
    armed = { at, cancel }
  }

  /** Performing an effect may bring an input at once: it waits its turn. */
  const feed = (input: Input): void => {
    if (stopped) return
    queue.push(input)
    if (running) return
    running = true
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) step(next)
    } finally {
      running = false
    }
    arm()
  }

  return {
    input: feed,
    view: session.view,
    stop () { stopped = true; armed?.cancel(); queue.length = 0 }
  }
}
