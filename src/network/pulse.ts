/**
 * Finds out that the other side of a link is gone without a word (power cut, cable pulled), which the operating system tells only after minutes. Owns the
 * watch; what is done about a dead link is the caller's. libp2p's own connection monitor is not used: its ping stands behind the data in the queues, so it
 * cuts slow peers that are busy.
 */
import type { Connection } from '@libp2p/interface'
import { countdown } from './countdown.ts'

/** A link on which nothing moved for this long is asked for a sign of life … */
const quietMs = 5_000
/** … and is dead when none comes in this time, and nothing else either. Together with one look, at most 15 s. */
const answerMs = 8_000
const lookMs = 1_500

// Nobody handles it, on purpose: "no such protocol" is an answer, and every libp2p peer gives it.
const probeProtocol = '/shoal/alive/1'

export interface Watched {
  readonly connection: Pick<Connection, 'newStream'>
  /** Grows with every byte that comes or goes. */
  moved (): number
  /** Nothing moved for so long, and no answer. */
  dead (silentMs: number): void
}

export interface Pulse {
  /** @returns stops watching */
  watch (watched: Watched): () => void
  stop (): void
}

const answers = async (connection: Watched['connection']): Promise<boolean> => {
  const late = new AbortController()
  const timer = countdown(answerMs, () => { late.abort(new Error('No answer.')) })
  try {
    const stream = await connection.newStream(probeProtocol, { signal: late.signal, runOnLimitedConnection: true })
    stream.abort(new Error('It was only a probe.'))
    return true
  } catch {
    return !late.signal.aborted // any other failure is an answer, or ends the link by itself
  } finally {
    timer.stop()
  }
}

export const createPulse = (): Pulse => {
  const beats = new Map<Watched, { moved: number, since: number, asked: boolean }>()

  const ask = async (watched: Watched, beat: { moved: number, since: number, asked: boolean }): Promise<void> => {
    beat.asked = true
    const alive = await answers(watched.connection)
    if (!beats.has(watched)) return
    if (alive || watched.moved() !== beat.moved) {
      beat.asked = false
      beat.since = performance.now()
      beat.moved = watched.moved()
    } else watched.dead(performance.now() - beat.since)
  }

  const timer = setInterval(() => {
    const now = performance.now()
    for (const [watched, beat] of beats) {
      const moved = watched.moved()
      if (beat.asked) continue
      if (moved !== beat.moved) { beat.moved = moved; beat.since = now }
      else if (now - beat.since >= quietMs) void ask(watched, beat)
    }
  }, lookMs)

  return {
    watch (watched) {
      beats.set(watched, { moved: watched.moved(), since: performance.now(), asked: false })
      return () => { beats.delete(watched) }
    },
    stop () { clearInterval(timer); beats.clear() }
  }
}
