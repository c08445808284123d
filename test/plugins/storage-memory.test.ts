import { ShoalError } from 'shoal/plugin'
import memory from 'shoal/plugins/storage-memory'
import { contentOf, manifestOf, runSuite, storageSuite } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { memoryWorld, quiet } from '../testing/storage-worlds.ts'

runSuite('storage-memory', storageSuite, memoryWorld)

const layout = { length: 100_000, pieceLength: 16_384 }
const never = new AbortController().signal

describe('storage-memory', () => {
  it('puts finished files into the map it was given, and shares those that are in it', async () => {
    const files = new Map([['shared', contentOf(layout.length)]])
    const storage = await memory({ files }).create(quiet)
    const from = await storage.open(manifestOf(layout), { existing: 'shared' }, never)
    const to = await storage.open(manifestOf(layout), { folder: 'copies', name: 'copy' }, never)
    for (let piece = 0; piece < 7; piece++) await to.write(piece, [await from.read(piece, 0, piece < 6 ? 16_384 : 100_000 - 6 * 16_384)])
    expect(await to.finish()).toBe('copies/copy')
    expect(files.get('copies/copy')).toEqual(files.get('shared'))
  })

  it('is full at its limit, until something is finished or discarded', async () => {
    const storage = await memory({ limitBytes: 100_000 }).create(quiet)
    const full = (error: unknown): boolean => ShoalError.is(error, 'STORAGE_FULL')
    const first = await storage.open(manifestOf(layout), { folder: 'a', name: '1' }, never)
    const second = await storage.open(manifestOf(layout, 'cd'.repeat(32)), { folder: 'a', name: '2' }, never)
    await first.reserve()
    const piece = contentOf(16_384)
    for (let at = 0; at < 6; at++) await first.write(at, [piece])
    await expect(second.reserve()).rejects.toSatisfy(full)
    await expect(second.write(0, [piece])).rejects.toSatisfy(full)
    await first.write(0, [piece])
    await first.discard()
    await second.reserve()
    await second.write(0, [piece])
  })

  it('refuses options that it does not have', async () => {
    await expect(memory({ limit: 5 } as object).create(quiet)).rejects.toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
