import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { hashPool, inlineBytes, maxPieceBytes, ShoalError, toHex } from 'shoal/plugin'
import type { HashPoolOptions } from 'shoal/plugin'
import { contentOf, partsOf } from 'shoal/testing'
import { describe, expect, it } from 'vitest'

const start = (source: string): Worker => new Worker(source, { eval: true, execArgv: [] })
const pool = (options: Partial<HashPoolOptions> = {}) => hashPool({ hash, start, threads: 2, ...options })
const sha256 = { algorithm: 'sha256' } as const
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

describe('a hash pool', () => {
  it('gives the hash of a million times a that FIPS 180 has', async () => {
    const hashes = pool()
    const digest = await hashes.digest(partsOf(new TextEncoder().encode('a'.repeat(1_000_000))), sha256)
    expect(toHex(digest)).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
    await hashes.stop()
  })

  it('answers alike on the spot and on a thread, whatever the size and the tree', async () => {
    const hashes = pool()
    for (const length of [1, 100, 4096, inlineBytes]) {
      const bytes = contentOf(length)
      const memory = new SharedArrayBuffer(2 * inlineBytes)
      for (const leaves of [undefined, { bytes: 1024, width: 16 }, { bytes: 1024, width: 64 }]) {
        const digest = { algorithm: 'sha256', ...(leaves === undefined ? {} : { leaves }) }
        const tail = { algorithm: 'sha256', ...(leaves === undefined ? {} : { leaves: { ...leaves, width: 64 } }) }
        new Uint8Array(memory).set(bytes)
        expect(await hashes.digest([bytes], digest)).toEqual(await hashes.digest([new Uint8Array(memory, 0, length)], digest))
        // the same bytes after as many zeros, too long to be hashed on the spot: its tree must be the same over threads and by hand
        const long = new Uint8Array(2 * inlineBytes)
        long.set(bytes)
        expect(toHex(await hashes.digest([long], tail))).toBe(toHex(byHand(long, leaves === undefined ? undefined : 1024, 64)))
      }
    }
    await hashes.stop()
  })

  it('has its threads before there is work, when it was told that some comes', async () => {
    const started: string[] = []
    const hashes = pool({ threads: 2, start: source => { started.push(source); return start(source) } })
    hashes.prepare()
    hashes.prepare()
    expect(started).toHaveLength(2)
    const bytes = contentOf(2 * inlineBytes)
    expect(toHex(await hashes.digest([bytes], sha256))).toBe(hash('sha256', bytes))
    await hashes.stop()
    hashes.prepare()
    expect(started).toHaveLength(2)
  })

  it('lets the event loop turn while it hashes', async () => {
    const hashes = pool({ threads: 1 })
    await hashes.digest([new Uint8Array(inlineBytes + 1)], sha256)
    const at = { turns: 0, done: false }
    const memory = new SharedArrayBuffer(maxPieceBytes)
    const work = Promise.resolve(hashes.digest([new Uint8Array(memory)], sha256)).then(() => { at.done = true })
    while (!at.done) {
      await new Promise(resolve => { setImmediate(resolve) })
      at.turns++
    }
    await work
    expect(at.turns).toBeGreaterThan(3)
    await hashes.stop()
  })

  it('goes on after a thread died, and says what was lost', async () => {
    let started = 0
    const hashes = pool({ threads: 1, start: source => start(started++ === 0 ? 'throw new Error("no luck")' : source) })
    const bytes = contentOf(2 * inlineBytes)
    await expect(hashes.digest([bytes], sha256)).rejects.toThrow(expect.objectContaining({ code: 'BUG', cause: expect.objectContaining({ message: 'no luck' }) as unknown }))
    expect(toHex(await hashes.digest([bytes], sha256))).toBe(hash('sha256', bytes))
    await hashes.stop()
  })

  it('takes no more work once it was stopped, and rejects what was under way', async () => {
    const hashes = pool({ threads: 1 })
    const bytes = contentOf(100_000)
    const underWay = Promise.allSettled(Array.from({ length: 9 }, async () => hashes.digest([bytes], sha256)))
    await hashes.stop()
    const stopped = (error: unknown): boolean => ShoalError.is(error, 'STOPPED')
    for (const result of await underWay) expect(result.status === 'rejected' && stopped(result.reason)).toBe(true)
    await expect(Promise.resolve(hashes.digest([bytes], sha256))).rejects.toSatisfy(stopped)
    await hashes.stop()
  })

  it('neither keeps an idle process alive nor lets one end that awaits a hash', async () => {
    const child = spawn(process.execPath, ['--import', here('../testing/source-hooks.ts'), '--input-type=module', '--eval', `
      import sha256 from 'shoal/plugins/integrity-sha256'
      const integrity = await sha256({ threads: 2 }).create({ log () {} })
      // the second time its threads were idle before
      for (const round of [1, 2]) {
        const sealer = integrity.sealer({ length: 1e6, pieceLength: 65536 })
        await sealer.push(new Uint8Array(1e6))
        console.log((await sealer.finish()).root)
      }
    `], { stdio: ['ignore', 'pipe', 'inherit'] })
    const out: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out.push(text) })
    const code = await new Promise(resolve => { child.on('close', resolve) })
    expect(out.join('')).toMatch(/^([0-9a-f]{64}\n)\1$/)
    expect(code).toBe(0)
  })
})

/** The plain hash, or the top of a tree, in the slowest way. */
const byHand = (bytes: Uint8Array, leaf: number | undefined, width: number): Uint8Array => {
  const sha = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer')
  if (leaf === undefined) return sha(bytes)
  let level = Array.from({ length: width }, (_, i) => i * leaf < bytes.byteLength ? sha(bytes.subarray(i * leaf, (i + 1) * leaf)) : new Uint8Array(32))
  while (level.length > 1) level = Array.from({ length: level.length / 2 }, (_, i) => sha(Buffer.concat(level.slice(2 * i, 2 * i + 2))))
  return level[0] ?? new Uint8Array(32)
}
