/** storage-file on disks that are full, broken or lie, and processes that end in the middle of the last rename. */
import { link, lstat, mkdir, readFile, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestOf } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { ground as realGround } from '../../plugins/storage-file/ground.ts'
import type { Ground } from '../../plugins/storage-file/ground.ts'
import { faultyGround, forEver, systemError } from '../testing/faulty-ground.ts'
import type { Call } from '../testing/faulty-ground.ts'
import { allPieces, bench, content, manifest, never, shown, write } from '../testing/storage-bench.ts'
import type { Bench } from '../testing/storage-bench.ts'

const refusal = (code: string, ...words: readonly string[]) => expect.objectContaining({ code, message: expect.stringMatching(new RegExp(words.join('.*'), 's')) as string }) as Error

/** Fails such calls, as long as it is switched on. */
const switched = (is: (call: Call) => boolean, code: string) => {
  const state = { on: true }
  const ground = faultyGround(call => {
    if (state.on && is(call)) throw systemError(code)
    return undefined
  })
  return { state, ground }
}
const isPart = ({ path }: Call): boolean => path.endsWith('.part')
const isRecord = ({ path }: Call): boolean => path.endsWith('.record')

describe('a full disk', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    it(`(${code}) is STORAGE_FULL, records nothing, and when there is room the same write succeeds`, async () => {
      const { store } = await bench()
      const { state, ground } = switched(call => call.method === 'writev' && isPart(call), code)
      const first = await store(ground)
      await expect(write(first, 2)).rejects.toThrow(refusal('STORAGE_FULL', 'write piece 2 of', 'file\\.part'))
      expect(shown(first)).toBe('sure  doubtful ')
      expect(shown(await store())).toBe('sure  doubtful ')
      state.on = false
      const again = await store(ground)
      await write(again, 2)
      expect(shown(again)).toBe('sure 2 doubtful ')
    })
  }

  it('in the middle of a piece leaves the piece out', async () => {
    const { store } = await bench()
    let writes = 0
    const first = await store(faultyGround(call => {
      if (call.method !== 'writev' || !isPart(call)) return undefined
      if (++writes === 2) throw systemError('ENOSPC')
      return 1000
    }))
    await expect(write(first, 2)).rejects.toThrow(refusal('STORAGE_FULL'))
    expect(shown(await store())).toBe('sure  doubtful ')
  })

  it('under the record names the record, and the piece is not had until it is recorded', async () => {
    const { store, recordPath } = await bench()
    const { state, ground } = switched(call => call.method === 'writev' && isRecord(call), 'ENOSPC')
    const first = await store(ground)
    await expect(write(first, 2)).rejects.toThrow(refusal('STORAGE_FULL', await recordPath()))
    expect(shown(first)).toBe('sure  doubtful ')
    state.on = false
    await write(first, 2, 3)
    expect(shown(first)).toBe('sure 2 3 doubtful ')
    expect(shown(await store())).toBe('sure 2 3 doubtful ')
  })

  it('shows when space is reserved, before a byte is written, and other downloads count for what they still need', async () => {
    const { folder, storage } = await bench()
    const state = { free: manifest.length - 1 }
    const files = await storage({ freeBytes: async () => Promise.resolve(state.free) })
    const a = await files.open(manifest, { folder, name: 'a' }, never)
    const b = await files.open(manifest, { folder, name: 'b' }, never)
    await expect(a.reserve()).rejects.toThrow(refusal('STORAGE_FULL', 'reserve', 'a\\.part', 'are free'))
    state.free = 1.5 * manifest.length
    await a.reserve()
    await a.reserve()
    await expect(b.reserve()).rejects.toThrow(refusal('STORAGE_FULL', 'other downloads need'))
    await write(a, 0, 1, 2, 3, 4, 5)
    await b.reserve()
    await b.close()
    await a.discard()
    expect((await stat(join(folder, 'b.part'))).size).toBe(manifest.length)
  })

  it('is not claimed where the system does not tell what is free', async () => {
    const { store } = await bench()
    await (await store({ freeBytes: async () => Promise.resolve(undefined) })).reserve()
  })
})

