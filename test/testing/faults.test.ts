import { ShoalError } from 'shoal/plugin'
import type { Store } from 'shoal/plugin'
import { contentOf, faults, manifestOf } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../plugins/storage-memory/index.ts'

const never = new AbortController().signal
const manifest = manifestOf({ length: 50_000, pieceLength: 16_384 })
const piece = contentOf(16_384)
const place = { folder: 'a', name: 'b' }
const opened = async (wrap: (store: Store) => Store): Promise<Store> => faults.stores(memoryStorage({}), wrap).open(manifest, place, never)
const ways = async (count: number, work: (i: number) => Promise<unknown>): Promise<string> => {
  let line = ''
  for (let i = 0; i < count; i++) line += await work(i).then(() => '+', () => '-')
  return line
}

describe('faults', () => {
  it('fail the call that was named, every call, or those of a rule', async () => {
    for (const [when, expected] of [[2, '+-+++'], ['every', '-----'], [(count: number) => count % 2 === 1, '-+-+-']] as const) {
      const store = await opened(inner => faults.failing(inner, { method: 'write', when }))
      expect(await ways(5, async () => store.write(0, [piece]))).toBe(expected)
      await store.reserve()
    }
  })

  it('may fail although the call took effect', async () => {
    const store = await opened(inner => faults.failing(inner, { method: 'write', afterwards: true, error: () => new Error('no luck') }))
    await expect(store.write(1, [piece])).rejects.toThrow('no luck')
    expect(store.have().sure).toEqual(Uint8Array.of(0x40))
  })

  it('corrupt one byte of one read, never what is stored', async () => {
    const store = await opened(inner => faults.corrupting(inner, 2))
    await store.write(0, [piece])
    const reads = [await store.read(0, 0, 100), await store.read(0, 0, 100), await store.read(0, 0, 100)]
    expect(reads.map(bytes => Buffer.compare(bytes, piece.subarray(0, 100)) === 0)).toEqual([true, false, true])
  })

  it('make a disk full until it is freed', async () => {
    const disk = faults.full(memoryStorage({}))
    const store = await disk.storage.open(manifest, place, never)
    const isFull = (error: unknown): boolean => ShoalError.is(error, 'STORAGE_FULL')
    await expect(store.reserve()).rejects.toSatisfy(isFull)
    await expect(store.write(0, [piece])).rejects.toSatisfy(isFull)
    disk.isFull = false
    await store.write(0, [piece])
    disk.isFull = true
    await expect(store.write(1, [piece])).rejects.toSatisfy(isFull)
    expect((await store.read(0, 0, 5)).byteLength).toBe(5)
  })

  it('make any port slow, and leave alone what it gives at once', async () => {
    const gate = Promise.withResolvers<undefined>()
    const store = await opened(inner => faults.slow(inner, async () => gate.promise))
    let written = false
    const writing = store.write(0, [piece]).then(() => { written = true })
    await new Promise(resolve => { setImmediate(resolve) })
    expect({ written, have: [...store.have().sure] }).toEqual({ written: false, have: [0x80] })
    gate.resolve(undefined)
    await writing
    const counter = { count: 7, next: async () => Promise.resolve(8) }
    const slow = faults.slow(counter, async () => Promise.resolve())
    expect([slow.count, await slow.next()]).toEqual([7, 8])
  })
})
