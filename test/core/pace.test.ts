/** How much is asked of a link, in virtual time: of one that carries so many bytes per second and answers so much later. */
import { describe, expect, test } from 'vitest'
import { pace } from '../../src/core/pace.ts'
import type { Pace } from '../../src/core/pace.ts'

const KiB = 1024
const MiB = 1024 * KiB
const bounds = { maxRequestBytes: 512 * KiB, maxOwedBytes: 8 * MiB }

interface Line { readonly rate: number, readonly delayMs: number }

interface Asked { readonly bytes: number, readonly at: number, readonly unhindered: boolean, readonly comes: number }

/** Asks for as much as the pace allows, until that time. @param tell what came so far, and when, with each block */
const fetch = (of: Pace, { rate, delayMs }: Line, untilMs: number, tell: (now: number, bytes: number) => void = () => undefined): void => {
  const owed: Asked[] = []
  let owedBytes = 0
  let now = 0
  let free = 0
  let came = 0
  const ask = (): void => {
    while (owed.length < 2 || owedBytes + of.requestBytes / 2 <= of.windowBytes) {
      const bytes = of.requestBytes
      owedBytes += bytes
      of.busy(now)
      free = Math.max(free, now + delayMs) + bytes * 1000 / rate
      owed.push({ bytes, at: now, unhindered: of.isUnhindered(owedBytes), comes: free })
    }
  }
  ask()
  for (let next = owed.shift(); next !== undefined && next.comes <= untilMs; next = owed.shift()) {
    now = next.comes
    owedBytes -= next.bytes
    came += next.bytes
    of.arrived(next.bytes, now)
    of.answered(next.bytes, now - next.at, next.unhindered)
    tell(now, came)
    ask()
  }
}

describe('the window', () => {
  test.each([[12.5e6, 20], [12.5e6, 50], [12.5e6, 100], [12.5e6, 300], [100e6, 50]])('of a line of %d bytes/s and %d ms covers their product after eight round trips, and no idle time comes after', (rate, delayMs) => {
    const of = pace(bounds)
    const marks: [number, number][] = []
    fetch(of, { rate, delayMs }, 8 * delayMs + 500)
    expect(of.windowBytes).toBeGreaterThanOrEqual(Math.min(rate * delayMs / 1000, bounds.maxOwedBytes))
    fetch(pace(bounds), { rate, delayMs }, 8 * delayMs + 4_000, (now, bytes) => { if (now >= 8 * delayMs + 1_000) marks.push([now, bytes]) })
    const [[from, before] = [0, 0], [to, after] = [0, 0]] = [marks[0], marks.at(-1)]
    expect((after - before) * 1000 / (to - from) / rate).toBeGreaterThan(0.99)
  })

  test('is bounded, however much a line brings', () => {
    const of = pace(bounds)
    fetch(of, { rate: 10e9, delayMs: 200 }, 20_000)
    expect(of.windowBytes).toBe(bounds.maxOwedBytes)
    const long = pace(bounds)
    fetch(long, { rate: 12.5e6, delayMs: 100 }, 60_000)
    expect(long.windowBytes).toBeLessThan(4 * 1.25e6)
  })

  test('stays small on a slow line', () => {
    const of = pace(bounds)
    fetch(of, { rate: 20e3, delayMs: 100 }, 60_000)
    expect(of.windowBytes).toBeLessThanOrEqual(128 * KiB)
  })
})

describe('a request', () => {
  test('is a quarter of the window, and grows with it: no time has to pass on a fast line', () => {
    const of = pace(bounds)
    const sizes: number[] = []
    fetch(of, { rate: 10e9, delayMs: 0.1 }, 10, () => { sizes.push(of.requestBytes) })
    expect(sizes[0]).toBe(32 * KiB)
    expect(sizes.at(-1)).toBe(bounds.maxRequestBytes)
  })

  test('takes at most half a second of a slow line', () => {
    const of = pace(bounds)
    const sizes: number[] = []
    fetch(of, { rate: 100e3, delayMs: 20 }, 30_000, now => { if (now > 1_000) sizes.push(of.requestBytes) })
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50e3)
  })
})