describe('a disk that fails', () => {
  it.each([['EACCES', 'permission denied'], ['EROFS', 'read-only'], ['EIO', 'disk reports an error'], ['EMFILE', 'openFiles'], ['EWEIRD', 'EWEIRD']])(
    'with %s says what failed, on what and why', async (code, why) => {
      const { store, folder } = await bench()
      const { ground, state } = switched(call => call.method === 'open' && isPart(call), code)
      await expect(store(ground)).rejects.toThrow(refusal('STORAGE_FAILED', join(folder, 'file'), why))
      state.on = false
      const later = await store(ground)
      state.on = true
      await expect(write(later, 0)).rejects.toThrow(refusal('STORAGE_FAILED', 'write piece 0 of', 'file\\.part', why))
    })

  it('on reading fails the read and nothing else', async () => {
    const { store } = await bench()
    const { ground, state } = switched(call => call.method === 'read' && isPart(call), 'EIO')
    const first = await store(ground)
    await write(first, 2)
    await expect(first.read(2, 0, 10)).rejects.toThrow(refusal('STORAGE_FAILED', 'read piece 2 of', 'file\\.part'))
    state.on = false
    expect((await first.read(2, 0, 10)).byteLength).toBe(10)
  })

  it('on syncing fails the store for good, and what came after the last checkpoint is not believed any more', async () => {
    const { store, log } = await bench()
    const { ground, state } = switched(call => call.method === 'datasync' && isPart(call), 'EIO')
    state.on = false
    const first = await store(ground)
    await write(first, 0, 1)
    await first.flush()
    await write(first, 2, 3)
    state.on = true
    await expect(first.flush()).rejects.toThrow(refusal('STORAGE_FAILED', 'make durable'))
    state.on = false
    for (const work of [first.flush(), first.read(0, 0, 1), write(first, 4), first.finish()]) await expect(work).rejects.toThrow(refusal('STORAGE_FAILED', 'make durable'))
    expect(log.join()).toContain('fetched again')
    await first.close()
    expect(shown(await store())).toBe('sure 0 1 doubtful ')
  })

  it('while the piece hashes are written fails that, and they count as missing', async () => {
    const { store } = await bench()
    const { ground, state } = switched(call => call.method === 'writev' && call.path.endsWith('.hashes'), 'ENOSPC')
    const first = await store(ground)
    const layer = new Uint8Array(11 * 32).fill(7)
    await expect(first.writeHashes(0, layer, layer.byteLength)).rejects.toThrow(refusal('STORAGE_FULL', 'piece hashes'))
    expect(await first.hashes()).toBeUndefined()
    state.on = false
    await first.writeHashes(0, layer, layer.byteLength)
    expect(await first.hashes()).toEqual(layer)
  })
})

describe('piece hashes that were damaged where they lie', () => {
  it('count as missing, page by page', async () => {
    const large = manifestOf({ length: 1100 * 16_384, pieceLength: 16_384 })
    const { store, home } = await bench()
    const first = await store({}, {}, large)
    const layer = new Uint8Array(1100 * 32).fill(7)
    await first.writeHashes(0, layer, layer.byteLength)
    await first.close()
    const [name] = (await readdir(join(home, 'records'))).filter(file => file.endsWith('.hashes'))
    const path = join(home, 'records', name ?? '')
    const bytes = await readFile(path)
    const at = bytes.byteLength - 10_000
    bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at)
    await writeFile(path, bytes)
    const next = await store({}, {}, large)
    const expected = layer.slice()
    const page = Math.floor((at - 64) / (8 + 512 * 32))
    expected.fill(0, page * 512 * 32, (page + 1) * 512 * 32)
    expect(await next.hashes()).toEqual(expected)
    await next.close()
    for (const cut of [30, 64, 16_000]) {
      await writeFile(path, bytes.subarray(0, cut))
      const cutStore = await store({}, {}, large)
      expect(await cutStore.hashes()).toBeUndefined()
      await cutStore.writeHashes(0, layer, layer.byteLength)
      expect(await cutStore.hashes()).toEqual(layer)
      await cutStore.close()
    }
  })
})

/** A system on which the process ends somewhere, told by calling what it is given. */
type Killing = (killed: () => Promise<never>) => Partial<Ground>

/** Lets a download finish there. What is left is for the next process. */
const killedWhileFinishing = async ({ store }: Bench, killing: Killing, place = {}): Promise<void> => {
  const killed = Promise.withResolvers<undefined>()
  const first = await store(killing(async () => {
    killed.resolve(undefined)
    return forEver()
  }), place)
  await write(first, ...allPieces)
  void first.finish()
  await killed.promise
}

