import { describe, expect, it } from 'vitest'
import { leastSeconds, optimalRounds, randomRounds } from '../../benchmarks/bounds.ts'

describe('the least time of a swarm', () => {
  it.each([[2, 1, 1], [1024, 1, 10], [1000, 1000, 1009], [9, 64, 67]])('of %d peers and %d pieces is %d rounds', (peers, pieces, rounds) => { expect(optimalRounds(peers, pieces)).toBe(rounds) })
  it('is passed by random choice by what was measured', () => { expect(randomRounds(1000, 1000) / optimalRounds(1000, 1000)).toBeCloseTo(1.0476, 4) })

  const file = 32 * 2 ** 20
  const up = 5e6
  it('is that of the sharer\'s line when it is the narrowest', () => { expect(leastSeconds({ file, sharerUp: up, ups: [100 * up], downs: [Infinity] })).toBeCloseTo(file / up, 9) })
  it('is that of the slowest downloader\'s line when that is', () => { expect(leastSeconds({ file, sharerUp: up, ups: [up, up], downs: [Infinity, up / 4] })).toBeCloseTo(4 * file / up, 9) })
  it('is that of all uplinks together when they are few', () => { expect(leastSeconds({ file, sharerUp: up, ups: Array<number>(8).fill(0), downs: Array<number>(8).fill(Infinity) })).toBeCloseTo(8 * file / up, 9) })
  it('of one sharer and eight, all at the same rate, is one copy by the sharer', () => {
    expect(leastSeconds({ file, sharerUp: up, ups: Array<number>(8).fill(up), downs: Array<number>(8).fill(Infinity) })).toBeCloseTo(file / up, 9)
  })
})
