import { describe, expect, it } from 'vitest'
import { random } from '../../plugins/selector-random/index.ts'
import { rarestFirst } from '../../plugins/selector-rarest-first/index.ts'
import { sequential } from '../../plugins/selector-sequential/index.ts'
import type { Selector } from '../../src/contract/index.ts'
import { simulate } from '../../src/sim/index.ts'
import type { NodeOptions, Scenario } from '../../src/sim/index.ts'
import { createCodec } from '../../src/wire/index.ts'

const mebibyte = 1024 * 1024

const leechers = (count: number, options: (i: number) => NodeOptions): NodeOptions[] => Array.from({ length: count }, (_, i) => options(i))

/** A seed and seven that want it. */
const eight = (seed: number): Scenario => ({
  nodes: [
    { name: 'seed', seed: true, upBytesPerSecond: 500_000 },
    ...leechers(7, i => ({ name: `peer-${i}`, upBytesPerSecond: 200_000 * (i + 1), downBytesPerSecond: 2_000_000, joinMs: 700 * i }))
  ],
  content: { length: 4 * mebibyte + 12_345, pieceLength: 65_536 },
  selector: rarestFirst(),
  seed
})

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0)

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}

describe('eight peers', () => {
  it('do the same for the same seed, and something else for another', () => {
    const first = simulate(eight(1))
    expect(simulate(eight(1))).toEqual(first)
    expect(simulate(eight(2)).events).not.toEqual(first.events)
  })

  it('all get everything, from each other too, no faster than their rates allow', () => {
    const scenario = eight(3)
    const { nodes } = simulate(scenario)
    const [seed, ...peers] = nodes
    for (const { name, tookMs, bytesByPeer } of peers) {
      expect(sum(Object.values(bytesByPeer)), name).toBe(scenario.content.length)
      expect(tookMs, name).toBeGreaterThan(scenario.content.length / 2_000)
    }
    const lastMs = Math.max(...peers.map(({ completeMs }) => completeMs ?? Infinity))
    expect(lastMs).toBeGreaterThan(scenario.content.length / 500)
    // a block counts as sent when the link has it: less than the links may hold was still in their queues
    expect(seed?.sentBytes).toBeLessThanOrEqual(500 * lastMs + mebibyte)
    expect(seed?.sentBytes).toBeLessThan(sum(peers.map(({ sentBytes }) => sentBytes)))
    expect(seed?.completeMs).toBeUndefined()
  })

  it('do the same when all they say goes through bytes, and keep every rule of the wire', () => {
    expect(simulate({ ...eight(4), codec: () => createCodec() })).toEqual(simulate(eight(4)))
  })

  it('keep the rules of the wire when they come and go, are choked, lied to and slow to store', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { nodes, events } = simulate({
        codec: () => createCodec(),
        nodes: [
          { seed: true, upBytesPerSecond: 1_000_000 }, { seed: true, upBytesPerSecond: 1_000_000, poisons: true },
          ...leechers(10, i => ({
            upBytesPerSecond: 300_000 * (i + 1), downBytesPerSecond: 3_000_000, storeBytesPerSecond: 2_000_000, joinMs: 500 * i,
            ...i % 3 === 0 ? { leaveMs: 5_000 + 1_000 * i } : {}, ...i % 3 === 1 ? { leaveAfterMs: 100 } : {}
          }))
        ],
        content: { length: 4 * mebibyte, pieceLength: 65_536 << (seed % 3) },
        selector: rarestFirst(),
        latencyMs: (a, b) => (a.charCodeAt(9) * b.charCodeAt(9) % 13) ** 2,
        session: { uploadSlots: 3 },
        seed
      })
      const stayed = nodes.slice(2).filter((_, i) => i % 3 !== 0)
      expect(stayed.filter(({ completeMs }) => completeMs === undefined), `seed ${seed}`).toEqual([])
      expect(events.filter(({ type, peer }) => type === 'blamed' && peer !== 'node-00001'), `seed ${seed}`).toEqual([])
      expect(events.some(({ type }) => type === 'blamed'), `seed ${seed}`).toBe(true)
      expect(sum(nodes.map(({ bytesByPeer }) => bytesByPeer['node-00001'] ?? 0)), `seed ${seed}`).toBe(0)
    }
  })
})

