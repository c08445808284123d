/** The record of a download: torn, damaged, after a power cut, without its partial file. */
import { copyFile, lstat, readFile, rename, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pieceOf, seeded } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { isSameBoot } from '../../plugins/storage-file/ground.ts'
import { faultyGround, forEver } from '../testing/faulty-ground.ts'
import { allPieces, bench, content, manifest, never, shown, write } from '../testing/storage-bench.ts'

const anotherBoot = { bootId: async () => Promise.resolve('another boot') }

describe('after a process that ended without closing', () => {
  it('all that was acknowledged is sure while the machine runs on', async () => {
    const { store } = await bench()
    await write(await store(), 3, 4, 9)
    expect(shown(await store())).toBe('sure 3 4 9 doubtful ')
  })

  it('what came after the last checkpoint is doubtful when the machine was started anew', async () => {
    const { store } = await bench()
    const first = await store()
    await write(first, 0, 1)
    await first.flush()
    await write(first, 2, 10)
    const next = await store(anotherBoot)
    expect(shown(next)).toBe('sure 0 1 doubtful 2 10')
    expect(Buffer.from(await next.read(10, 0, 777)).equals(pieceOf(manifest, content, 10))).toBe(true)
    await write(next, 2)
    await next.forget(10)
    expect(shown(next)).toBe('sure 0 1 2 doubtful ')
    await next.close()
    expect(shown(await store({ bootId: async () => Promise.resolve('a third boot') }))).toBe('sure 0 1 2 doubtful ')
  })

  it('what is doubtful stays doubtful until it is settled, whatever the next process does', async () => {
    const { store } = await bench()
    const first = await store()
    await first.flush()
    await write(first, 2)
    const next = await store(anotherBoot)
    await write(next, 5)
    await next.flush()
    expect(shown(await store(anotherBoot))).toBe('sure 5 doubtful 2')
  })

  it('what one boot believed is on disk before the record of the next process calls it sure', async () => {
    const { store } = await bench()
    await write(await store(), 3)
    const calls: string[] = []
    await store(faultyGround(({ method, path }) => {
      calls.push(`${method} ${path.replace(/.*\./, '')}`)
      return undefined
    }))
    expect(calls.indexOf('datasync part')).toBeGreaterThanOrEqual(0)
    expect(calls.indexOf('datasync part')).toBeLessThan(calls.indexOf('writev tmp'))
    // and after a power cut right then it is still believed
    expect(shown(await store(anotherBoot))).toBe('sure 3 doubtful ')
  })

  it('a piece that was forgotten after a checkpoint is forgotten on any boot', async () => {
    const { store } = await bench()
    const first = await store()
    await write(first, 0, 1)
    await first.flush()
    await first.forget(1)
    expect(shown(await store(anotherBoot))).toBe('sure 0 doubtful ')
  })
})

describe('boot ids', () => {
  it.each([
    ['a1b2', 'a1b2', true], ['a1b2', 'c3d4', false], ['started at 1000', 'started at 1004', true], ['started at 1000', 'started at 1060', false],
    ['started at 1000', 'a1b2', false]
  ])('%s and %s: of one boot is %s', (a, b, same) => { expect(isSameBoot(a, b)).toBe(same) })
})

describe('a record', () => {
  it('cut anywhere still says truly what it says', async () => {
    const { store, recordPath } = await bench()
    const first = await store()
    await write(first, 7, 3, 0, 10, 5)
    await first.flush()
    const path = await recordPath()
    const whole = await readFile(path)
    const entries = 6 * 16
    const order = [7, 3, 0, 10, 5]
    for (let cut = 0; cut <= entries; cut++) {
      await writeFile(path, whole.subarray(0, whole.byteLength - cut))
      const left = order.slice(0, Math.min(5, Math.floor((entries - cut) / 16))).sort((a, b) => a - b)
      const next = await store()
      expect(shown(next), `${cut} bytes cut`).toBe(`sure ${left.join(' ')} doubtful `)
    }
  })

  it('with a damaged entry ends there, and what is written later is not lost behind it', async () => {
    const { store, recordPath } = await bench()
    const first = await store()
    await write(first, 7, 3, 0)
    const path = await recordPath()
    const bytes = await readFile(path)
    const at = bytes.byteLength - 20
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    await writeFile(path, bytes)
    const next = await store()
    expect(shown(next)).toBe('sure 7 doubtful ')
    await write(next, 1)
    expect(shown(await store())).toBe('sure 1 7 doubtful ')
  })

  it('with garbage behind it, or entries of another record, takes none of it in', async () => {
    const { store, recordPath, folder } = await bench()
    const first = await store()
    await write(first, 7)
    const path = await recordPath()
    const whole = await readFile(path)
    const other = await bench()
    const foreign = await other.store()
    await write(foreign, 1, 2, 3)
    const theirs = await readFile(await other.recordPath())
    const random = seeded(5)
    for (const tail of [theirs.subarray(-48), theirs.subarray(-16), Buffer.alloc(4096), Uint8Array.from({ length: 1000 }, () => Math.floor(random() * 256))]) {
      await writeFile(path, Buffer.concat([whole, tail]))
      expect(shown(await store())).toBe('sure 7 doubtful ')
    }
    expect((await stat(join(folder, 'file.part'))).isFile()).toBe(true)
  })

  it('that is damaged at its head says nothing, and the partial file it spoke of is left alone', async () => {
    const { store, recordPath, folder } = await bench()
    await write(await store(), 7)
    const path = await recordPath()
    const before = await readFile(join(folder, 'file.part'))
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60)
    await writeFile(path, bytes)
    const next = await store()
    expect(shown(next)).toBe('sure  doubtful ')
    await write(next, ...allPieces)
    await next.finish()
    expect((await readFile(join(folder, 'file.part'))).equals(before)).toBe(true)
    expect((await readFile(join(folder, 'file'))).equals(content)).toBe(true)
  })

  it('is readable by its user only', async () => {
    const { store, recordPath } = await bench()
    const first = await store()
    await first.writeHashes(0, new Uint8Array(11 * 32).fill(1), 11 * 32)
    expect((await stat(await recordPath())).mode & 0o777).toBe(0o600)
    expect((await stat((await recordPath()).replace(/[^/]*$/, ''))).mode & 0o777).toBe(0o700)
  })
})

