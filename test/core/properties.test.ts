/** What holds of a swarm in any order of events: nothing bad is stored, it finishes while one honest source stays, memory stays in its bounds. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSwarm, inOrder, rarestFirst, sample } from './swarm.ts'
import type { NodeOptions } from './swarm.ts'

const leaf = 16 * 1024

const scenario = fc.record({
  seed: fc.nat(),
  pieceLength: fc.constantFrom(leaf, 2 * leaf, 8 * leaf),
  leaves: fc.constantFrom(0, 1, 2, 7, 16, 40),
  tail: fc.constantFrom(-1, 0, 1),
  leechers: fc.integer({ min: 1, max: 3 }),
  poisoners: fc.integer({ min: 0, max: 2 }),
  spoilsOneIn: fc.constantFrom(1, 3, 20),
  latencyMs: fc.constantFrom(1, 20, 150),
  up: fc.constantFrom(50_000, 500_000, 1e7),
  cuts: fc.array(fc.record({ at: fc.integer({ min: 0, max: 20_000 }), a: fc.nat(9), b: fc.nat(9) }), { maxLength: 6 }),
  crashes: fc.array(fc.record({ at: fc.integer({ min: 0, max: 10_000 }), who: fc.nat(9) }), { maxLength: 2 }),
  drops: fc.array(fc.record({ at: fc.integer({ min: 0, max: 20_000 }), forMs: fc.constantFrom(0, 3, 500) }), { maxLength: 3 }),
  storeFailsOneIn: fc.constantFrom(0, 2, 5),
  downBudget: fc.constantFrom(1, 4 * leaf, 64 * leaf),
  upBudget: fc.constantFrom(1, 4 * leaf, 64 * leaf),
  request: fc.constantFrom(leaf, 4 * leaf, 32 * leaf),
  slots: fc.constantFrom(1, 2, 64),
  inOrder: fc.boolean(),
  limit: fc.constantFrom(undefined, 100_000)
})

test('nothing bad is stored, it finishes while one honest source stays, and memory stays in its bounds', () => {
  fc.assert(fc.property(scenario, drawn => {
    const { seed, pieceLength, leechers, poisoners, downBudget, upBudget, request, slots } = drawn
    const file = sample(Math.max(0, drawn.leaves * leaf + drawn.tail), pieceLength)
    const piece = Math.min(pieceLength, Math.max(1, file.bytes.byteLength))
    const swarm = createSwarm({
      seed,
      latencyMs: random => 1 + random.below(drawn.latencyMs),
      watch ({ view }) {
        if (view.downBytes > Math.max(downBudget, piece)) throw new Error(`${view.downBytes} bytes are on their way, the budget is ${downBudget}.`)
        // messages other than blocks are not held back: a few KiB here
        if (view.upBytes > Math.max(upBudget, request) + leaf) throw new Error(`${view.upBytes} bytes are loaded or unsent, the budget is ${upBudget}.`)
        if (view.downBytes < 0 || view.upBytes < 0) throw new Error('A budget is below 0.')
        for (const link of view.links) if (link.owedBytes > 2 ** 20 || link.owedBytes < 0) throw new Error(`${link.owedBytes} bytes are owed on a link.`)
      }
    })
    const chance = swarm.random
    const options = (more: NodeOptions = {}): NodeOptions => ({
      up: drawn.up, ...more,
      session: {
        selector: drawn.inOrder ? inOrder : rarestFirst, limits: { up: drawn.limit, down: drawn.limit },
        downBudgetBytes: downBudget, upBudgetBytes: upBudget, maxRequestBytes: request, uploadSlots: slots, maxOwedBytes: 2 ** 20
      }
    })
    const honest = swarm.node('honest', options({ has: 'all' }))
    const bad = Array.from({ length: poisoners }, (_, i) => swarm.node(`poisoner${i}`, options({ has: 'all', spoils: () => chance.below(drawn.spoilsOneIn) === 0 })))
    const storeFails: NodeOptions['storeFails'] = () =>
      drawn.storeFailsOneIn > 0 && swarm.now < 30_000 && chance.below(drawn.storeFailsOneIn) === 0 ? { code: 'STORAGE_FULL', retry: true } : undefined
    const all = Array.from({ length: leechers }, (_, i) => swarm.node(`leecher${i}`, options({ storeFails })))
    const nodes = [honest, ...bad, ...all]
    const names = nodes.map(({ name }) => name)
    for (const node of nodes) {
      node.take(file, node === honest || bad.includes(node) ? { ...options(), has: 'all', ...(bad.includes(node) ? { spoils: () => chance.below(drawn.spoilsOneIn) === 0 } : {}) } : options({ storeFails }))
      node.sight(file, ...names)
    }
    for (const { at, a, b } of drawn.cuts) swarm.after(at, () => { swarm.cut(names[a % names.length] ?? '', names[b % names.length] ?? '') })
    // the first leecher and the honest source stay
    for (const { at, who } of drawn.crashes) {
      const name = names[who % names.length]
      if (name !== 'honest' && name !== 'leecher0') swarm.after(at, () => { nodes.find(node => node.name === name)?.crash() })
    }
    const [first] = all
    expect(first).toBeDefined()
    if (first === undefined) return
    // it gives up and begins again, with what it has
    for (const { at, forMs } of drawn.drops) {
      swarm.after(at, () => {
        const has = [...first.stored.get(file.id) ?? []]
        first.feed({ type: 'dropped', content: file.id })
        swarm.after(forMs, () => {
          first.take(file, { ...options({ storeFails }), has })
          first.sight(file, ...names)
        })
      })
    }
    const isDone = swarm.run(900_000, () => first.isComplete(file))
    if (!isDone) throw new Error(`It has ${first.view(file).haveBytes} of ${file.bytes.byteLength} bytes after ${swarm.now} ms.`)
    // only who spoils is blamed
    for (const { events } of nodes) for (const event of events) if (event.type === 'blamed') expect(event.peer).toMatch(/^poisoner/)
  }), { numRuns: Number(process.env['RUNS'] ?? 100) })
})
