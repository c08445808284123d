import { hash } from 'node:crypto'
import { pieceSealer } from 'shoal/plugin'
import type { HashPool } from 'shoal/plugin'
import { describe, expect, it } from 'vitest'

/** A pool whose answers come when they are let. */
const held = (threads: number) => {
  const begun: { readonly answer: () => void, readonly fail: (error: Error) => void }[] = []
  const pool: HashPool = {
    threads,
    prepare () { throw new Error('not used') },
    digest: async parts => new Promise((resolve, reject) => {
      begun.push({ answer: () => { resolve(hash('sha256', Buffer.concat(parts), 'buffer')) }, fail: reject })
    }),
    stop: async () => Promise.resolve()
  }
  return { pool, begun }
}
const turn = async (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

const layout = { length: 10 * 16384, pieceLength: 16384 }
const sealer = (pool: HashPool) => pieceSealer({ layout, pool, hashBytes: 32, digest: () => ({ algorithm: 'sha256' }), seal: async hashes => Promise.resolve({ root: '', hashes }) })

describe('a piece sealer', () => {
  it('makes its caller wait while as many pieces as threads and one more are hashed', async () => {
    const { pool, begun } = held(2)
    const pieces = sealer(pool)
    let taken = 0
    const pushing = (async () => {
      for (let i = 0; i < 10; i++) {
        await pieces.push(new Uint8Array(16384))
        taken++
      }
    })()
    await turn()
    expect({ taken, begun: begun.length }).toEqual({ taken: 3, begun: 3 })
    begun[0]?.answer()
    await turn()
    expect({ taken, begun: begun.length }).toEqual({ taken: 4, begun: 4 })
    for (let i = 1; i < 10; i++) {
      begun[i]?.answer()
      await turn()
    }
    await pushing
    expect((await pieces.finish()).hashes.byteLength).toBe(320)
  })

  it('fails with the error of its pool, at the next push and at the end', async () => {
    const { pool, begun } = held(1)
    const pieces = sealer(pool)
    await pieces.push(new Uint8Array(16384))
    begun[0]?.fail(new Error('no luck'))
    await turn()
    await expect(pieces.push(new Uint8Array(16384))).rejects.toThrow('no luck')
    await expect(pieces.finish()).rejects.toThrow('no luck')
  })
})