describe('a process that ends while it finishes', () => {
  const noLinks = async (): Promise<never> => Promise.reject(systemError('EPERM'))
  const ends: Readonly<Record<string, { readonly killing: Killing, readonly place?: { readonly overwrite: boolean } }>> = {
    'before the link': { killing: killed => ({ link: killed }) },
    'after the link, before the partial name is gone': {
      killing: killed => ({
        async link (from, to) {
          await link(from, to)
          return killed()
        }
      })
    },
    'before the folder is synced': { killing: killed => faultyGround(({ path }) => path.endsWith('downloads') ? killed() : undefined) },
    'before the folder is synced, overwriting': { killing: killed => faultyGround(({ path }) => path.endsWith('downloads') ? killed() : undefined), place: { overwrite: true } },
    'before the empty file, where there are no hard links': { killing: killed => ({ ...faultyGround(({ path }) => path.endsWith('/file') ? killed() : undefined), link: noLinks }) },
    'between the empty file and the rename, where there are no hard links': {
      killing: killed => ({
        link: noLinks,
        async open (path, flags, mode) {
          const handle = await realGround.open(path, flags, mode)
          if (!path.endsWith('/file')) return handle
          await handle.close()
          return killed()
        }
      })
    }
  }

  for (const [when, { killing, place }] of Object.entries(ends)) {
    it(`${when} leaves a download that the next one finds finished, or finishes`, async () => {
      const home = await bench()
      await killedWhileFinishing(home, killing, place)
      const next = await home.store({}, place)
      expect(shown(next)).toBe(`sure ${allPieces.join(' ')} doubtful `)
      expect((await readFile(await next.finish())).equals(content)).toBe(true)
      expect(await readdir(home.folder)).toEqual(['file'])
      await next.close()
    })
  }

  it('leaves an empty file of somebody else alone, where there are no hard links', async () => {
    const home = await bench()
    const first = await home.store({ link: noLinks })
    await write(first, ...allPieces)
    await writeFile(join(home.folder, 'file'), '')
    await expect(first.finish()).rejects.toThrow(refusal('FILE_EXISTS', 'file'))
    await expect(home.store()).rejects.toThrow(refusal('FILE_EXISTS', 'file'))
    expect((await readFile(join(home.folder, 'file'))).byteLength).toBe(0)
  })
})

describe('a finished download', () => {
  it('that is opened again, because its end was not noted, is finished', async () => {
    const { store, folder } = await bench()
    const first = await store()
    await write(first, ...allPieces)
    const path = await first.finish()
    await first.close()
    const again = await store()
    expect(shown(again)).toBe(`sure ${allPieces.join(' ')} doubtful `)
    expect((await again.read(1, 0, 5)).byteLength).toBe(5)
    expect(await again.finish()).toBe(path)
    await again.close()
    await writeFile(join(folder, 'file'), content)
    await expect(store()).rejects.toThrow(refusal('FILE_EXISTS', 'file'))
    await unlink(path)
    expect(shown(await store())).toBe('sure  doubtful ')
  })

  it('keeps its piece hashes for the file that is shared now, until others were used for 90 days since', async () => {
    const { store, storage, home, folder } = await bench()
    const layer = new Uint8Array(11 * 32).fill(7)
    const first = await store()
    await write(first, ...allPieces)
    await first.writeHashes(0, layer, layer.byteLength)
    const path = await first.finish()
    await first.close()
    const records = join(home, 'records')
    const age = async (days: number): Promise<void> => {
      const at = Date.now() / 1000 - days * 86_400
      for (const name of await readdir(records)) await utimes(join(records, name), at, at)
    }
    await age(400)
    const shared = await (await storage()).open(manifest, { existing: path }, never)
    expect(await shared.hashes(), 'a peer that was off for long loses nothing').toEqual(layer)
    await shared.close()
    await age(400)
    const unfinished = await (await storage()).open(manifestOf({ length: 5, pieceLength: 16_384 }), { folder, name: 'unfinished' }, never)
    await unfinished.close()
    await age(400)
    await writeFile(join(records, 'new.hashes'), '')
    await storage()
    expect((await readdir(records)).filter(name => name.endsWith('.hashes'))).toEqual(['new.hashes'])
    // of the two records, only that of the unfinished download is left
    expect((await readdir(records)).filter(name => name.endsWith('.record')).length).toBe(1)
    expect(shown(await store({}, { overwrite: true }))).toBe('sure  doubtful ')
  })
})

it('an existing folder in the place of the file is told at once', async () => {
  const { store, folder } = await bench()
  await mkdir(join(folder, 'file'), { recursive: true })
  await expect(store()).rejects.toThrow(refusal('FILE_EXISTS', 'folder'))
  await expect(store({}, { overwrite: true })).rejects.toThrow(refusal('FILE_EXISTS', 'folder'))
  expect((await lstat(join(folder, 'file'))).isDirectory()).toBe(true)
})
