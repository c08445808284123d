/** The small parts that a session is made of, each against a plain model of itself. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bitfield } from '../../src/contract/index.ts'
import { bits } from '../../src/core/bits.ts'
import { downBudget } from '../../src/core/budget.ts'
import { fifo } from '../../src/core/fifo.ts'
import { pace } from '../../src/core/pace.ts'
import { random } from '../../src/core/random.ts'
import { rarity } from '../../src/core/rarity.ts'
import type { Rarity } from '../../src/core/rarity.ts'
import { settings } from '../../src/core/settings.ts'
import { timers } from '../../src/core/timers.ts'
import { tokenBucket } from '../../src/core/token-bucket.ts'

describe('rarity', () => {
  const from = (tested: Rarity, least: number): number[] => Array.from({ length: tested.size - tested.begin(least) }, (_, index) => tested.at(tested.begin(least) + index))
  const step = fc.record({ what: fc.constantFrom('add', 'remove', 'more', 'fewer', 'moreOf', 'fewerOf'), piece: fc.nat(19), others: fc.uniqueArray(fc.nat(19)) })

  test('orders the candidates by availability, whatever came and went', () => {
    fc.assert(fc.property(fc.nat(), fc.array(step, { maxLength: 200 }), (seed, steps) => {
      const tested = rarity(20, random(seed))
      for (let piece = 0; piece < 20; piece++) tested.missing.add(piece)
      const counts = new Array<number>(20).fill(0)
      const candidates = new Set<number>()
      for (const { what, piece, others } of steps) {
        const count = counts[piece] ?? 0
        if (what === 'add') { tested.add(piece); candidates.add(piece) }
        if (what === 'remove') { tested.remove(piece); candidates.delete(piece) }
        if (what === 'more') { tested.more(piece); counts[piece] = count + 1 }
        if (what === 'fewer' && count > 0) { tested.fewer(piece); counts[piece] = count - 1 }
        const many = bits(20)
        for (const other of others) if (what === 'moreOf' || (counts[other] ?? 0) > 0) many.add(other)
        if (what === 'moreOf') tested.moreOf(many)
        if (what === 'fewerOf') tested.fewerOf(many)
        if (what.endsWith('Of')) for (const other of many.from(0)) counts[other] = (counts[other] ?? 0) + (what === 'moreOf' ? 1 : -1)
        for (const least of [0, 1, 3]) {
          const order = from(tested, least)
          const expected = [...candidates].filter(candidate => (counts[candidate] ?? 0) >= least)
          expect([...order].sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
          const availabilities = order.map(candidate => counts[candidate] ?? 0)
          expect(availabilities).toEqual([...availabilities].sort((a, b) => a - b))
          expect(order.map(candidate => tested.placeOf(candidate) - tested.begin(least))).toEqual([...order.keys()])
        }
        expect([...tested.candidates.from(0)]).toEqual([...candidates].sort((a, b) => a - b))
        expect(tested.size).toBe(candidates.size)
        expect(tested.availability(piece)).toBe(counts[piece])
      }
    }), { numRuns: 50 })
  })

  test('orders equals by chance: each comes first about as often', () => {
    const first = new Array<number>(4).fill(0)
    for (let seed = 0; seed < 400; seed++) {
      const tested = rarity(4, random(seed))
      if (seed % 2 === 0) tested.addAll([0, 1, 2, 3])
      else for (const piece of [0, 1, 2, 3]) tested.add(piece)
      const [piece] = from(tested, 0)
      first[piece ?? 0] = (first[piece ?? 0] ?? 0) + 1
    }
    for (const times of first) expect(times).toBeGreaterThan(60)
  })

  test('takes constant time for a have: a million of them on a million pieces are a matter of a second', () => {
    const tested = rarity(1_000_000, random(1))
    for (let piece = 0; piece < 1_000_000; piece++) tested.add(piece)
    const before = process.cpuUsage().user
    for (let piece = 0; piece < 1_000_000; piece++) tested.more((piece * 7919) % 1_000_000)
    expect((process.cpuUsage().user - before) / 1_000).toBeLessThan(3_000)
  })
})

describe('bits', () => {
  test('are those of a bitfield, and come out in order, from anywhere', () => {
    const flags = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1_000, max: 5_000 })).chain(length => fc.tuple(fc.constant(length), fc.array(fc.nat(Math.max(0, length - 1))), fc.array(fc.nat(Math.max(0, length - 1))), fc.nat(length)))
    fc.assert(fc.property(flags, ([length, one, other, from]) => {
      const [a, b] = [bitfield(length), bitfield(length)]
      if (length > 0) for (const index of one) a.add(index)
      if (length > 0) for (const index of other) b.add(index)
      const tested = bits(length, a.bytes())
      const second = bits(length)
      for (const index of b) expect(second.add(index)).toBe(true)
      expect(tested.count).toBe(a.count)
      expect([...tested.from(0)]).toEqual([...a])
      expect([...tested.from(from)]).toEqual([...a].filter(index => index >= from))
      expect([...second.from(0)]).toEqual([...b])
      for (const index of a) expect(tested.has(index) && tested.delete(index) && !tested.has(index)).toBe(true)
      expect(tested.count).toBe(0)
    }))
  })

  test('of the wrong size, or with a spare bit, are refused', () => {
    expect(() => bits(9, new Uint8Array(1))).toThrow(RangeError)
    expect(() => bits(4, new Uint8Array([0b1111_1000]))).toThrow(RangeError)
  })
})

describe('timers', () => {
  test('run when they are due, in order of time and then of setting, as last set', () => {
    const step = fc.record({ who: fc.nat(9), what: fc.constantFrom('set', 'clear', 'run'), at: fc.nat(50) })
    fc.assert(fc.property(fc.array(step, { maxLength: 100 }), steps => {
      const heap = timers()
      const ran: number[] = []
      const all = Array.from({ length: 10 }, (_, who) => heap.timer(() => { ran.push(who) }))
      let model: { who: number, at: number }[] = []
      let now = 0
      for (const { who, what, at } of steps) {
        if (what === 'run') {
          now += at
          const due = model.filter(entry => entry.at <= now).sort((a, b) => a.at - b.at)
          model = model.filter(entry => entry.at > now)
          ran.length = 0
          heap.runDue(now)
          expect(ran).toEqual(due.map(entry => entry.who))
          continue
        }
        model = model.filter(entry => entry.who !== who)
        if (what === 'set') { all[who]?.set(now + at); model.push({ who, at: now + at }) } else all[who]?.clear()
        expect(all[who]?.at).toBe(what === 'set' ? now + at : undefined)
        expect(heap.next).toBe(model.length === 0 ? undefined : Math.min(...model.map(entry => entry.at)))
      }
    }))
  })

  test('that set themselves for now wait for the next time, and one that another cleared does not run', () => {
    const heap = timers()
    let runs = 0
    const second = heap.timer(() => { throw new Error('It was cleared.') })
    const first = heap.timer(() => { runs++; first.set(5); second.clear() })
    first.set(5)
    second.set(6)
    heap.runDue(10)
    expect(runs).toBe(1)
    expect(heap.next).toBe(5)
  })
})

describe('a token bucket', () => {
  test('lets through no more than its rate and a second, with one overdraft', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), fc.array(fc.record({ ms: fc.nat(500), bytes: fc.integer({ min: 1, max: 5_000 }) }), { maxLength: 100 }), (rate, steps) => {
      const bucket = tokenBucket(rate)
      let [now, passed, largest] = [0, 0, 0]
      for (const { ms, bytes } of steps) {
        now += ms
        if (bucket.readyAt(now) > now) continue
        bucket.take(bytes, now)
        passed += bytes
        largest = Math.max(largest, bytes)
      }
      expect(passed).toBeLessThanOrEqual(rate * (1 + now / 1000) + largest)
    }))
  })

  test('says when it is ready, and is ready then', () => {
    const bucket = tokenBucket(1_000)
    bucket.take(3_500, 0)
    const at = bucket.readyAt(0)
    expect(at).toBeGreaterThan(2_500)
    expect(at).toBeLessThan(2_510)
    expect(bucket.readyAt(at)).toBe(at)
  })

  test('of no limit is always ready, of 0 never', () => {
    expect(tokenBucket(undefined).readyAt(7)).toBe(7)
    expect(tokenBucket(0).readyAt(7)).toBe(Infinity)
  })
})

describe('pace', () => {
  const options = { maxRequestBytes: 512 * 1024, maxOwedBytes: 8 * 2 ** 20 }
  /** A link of a rate and a delay, kept as full as the pace says, for a time. */
  const run = (rate: number, delayMs: number, seconds: number): { pace: ReturnType<typeof pace>, delivered: number, waitMs: number } => {
    const tested = pace(options)
    const flying: { readonly bytes: number, readonly asked: number, readonly due: number, readonly unhindered: boolean }[] = []
    let [now, owed, freeAt, delivered, waitMs] = [0, 0, 0, 0, 0]
    while (now < seconds * 1000) {
      while (flying.length < 2 || owed + tested.requestBytes <= tested.windowBytes) {
        const bytes = tested.requestBytes
        if (owed === 0) tested.busy(now)
        owed += bytes
        freeAt = Math.max(freeAt, now + delayMs / 2) + bytes * 1000 / rate
        flying.push({ bytes, asked: now, due: freeAt + delayMs / 2, unhindered: tested.isUnhindered(owed) })
      }
      const next = flying.shift()
      if (next === undefined) break
      now = next.due
      owed -= next.bytes
      delivered += next.bytes
      tested.arrived(next.bytes, now)
      tested.answered(next.bytes, now - next.asked, next.unhindered)
      waitMs = now - next.asked
    }
    return { pace: tested, delivered, waitMs }
  }

  test.each([[50_000, 50], [1e6, 5], [1e6, 300], [1e7, 100], [1e8, 1], [1e8, 20]])('fills a link of %i bytes/s and %i ms, without a long queue', (rate, delayMs) => {
    const { pace, delivered, waitMs } = run(rate, delayMs, 30)
    expect(pace.rate(30_000)).toBeGreaterThan(rate * 0.8)
    expect(delivered).toBeGreaterThan(rate * 30 * 0.85)
    expect(waitMs).toBeLessThan(2_500 + 4 * delayMs)
    expect(pace.windowBytes).toBeLessThanOrEqual(options.maxOwedBytes)
    // a request takes at most half a second, but no less than a leaf is asked
    expect(pace.requestBytes).toBeLessThanOrEqual(Math.max(16 * 1024, rate / 2))
  })

  test('keeps the same queue for an hour: its own queue is not taken for delay', () => {
    expect(run(200_000, 20, 3_600).pace.windowBytes).toBeLessThan(400_000)
  })

  test('notices that a link brings next to nothing within a second', () => {
    const { pace } = run(1e7, 10, 5)
    const from = 6_000
    pace.busy(from)
    for (let second = 1; second <= 3; second++) pace.arrived(10, from + second * 1_000)
    expect(pace.rate(from + 3_000)).toBeLessThan(20_000)
  })
})

