import { describe, expect, it } from 'vitest'
import { createBlockPool } from '../../src/engine/block-pool.ts'

const KiB = 1024

describe('the pool of blocks', () => {
  it('gives again what was given back, of the same length only', () => {
    const pool = createBlockPool()
    const block = pool.take(64 * KiB)
    pool.give([block])
    expect(pool.take(32 * KiB)).not.toBe(block)
    expect(pool.take(64 * KiB)).toBe(block)
    expect(pool.take(64 * KiB)).not.toBe(block)
  })

  it('keeps no view of something larger, and nothing small', () => {
    const pool = createBlockPool()
    const view = new Uint8Array(128 * KiB).subarray(0, 64 * KiB)
    const small = new Uint8Array(KiB)
    pool.give([view, small])
    expect(pool.take(64 * KiB)).not.toBe(view)
    expect(pool.take(KiB)).not.toBe(small)
  })

  it('gives memory that the threads which hash can see', () => {
    expect(createBlockPool().take(64 * KiB).buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it('keeps at most 16 MiB', () => {
    const pool = createBlockPool()
    const blocks: Uint8Array[] = Array.from({ length: 40 }, () => new Uint8Array(512 * KiB))
    pool.give(blocks)
    const again = Array.from({ length: 40 }, () => pool.take(512 * KiB))
    expect(again.filter(block => blocks.includes(block)).length).toBeLessThanOrEqual(32)
  })
})
