/** The parts of storage-file that can be looked at alone: open files, the rhythm of syncing, names. */
import type { FileHandle } from 'node:fs/promises'
import { seeded } from 'shoal/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { descriptors } from '../../plugins/storage-file/descriptors.ts'
import { quoted } from '../../plugins/storage-file/failure.ts'
import { isSameBirth } from '../../plugins/storage-file/identity.ts'
import { partName } from '../../plugins/storage-file/names.ts'
import { syncing } from '../../plugins/storage-file/syncing.ts'

const turn = async (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

/** Counts what is open; its handles can do nothing but be closed. */
const system = () => {
  const state = { open: 0, most: 0, fail: false }
  const open = async (): Promise<FileHandle> => {
    await turn()
    if (state.fail) throw new Error('no luck')
    state.open++
    state.most = Math.max(state.most, state.open)
    const handle: Pick<FileHandle, 'close'> = {
      async close () {
        await turn()
        state.open--
      }
    }
    return handle as FileHandle
  }
  return { state, open }
}

describe('open files', () => {
  it('are never more than they may be, all work is done, and all are closed in the end', async () => {
    for (const limit of [1, 2, 5]) {
      const seed = 77 + limit
      const random = seeded(seed)
      const { state, open } = system()
      const files = descriptors(limit)
      const entries = Array.from({ length: 12 }, () => files.file(open))
      let done = 0
      await Promise.all(Array.from({ length: 300 }, async () => {
        for (let i = Math.floor(random() * 4); i > 0; i--) await turn()
        await entries[Math.floor(random() * 12)]?.use(async () => {
          for (let i = Math.floor(random() * 3); i > 0; i--) await turn()
        })
        done++
      }))
      expect({ done, tooMany: state.most > limit }, `seed ${seed}`).toEqual({ done: 300, tooMany: false })
      await Promise.all(entries.map(async entry => entry.close()))
      expect({ open: state.open, count: files.count }).toEqual({ open: 0, count: 0 })
    }
  })

  it('that cannot be opened fail their own work, and take no place', async () => {
    const { state, open } = system()
    const files = descriptors(1)
    const [a, b] = [files.file(open), files.file(open)]
    state.fail = true
    const results = await Promise.allSettled([a, a, b].map(async file => file.use(turn)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    state.fail = false
    await Promise.all([a.use(turn), b.use(turn)])
    await Promise.all([a.close(), b.close()])
    expect(files.count).toBe(0)
  })

  it('that are closed while they are used are closed after that, and not opened again', async () => {
    const { state, open } = system()
    const file = descriptors(1).file(open)
    const work = Promise.withResolvers<undefined>()
    const using = file.use(async () => work.promise)
    await turn()
    await turn()
    const closing = Promise.all([file.close(), file.close()])
    await expect(file.use(turn)).rejects.toThrow('closed')
    expect(state.open).toBe(1)
    work.resolve(undefined)
    await Promise.all([using, closing])
    expect(state.open).toBe(0)
  })
})

describe('syncing', () => {
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) })
  afterEach(() => { vi.useRealTimers() })

  const rig = () => {
    const begun: PromiseWithResolvers<undefined>[] = []
    const told: unknown[] = []
    const syncs = syncing({
      everyBytes: 100, everyMs: 1000,
      sync: async () => {
        const one = Promise.withResolvers<undefined>()
        begun.push(one)
        await one.promise
      },
      failed: async error => { told.push(error); return Promise.resolve() }
    })
    return { begun, told, syncs }
  }

  it('begins after so many bytes, without making the writer wait', async () => {
    const { begun, syncs } = rig()
    await syncs.wrote(60)
    expect(begun.length).toBe(0)
    await syncs.wrote(60)
    expect(begun.length).toBe(1)
    await syncs.wrote(60)
    expect(begun.length).toBe(1)
    begun[0]?.resolve(undefined)
    await turn()
    // the 60 bytes that came meanwhile wait for their time
    expect(begun.length).toBe(1)
    vi.advanceTimersByTime(1000)
    expect(begun.length).toBe(2)
  })

  it('begins a second after the first byte', async () => {
    const { begun, syncs } = rig()
    await syncs.wrote(1)
    vi.advanceTimersByTime(600)
    await syncs.wrote(1)
    vi.advanceTimersByTime(399)
    expect(begun.length).toBe(0)
    vi.advanceTimersByTime(1)
    expect(begun.length).toBe(1)
  })

  it('makes the writer wait when the disk is far behind', async () => {
    const { begun, syncs } = rig()
    await syncs.wrote(100)
    await syncs.wrote(700)
    let went = false
    const writer = syncs.wrote(1).then(() => { went = true })
    await turn()
    expect(went).toBe(false)
    begun[0]?.resolve(undefined)
    await writer
    expect(went).toBe(true)
  })

  it('on flush covers all that was written before it, by a sync that began after it', async () => {
    const { begun, syncs } = rig()
    await syncs.wrote(100)
    await syncs.wrote(5)
    let flushed = false
    const flush = syncs.flush().then(() => { flushed = true })
    begun[0]?.resolve(undefined)
    await turn()
    expect({ flushed, begun: begun.length }).toEqual({ flushed: false, begun: 2 })
    begun[1]?.resolve(undefined)
    await flush
    await syncs.flush()
    expect(begun.length).toBe(2)
  })

  it('that failed is told once, and fails everything after it', async () => {
    const { begun, told, syncs } = rig()
    await syncs.wrote(100)
    begun[0]?.reject(new Error('no luck'))
    await turn()
    expect(told.length).toBe(1)
    await expect(syncs.wrote(1)).rejects.toThrow('no luck')
    await expect(syncs.flush()).rejects.toThrow('no luck')
    vi.advanceTimersByTime(5000)
    expect({ told: told.length, begun: begun.length }).toEqual({ told: 1, begun: 1 })
  })

  it('that was stopped begins nothing', async () => {
    const { begun, syncs } = rig()
    await syncs.wrote(1)
    await syncs.stop()
    vi.advanceTimersByTime(5000)
    expect(begun.length).toBe(0)
  })
})

describe('a file of ours', () => {
  it('is not the one that got its inode later', () => {
    const ours = { inode: '7', born: '1000' }
    expect([ours, { ...ours, born: '1001' }, { ...ours, inode: '8' }].map(other => isSameBirth(ours, other))).toEqual([true, false, false])
  })
})

describe('names', () => {
  it.each(['x'.repeat(250), 'x'.repeat(251), 'x'.repeat(255), '語'.repeat(85), '🌊'.repeat(63), 'é'.repeat(127)])('of partial files fit, and are whole characters: %s', name => {
    for (const other of [0, 1, 99]) {
      const part = partName(name, other)
      expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255)
      expect(part).toMatch(/^[x語🌊é]+(~[0-9a-f]{16})?(~\d+)?\.part$/u)
    }
  })

  it('of partial files differ when their files\' names do', () => {
    const names = ['x'.repeat(255), `${'x'.repeat(254)}y`, 'x'.repeat(254), 'x'.repeat(251), 'x'.repeat(250), 'a', 'b']
    expect(new Set(names.flatMap(name => [partName(name, 0), partName(name, 1)])).size).toBe(14)
  })

  it('in messages can do nothing to a terminal', () => {
    expect(quoted('a\u001b[2J\n"\\\u202e\u009b')).toBe('"a\\u{1b}[2J\\u{a}\\"\\\\\\u{202e}\\u{9b}"')
  })
})
