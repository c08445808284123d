/** Countdowns of a process that is held up: by a loop that does nothing else. */
import { describe, expect, it } from 'vitest'
import { countdown } from '../../src/network/countdown.ts'

const holdUp = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until) { /* that is it */ }
}

describe('a countdown', () => {
  it('takes as long as it was told', async () => {
    const since = performance.now()
    await new Promise<void>(resolve => { countdown(600, resolve) })
    expect(performance.now() - since).toBeGreaterThanOrEqual(595)
  })

  it('counts being held up once, however long that was', async () => {
    const since = performance.now()
    const over = new Promise<number>(resolve => { countdown(600, () => { resolve(performance.now() - since) }) })
    setTimeout(() => { holdUp(700) }, 10)
    expect(await over).toBeGreaterThan(1_000)
  })

  it('is put off, and stopped', async () => {
    const told: string[] = []
    await new Promise<void>(resolve => {
      countdown(100, () => { told.push('stopped') }).stop()
      const late = countdown(100, () => { told.push('late'); resolve() })
      late.extend(150)
      countdown(150, () => { told.push('soon') })
    })
    expect(told).toEqual(['soon', 'late'])
  })
})
