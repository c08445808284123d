import { describe, expect, it } from 'vitest'
import { cpuOf, peakOf, read, receivedOf, sentOf } from '../../benchmarks/measure.ts'
import { readOptions } from '../../benchmarks/options.ts'
import { lineUse } from '../../benchmarks/parts/throughput/watch-line.ts'
import { formatSize, parseSize } from '../../benchmarks/quantities.ts'
import { benchOptions, benchParts } from '../../src/cli/bench-options.ts'

describe('what a process used', () => {
  it('is user and system time, whatever the program is called', () => { expect(cpuOf('12 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0')).toBeCloseTo(2, 9) })
  it('is the peak of its memory', () => { expect(peakOf('Name:\tnode\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\n')).toBe(2 * 2 ** 20) })
  it('is what all interfaces received and sent', () => {
    expect(sentOf('    lo: 100 1 0 0 0 0 0 0 200 2\n  eth0:42 3 0 0 0 0 0 0 9 9\n')).toBe(209)
    expect(receivedOf('Inter-|   Receive |  Transmit\n face |bytes packets|bytes\n    lo: 100 1 0 0 0 0 0 0 200 2\n  eth0:42 3 0 0 0 0 0 0 9 9\n')).toBe(142)
  })
  it.runIf(process.platform === 'linux')('is there for this process', () => {
    const reading = read(process.pid)
    expect(reading?.cpuSeconds).toBeGreaterThan(0)
    expect(reading?.peakBytes).toBeGreaterThan(10 * 2 ** 20)
  })
})

describe('the use of a line', () => {
  const samples = Array.from({ length: 101 }, (_, i) => ({ seconds: i / 10, bytes: i * 100 })) // 1,000 bytes per second for 10 s
  it('is what came per second once it has settled, over its rate', () => { expect(lineUse(samples, { fileBytes: 9_000, rate: 2_000, after: 2 })?.frames).toBeCloseTo(0.5, 2) })
  it('counts bytes of the file without their headers', () => { expect(lineUse(samples, { fileBytes: 9_000, rate: 2_000, after: 2 })?.file).toBeCloseTo(0.45, 2) })
  it('does not count what comes after the file: nothing', () => {
    const still = Array.from({ length: 50 }, (_, i) => ({ seconds: 10 + i, bytes: 10_000 }))
    expect(lineUse([...samples, ...still], { fileBytes: 9_000, rate: 2_000, after: 2 })?.frames).toBeCloseTo(0.5, 2)
  })
  it('is not known when it was over at once', () => { expect(lineUse(samples.slice(0, 21), { fileBytes: 9_000, rate: 2_000, after: 2 })).toBeUndefined() })
})

describe('the options', () => {
  const known = ['throughput', 'micro']
  it('have throughput, 5 runs and two sizes by default', () => {
    expect(readOptions([], known)).toMatchObject({ parts: ['throughput'], runs: 5, sizes: [16 * 2 ** 20, 256 * 2 ** 20], delays: [100], check: false })
  })
  it('have all delays when throughput is asked for by name', () => { expect(readOptions(['throughput'], known).delays).toEqual([0, 20, 50, 100]) })
  it.each([[['nothing'], 'no part'], [['--sizes', '1x'], 'no size'], [['--runs', '0'], 'whole number'], [['--delays=-1'], 'milliseconds'], [['--fast'], 'fast']])('refuse %j', (words, message) => {
    expect(() => readOptions(words, known)).toThrow(message)
  })
  it.each(['1MiB', '256MiB', '1GiB', '1000B', '3KiB'])('write a size as they read it: %s', text => { expect(formatSize(parseSize(text) ?? 0)).toBe(text) })
  it('are those that shoal bench hands on', () => {
    const words = benchOptions.map(({ name, value }) => value === undefined ? name : `${name}=1`)
    expect(() => readOptions([...benchParts, ...words], benchParts)).not.toThrow()
  })
})
