import { describe, expect, it } from 'vitest'
import { createMeter } from '../../src/peer/meter.ts'

describe('a meter', () => {
  it('shows nothing before the first byte', () => { expect(createMeter().rate(1_000)).toBe(0) })

  it('shows the mean of the last five seconds', () => {
    const meter = createMeter()
    for (let now = 0; now <= 20_000; now += 100) meter.add(1_000, now)
    expect(meter.rate(20_000)).toBeCloseTo(10_000, -3)
  })

  it('forgets what is older', () => {
    const meter = createMeter()
    meter.add(1_000_000, 0)
    expect(meter.rate(10_000)).toBe(0)
  })

  it('does not take one early burst for an endless rate', () => {
    const meter = createMeter()
    meter.add(1_000, 0)
    expect(meter.rate(0)).toBe(4_000)
  })
})
