import { expect, it } from 'vitest'
import { concatBytes } from '../../src/contract/index.ts'
import { random } from '../../src/core/random.ts'
import { createSendQueue } from '../../src/network/send-queue.ts'

const drain = (queue: ReturnType<typeof createSendQueue>): Uint8Array[] => {
  const parts: Uint8Array[] = []
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) parts.push(...next)
  return parts
}

it('gives back what was put in, in order, whatever the sizes, also while more comes', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const chance = random(seed)
    const queue = createSendQueue()
    const [put, got]: [Uint8Array[], Uint8Array[]] = [[], []]
    for (let step = 0; step < 100; step++) {
      if (chance.below(4) === 0) got.push(...queue.shift() ?? [])
      const size = (): number => chance.below([1, 30, 600, 40_000][chance.below(4)] ?? 1)
      const parts = Array.from({ length: 1 + chance.below(2) }, () => new Uint8Array(size()).fill(step))
      queue.push(parts)
      put.push(...parts)
      const waits = put.reduce((sum, { byteLength }) => sum + byteLength, 0) - got.reduce((sum, { byteLength }) => sum + byteLength, 0)
      expect(queue.byteLength, `seed ${seed}`).toBe(waits)
    }
    got.push(...drain(queue))
    expect(Buffer.compare(concatBytes(...got), concatBytes(...put)), `seed ${seed}`).toBe(0)
    expect(queue.byteLength).toBe(0)
  }
})

it('keeps large parts by reference', () => {
  const queue = createSendQueue()
  const [head, data] = [new Uint8Array(17), new Uint8Array(65_536)]
  queue.push([new Uint8Array(5)])
  queue.push([head, data])
  queue.shift()
  expect([...queue.shift() ?? []].map(part => part === head || part === data)).toEqual([true, true])
})

it('keeps a million small messages in little more than their bytes', () => {
  const queue = createSendQueue()
  for (let i = 0; i < 1_000_000; i++) queue.push([new Uint8Array(21).fill(i & 0xff)])
  expect(queue.byteLength).toBe(21_000_000)
  const parts = drain(queue)
  expect(parts.length).toBeLessThan(1_300)
  expect(parts.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThan(22_000_000)
})
