/** One sharer and eight who fetch at the same time, all with equal uplinks: how near they come to what no scheme can beat. */
import { describe, expect, it } from 'vitest'
import { random } from '../../plugins/selector-random/index.ts'
import { rarestFirst } from '../../plugins/selector-rarest-first/index.ts'
import { choosePieceLength } from '../../src/contract/index.ts'
import { simulate } from '../../src/sim/index.ts'
import type { NodeOptions, Scenario } from '../../src/sim/index.ts'

const length = 32 * 1024 * 1024
const up = 5e6
/** Kumar and Ross (2006): the sharer's line alone takes so long for one copy, and the others' are enough for the rest. */
const boundMs = length / up * 1000
const seeds = [1, 2, 3, 4, 5, 6]

const nine = (seed: number, { others = {}, sharer = {}, ...rest }: Partial<Scenario> & { readonly others?: Record<number, NodeOptions>, readonly sharer?: NodeOptions } = {}): Scenario => ({
  nodes: [{ seed: true, upBytesPerSecond: up, ...sharer }, ...Array.from({ length: 8 }, (_, i): NodeOptions => ({ upBytesPerSecond: up, ...others[i] }))],
  content: { length, pieceLength: choosePieceLength(length) }, selector: rarestFirst(), latencyMs: 0.1, seed, ...rest
})

const lastMs = ({ nodes }: ReturnType<typeof simulate>): number => Math.max(...nodes.slice(1).map(({ tookMs = Infinity }) => tookMs))
const copies = ({ nodes }: ReturnType<typeof simulate>): number => (nodes[0]?.sentBytes ?? 0) / length

describe('the sharer of a swarm of nine', () => {
  it.each(seeds)('sends at most 1.05 copies, and the last has it within 1.1 of the bound: seed %i', seed => {
    const result = simulate(nine(seed))
    expect(copies(result)).toBeLessThan(1.05)
    expect(lastMs(result) / boundMs).toBeLessThan(1.1)
  })

  it.each(seeds)('does so with pieces chosen at random, too: seed %i', seed => {
    const result = simulate(nine(seed, { selector: random() }))
    expect(copies(result)).toBeLessThan(1.05)
    expect(lastMs(result) / boundMs).toBeLessThan(1.1)
  })

  it.each(seeds)('may leave as soon as it sent one copy, and a little: seed %i', seed => {
    const result = simulate(nine(seed, { sharer: { leaveMs: 1.05 * boundMs }, untilMs: 60_000 }))
    expect(lastMs(result) / boundMs).toBeLessThan(1.1)
  })

  it.each(seeds)('is not held up by one who keeps all to itself, nor by one who takes next to nothing: seed %i', seed => {
    const result = simulate(nine(seed, { others: { 0: { upBytesPerSecond: 20_000 }, 1: { downBytesPerSecond: 100_000 } } }))
    const others = result.nodes.slice(3).map(({ tookMs = Infinity }) => tookMs / boundMs)
    expect(Math.max(...others)).toBeLessThan(1.4)
  })
})