describe('a scenario', () => {
  const base = { selector: rarestFirst(), seed: 1, content: { length: mebibyte, pieceLength: 65_536 } }

  it('tells when each joins, completes and leaves', () => {
    const { events, nodes } = simulate({ ...base, nodes: [{ name: 'a', seed: true }, { name: 'b', joinMs: 1000, leaveAfterMs: 500 }, { name: 'c', joinMs: 5000, storeBytesPerSecond: 100_000 }] })
    expect(events.map(({ node, type }) => `${node} ${type}`)).toEqual(['a joined', 'b joined', 'b complete', 'b left', 'c joined', 'c complete'])
    expect(nodes[1]?.leftMs).toBe((nodes[1]?.completeMs ?? 0) + 500)
    expect(nodes[2]?.tookMs).toBeGreaterThan(10_000)
  })

  it('ends at its end when the only source left too soon', () => {
    const { nodes, endMs } = simulate({ ...base, nodes: [{ seed: true, upBytesPerSecond: 100_000, leaveMs: 5_000 }, {}], untilMs: 60_000 })
    expect(nodes[1]?.completeMs).toBeUndefined()
    expect(nodes[1]?.fetchedBytes).toBeGreaterThan(300_000)
    expect(endMs).toBeLessThanOrEqual(60_000)
  })

  it('ends when nobody is left who wants anything', () => {
    const { endMs } = simulate({ ...base, nodes: [{ seed: true, upBytesPerSecond: 1_000 }, { leaveMs: 2_000 }] })
    expect(endMs).toBe(2_000)
  })

  it('may have a content of no byte, or of one', () => {
    for (const length of [0, 1]) {
      const { nodes } = simulate({ ...base, content: { length, pieceLength: 65_536 }, nodes: [{ seed: true }, {}] })
      expect(nodes[1]?.completeMs, `${length} bytes`).toBeLessThan(10_000)
    }
  })

  it('with two nodes of one name, or a rate of nothing, is refused', () => {
    expect(() => simulate({ ...base, nodes: [{ name: 'a' }, { name: 'a' }] })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => simulate({ ...base, nodes: [{ upBytesPerSecond: 0 }] })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('with one slow seed and peers that come one after another', () => {
  /** Pieces that nobody else has come only from the seed: whoever asks it for others wastes what is scarce. */
  const slowSeed = (selector: Selector, seed: number): Scenario => ({
    nodes: [{ seed: true, upBytesPerSecond: 250_000 }, ...leechers(7, i => ({ upBytesPerSecond: 300_000, downBytesPerSecond: 4_000_000, joinMs: 15_000 * i }))],
    content: { length: 16 * mebibyte, pieceLength: 131_072 },
    selector,
    seed
  })
  const seeds = Array.from({ length: 20 }, (_, i) => i + 1)
  const medianSeconds = (selector: Selector, seed: number): number => median(simulate(slowSeed(selector, seed)).nodes.slice(1).map(({ completeMs = Infinity }) => completeMs / 1000))
  const medians = (selector: Selector): number[] => seeds.map(seed => medianSeconds(selector, seed))
  const said = (numbers: readonly number[]): string => numbers.map((seconds, i) => `${seeds[i] ?? '?'}: ${seconds.toFixed(1)} s`).join(', ')

  it('the median peer is done sooner with rarest-first than with random and with sequential', () => {
    const [rare, any, rising] = [medians(rarestFirst()), medians(random()), medians(sequential())]
    const told = `median finish by seed\nrarest-first ${said(rare)}\nrandom ${said(any)}\nsequential ${said(rising)}`
    expect(median(rare), told).toBeLessThan(median(any))
    expect(median(rare), told).toBeLessThan(median(rising))
  }, 60_000)
})