describe('the partial file', () => {
  it('that was removed means starting from nothing', async () => {
    const { store, folder } = await bench()
    const first = await store()
    await write(first, 7)
    await first.close()
    await unlink(join(folder, 'file.part'))
    expect(shown(await store())).toBe('sure  doubtful ')
  })

  it('that was replaced by a copy is somebody else\'s: it is left alone and nothing is believed', async () => {
    const { store, folder } = await bench()
    const first = await store()
    await write(first, 7)
    await first.close()
    const part = join(folder, 'file.part')
    await copyFile(part, `${part}.copy`)
    await rename(`${part}.copy`, part)
    const copy = await readFile(part)
    const next = await store()
    expect(shown(next)).toBe('sure  doubtful ')
    await write(next, 0)
    await next.discard()
    expect((await readFile(part)).equals(copy)).toBe(true)
  })

  it('that is a symbolic link is not followed, at open or later', async () => {
    const { store, folder, root, storage } = await bench()
    const target = join(root, 'target')
    await writeFile(target, 'mine')
    const first = await store()
    await write(first, 7)
    await first.close()
    const part = join(folder, 'file.part')
    await unlink(part)
    await symlink(target, part)
    const next = await (await storage({}, { openFiles: 1 })).open(manifest, { folder, name: 'file' }, never)
    await write(next, ...allPieces)
    await next.finish()
    expect((await lstat(part)).isSymbolicLink()).toBe(true)
    expect(await readFile(target, 'utf8')).toBe('mine')
  })

  it('that was replaced while it was written to is not written to any more', async () => {
    const { folder, storage } = await bench()
    const files = await storage({}, { openFiles: 1 })
    const store = await files.open(manifest, { folder, name: 'file' }, never)
    await write(store, 7)
    const part = join(folder, 'file.part')
    await unlink(part)
    await writeFile(part, 'somebody else')
    // with one open file, the record takes the place of the partial file, which is opened again by its name
    await expect(write(store, 8)).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_FAILED', message: expect.stringContaining('replaced') as string }))
    await expect(store.finish()).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/STORAGE_FAILED|BUG/) as string }))
    expect(await readFile(part, 'utf8')).toBe('somebody else')
  })

  it('that was cut has only the pieces that are still in it', async () => {
    const { store, folder } = await bench()
    const first = await store()
    await first.reserve()
    await write(first, 0, 4, 5, 10)
    await first.close()
    await truncate(join(folder, 'file.part'), 5 * 65_536 + 1)
    const next = await store()
    expect(shown(next)).toBe('sure 0 4 doubtful ')
    await write(next, ...allPieces)
    expect((await readFile(await next.finish())).equals(content)).toBe(true)
  })

  it('is for everybody to read, as far as the user\'s umask lets them, like any file', async () => {
    const before = process.umask(0o027)
    try {
      const { store } = await bench()
      const first = await store()
      await write(first, ...allPieces)
      expect((await stat(await first.finish())).mode & 0o777).toBe(0o640)
    } finally { process.umask(before) }
  })

  it('whose folder is gone is waited for: nothing is made in its place', async () => {
    const { store, folder } = await bench()
    const first = await store()
    await write(first, 7)
    await first.close()
    await rename(folder, `${folder}.away`)
    await expect(store()).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_FAILED', message: expect.stringContaining(folder) as string }))
    await rename(`${folder}.away`, folder)
    expect(shown(await store())).toBe('sure 7 doubtful ')
  })

  it('of a process that ended right after making it, or right before, is taken up', async () => {
    for (const ends of ['before', 'after'] as const) {
      const { store, folder, storage } = await bench()
      let made = false
      const killed = Promise.withResolvers<undefined>()
      const dying = await storage(faultyGround(async ({ method, path }) => {
        if (method === 'open' && (ends === 'before' ? path.endsWith('.part') : made && path.endsWith('.tmp'))) {
          killed.resolve(undefined)
          return forEver()
        }
        made ||= path.endsWith('.part')
        return undefined
      }))
      void dying.open(manifest, { folder, name: 'file' }, never)
      await killed.promise
      const next = await store()
      await write(next, ...allPieces)
      expect((await readFile(await next.finish())).equals(content)).toBe(true)
      await expect(lstat(join(folder, 'file.part'))).rejects.toThrow('ENOENT')
    }
  })
})

