/** Countdowns of a process that is held up: by a loop that does nothing else. */
import { stat } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countdown } from '../../src/network/countdown.ts'

const holdUp = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until) { /* that is it */ }
}

/** What is told first: that the time is over, or what came meanwhile. The process is held up from within a timer, so that both are due when it goes on. */
const firstOf = (ms: number, heldUpMs: number): Promise<string> => new Promise(resolve => {
  setTimeout(() => {
    countdown(ms, () => { resolve('over') })
    stat('.', () => { resolve('answer') })
    holdUp(heldUpMs)
  })
})

describe('a countdown', () => {
  it('takes as long as it was told', async () => {
    const since = performance.now()
    await new Promise<void>(resolve => { countdown(600, resolve) })
    expect(performance.now() - since).toBeGreaterThanOrEqual(595)
  })

  it.each([100, 249, 600])('of %i ms ends behind what came while the process was held up', async ms => {
    expect(await firstOf(ms, 700)).toBe('answer')
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