describe('the down budget', () => {
  test('lets one piece in however small it is, and those who have shown nothing only into one half', () => {
    const tiny = downBudget(1)
    expect(tiny.fits(100, false)).toBe(true)
    tiny.reserve(100, false)
    expect(tiny.fits(100, true)).toBe(false)
    const budget = downBudget(100)
    for (let times = 0; times < 5; times++) {
      expect(budget.fits(10, false)).toBe(true)
      budget.reserve(10, false)
    }
    expect(budget.fits(10, false)).toBe(false)
    expect(budget.fits(50, true)).toBe(true)
    expect(budget.fits(51, true)).toBe(false)
    budget.release(10, false)
    expect(budget.fits(10, false)).toBe(true)
  })
})

describe('a queue', () => {
  test('gives in order what was put, over any mix of both', () => {
    fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 500 }), steps => {
      const tested = fifo<number>()
      const model: number[] = []
      for (const [at, isPush] of steps.entries()) {
        if (isPush) { tested.push(at); model.push(at) } else expect(tested.shift()).toBe(model.shift())
        expect(tested.size).toBe(model.length)
      }
    }))
  })
})

describe('settings', () => {
  const base = { peer: 'me', seed: 1, selector: { select: () => [] } } as never
  test.each([
    ['maxRequestBytes', 5], ['maxRequestBytes', 1024 * 1024], ['maxRequestBytes', 0], ['downBudgetBytes', 0], ['upBudgetBytes', 1.5], ['uploadSlots', -1], ['maxLinks', NaN], ['maxOwedBytes', 100]
  ])('%s of %d are refused by name', (name, value) => { expect(() => settings({ ...base as object, [name]: value } as never)).toThrow(name) })

  test('a request is never larger than what may be asked of a link', () => {
    expect(settings({ ...base as object, maxOwedBytes: 100_000 } as never).maxRequestBytes).toBe(6 * 16 * 1024)
  })
})
