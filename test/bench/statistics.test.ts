import { describe, expect, it } from 'vitest'
import { median, spread } from '../../benchmarks/statistics.ts'

describe('statistics', () => {
  it('have the middle value of an odd number, however they are ordered', () => { expect(median([9, 1, 5])).toBe(5) })
  it('have the mean of the two in the middle of an even number', () => { expect(median([4, 1, 10, 2])).toBe(3) })
  it('have no median of nothing', () => { expect(() => median([])).toThrow(RangeError) })
  it('leave the values as they are', () => {
    const values = [3, 1, 2]
    expect(spread(values)).toEqual({ median: 2, min: 1, max: 3 })
    expect(values).toEqual([3, 1, 2])
  })
})
