import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPulse } from '../../src/network/pulse.ts'
import type { Pulse, Watched } from '../../src/network/pulse.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { pulse?.stop(); vi.useRealTimers() })
let pulse: Pulse | undefined

interface Side {
  /** ms until an answer to a probe; undefined: never */
  answersAfter: number | undefined
  moved: number
  asked: number
  dead: number | undefined
}

/** A link whose other side does what `side` says. */
const watch = (answersAfter: number | undefined): Side => {
  const side: Side = { answersAfter, moved: 0, asked: 0, dead: undefined }
  pulse = createPulse()
  const started = performance.now()
  pulse.watch({
    connection: {
      newStream: (_protocol: string | string[], options: { signal?: AbortSignal } = {}) => {
        side.asked++
        return new Promise((_resolve, reject) => {
          options.signal?.addEventListener('abort', () => { reject(new Error('aborted')) })
          if (side.answersAfter !== undefined) setTimeout(() => { reject(new Error('no such protocol')) }, side.answersAfter)
        })
      }
    },
    moved: () => side.moved,
    dead () { side.dead = performance.now() - started }
  } satisfies Watched)
  return side
}

const pass = async (ms: number, each?: () => void): Promise<void> => {
  for (let gone = 0; gone < ms; gone += 500) { each?.(); await vi.advanceTimersByTimeAsync(500) }
}

describe('a link', () => {
  it('whose other side is gone is dead within 15 s, and told once', async () => {
    const side = watch(undefined)
    await pass(60_000)
    expect(side.dead).toBeGreaterThan(8_000)
    expect(side.dead).toBeLessThanOrEqual(15_000)
    expect(side.asked).toBe(1)
  })

  it('that is idle, with a peer that answers, lives', async () => {
    const side = watch(200)
    await pass(120_000)
    expect(side.dead).toBeUndefined()
    expect(side.asked).toBeGreaterThan(10)
  })

  it('on which bytes move is not asked, though nobody would answer', async () => {
    const side = watch(undefined)
    await pass(120_000, () => { side.moved++ })
    expect([side.asked, side.dead]).toEqual([0, undefined])
  })

  it('on which a few bytes moved while the answer was late lives', async () => {
    const side = watch(undefined)
    let count = 0
    await pass(60_000, () => { if (count++ % 20 === 19) side.moved += 100 }) // every 10 s
    expect(side.asked).toBeGreaterThan(1)
    expect(side.dead).toBeUndefined()
  })

  it('that is over is not watched any more', async () => {
    pulse = createPulse()
    let asked = 0
    const unwatch = pulse.watch({ connection: { newStream: () => { asked++; return Promise.reject(new Error('x')) } }, moved: () => 0, dead () {} })
    unwatch()
    await pass(30_000)
    expect(asked).toBe(0)
    expect(vi.getTimerCount()).toBe(1)
    pulse.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
