import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAgenda } from '../../src/sim/agenda.ts'

describe('an agenda', () => {
  it('lets things happen by time, and in order of entry at the same time', () => {
    fc.assert(fc.property(fc.array(fc.nat(20), { maxLength: 200 }), delays => {
      const agenda = createAgenda()
      const happened: [number, number][] = []
      delays.forEach((delay, i) => { agenda.after(delay, () => { happened.push([agenda.now, i]) }) })
      while (agenda.step(Infinity));
      expect(happened).toEqual(delays.map((delay, i) => [delay, i] as const).toSorted(([a, i], [b, j]) => a - b || i - j))
    }))
  })

  it('takes what is entered meanwhile, and stops before what is later than it is let', () => {
    const agenda = createAgenda()
    const happened: string[] = []
    agenda.after(10, () => {
      happened.push('first')
      agenda.after(0, () => { happened.push('at once') })
      agenda.after(5, () => { happened.push('later') })
    })
    agenda.after(10, () => { happened.push('second') })
    while (agenda.step(12));
    expect(happened).toEqual(['first', 'second', 'at once'])
    expect(agenda.now).toBe(10)
  })
})
