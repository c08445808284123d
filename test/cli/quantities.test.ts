import { describe, expect, it } from 'vitest'
import { formatBytes, formatMoment, formatPercent, formatRate, formatSeconds, parseBytes } from '../../src/cli/quantities.ts'

describe('quantities', () => {
  it.each([
    ['0', 0], ['65536', 65536], ['64KiB', 65536], ['64K', 65536], ['64kb', 64000], ['1.5MB', 1_500_000], ['1 MiB', 1048576], ['2G', 2 ** 31], ['10MB/s', 1e7], ['1tib', 2 ** 40]
  ])('%s is %i bytes', (text, bytes) => { expect(parseBytes(text, '--x')).toBe(bytes) })

  it.each(['', 'fast', '-1', '1XB', '1e9', '0x10', '9007199254740993', '1.5.2', 'NaN', 'Infinity'])('%j is no number of bytes', text => {
    expect(() => parseBytes(text, '--up-limit')).toThrow(/^--up-limit: /)
  })

  it('is written for people', () => {
    expect([0, 999, 1000, 99_949, 99_950, 1e6, 278e6, 999_499_999, 999_500_000, 3e15].map(formatBytes))
      .toEqual(['0 B', '999 B', '1.0 kB', '99.9 kB', '100 kB', '1.0 MB', '278 MB', '999 MB', '1.0 GB', '3.0 PB'])
    expect(formatRate(11_900_000)).toBe('11.9 MB/s')
    expect([0, 0.2, 59, 60, 3599.5, 11_100].map(formatSeconds)).toEqual(['0:00', '0:01', '0:59', '1:00', '1:00:00', '3:05:00'])
  })

  it('says 100% only of what is whole', () => {
    expect([[0, 10], [1, 3], [999_999, 1_000_000], [10, 10], [0, 0]].map(([done = 0, total = 0]) => formatPercent(done, total))).toEqual(['0.0%', '33.3%', '99.9%', '100%', '100%'])
  })

  it('writes a moment to the second, in UTC', () => {
    expect(formatMoment(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z')
    expect(formatMoment(0)).toBe('-')
  })
})
