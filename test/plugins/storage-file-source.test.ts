/** Files shared in place: the same file is read, a changed one never. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rename, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileIdentity, Store } from 'shoal/plugin'
import { manifestOf } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import { identityOf } from '../../plugins/storage-file/identity.ts'
import { bench, content, manifest, never } from '../testing/storage-bench.ts'
import type { Bench } from '../testing/storage-bench.ts'

const shared = async ({ root }: Bench): Promise<string> => {
  const path = join(root, 'shared')
  await writeFile(path, content)
  return path
}
const changed = (words = '') => expect.objectContaining({ code: 'SOURCE_CHANGED', message: expect.stringContaining(words) as string }) as Error

/** A clock that is moved by hand. */
const clock = () => {
  const state = { now: 1_000_000 }
  return { ground: { now: () => state.now }, pass: (ms: number) => { state.now += ms } }
}

describe('a shared file', () => {
  it('that was written to since is not read, although its length is the same', async () => {
    const home = await bench()
    const path = await shared(home)
    const store = await (await home.storage()).open(manifest, { existing: path }, never)
    await store.read(0, 0, 10)
    await writeFile(path, content.slice().reverse())
    await expect(store.read(0, 0, 10)).rejects.toThrow(changed('it was written to'))
    // and that is found at a next start too, by who it was
    await store.close()
  })

  it('is known by who it was at the last start: inode, size and both times', async () => {
    const home = await bench()
    const path = await shared(home)
    const storage = await home.storage()
    const identity = identityOf(await stat(path, { bigint: true }))
    const open = async (of: FileIdentity): Promise<Store> => storage.open(manifest, { existing: path, identity: of }, never)
    await (await open(identity)).close()
    // device numbers change from one mount to the next
    await (await open({ ...identity, inode: identity.inode.replace(/^\d+/, '99') })).close()
    for (const other of [{ inode: '5:5' }, { size: identity.size + 1 }, { mtime: '5' }, { ctime: '5' }]) await expect(open({ ...identity, ...other })).rejects.toThrow(changed())
  })

  it('that another one was put in the place of is not read from a quarter of a second later on', async () => {
    const home = await bench()
    const path = await shared(home)
    const { ground, pass } = clock()
    const store = await (await home.storage(ground)).open(manifest, { existing: path }, never)
    await rename(path, `${path}.old`)
    await writeFile(path, content)
    pass(250)
    await expect(store.read(0, 0, 10)).rejects.toThrow(changed())
    await store.close()
  })

  it('named by a link that leads elsewhere now is not read from a quarter of a second later on', async () => {
    const home = await bench()
    const path = await shared(home)
    const { ground, pass } = clock()
    await symlink(path, `${path}.link`)
    const store = await (await home.storage(ground)).open(manifest, { existing: `${path}.link` }, never)
    await writeFile(`${path}.other`, content)
    await unlink(`${path}.link`)
    await symlink(`${path}.other`, `${path}.link`)
    pass(249)
    await store.read(0, 0, 10)
    pass(1)
    await expect(store.read(0, 0, 10)).rejects.toThrow(changed('another file'))
    await store.close()
  })

  it('that is gone is not read any more', async () => {
    const home = await bench()
    const path = await shared(home)
    const { ground, pass } = clock()
    const store = await (await home.storage(ground)).open(manifest, { existing: path }, never)
    await unlink(path)
    pass(250)
    await expect(store.read(0, 0, 10)).rejects.toThrow(changed())
    await store.close()
  })

  it('that was replaced while it was closed to save descriptors is not read', async () => {
    const home = await bench()
    const path = await shared(home)
    const other = join(home.root, 'other')
    await writeFile(other, content)
    const storage = await home.storage({}, { openFiles: 1 })
    const store = await storage.open(manifest, { existing: path }, never)
    const second = await storage.open(manifest, { existing: other }, never)
    await writeFile(`${path}.new`, content)
    await rename(`${path}.new`, path)
    await second.read(0, 0, 10)
    await expect(store.read(0, 0, 10)).rejects.toThrow(changed('another file'))
    await Promise.all([store.close(), second.close()])
  })

  it('that changes under many reads at once gives out nothing that was read after the change', async () => {
    const home = await bench()
    const path = await shared(home)
    const store = await (await home.storage()).open(manifest, { existing: path }, never)
    const wrong = content.slice().fill(0xee)
    const reads = Array.from({ length: 40 }, async (_, i) => store.read(i % 10, 0, 65_536).then(bytes => ({ piece: i % 10, bytes }), () => undefined))
    const writing = writeFile(path, wrong)
    const given = await Promise.all(reads)
    await writing
    for (const read of given) if (read !== undefined) expect(Buffer.from(read.bytes).equals(content.subarray(read.piece * 65_536, (read.piece + 1) * 65_536))).toBe(true)
    await expect(store.read(0, 0, 10)).rejects.toThrow(changed())
    await store.close()
  })

  it('may be named by a link, and must be a regular file', async () => {
    const home = await bench()
    const path = await shared(home)
    const storage = await home.storage()
    await symlink(path, `${path}.link`)
    await (await storage.open(manifest, { existing: `${path}.link` }, never)).close()
    await mkdir(join(home.root, 'folder'))
    await expect(storage.open(manifest, { existing: join(home.root, 'folder') }, never)).rejects.toThrow(expect.objectContaining({ code: 'NOT_A_FILE' }))
    execFileSync('mkfifo', [join(home.root, 'pipe')])
    await expect(storage.open(manifest, { existing: join(home.root, 'pipe') }, never)).rejects.toThrow(expect.objectContaining({ code: 'NOT_A_FILE' }))
    await expect(storage.open(manifest, { existing: join(path, 'below') }, never)).rejects.toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }))
  })

  it('does not change by being shared', async () => {
    const home = await bench()
    const path = await shared(home)
    await utimes(path, 1000, 1000)
    const before = await stat(path, { bigint: true })
    const store = await (await home.storage()).open(manifest, { existing: path }, never)
    await store.writeHashes(0, new Uint8Array(11 * 32).fill(1), 11 * 32)
    await store.read(3, 0, 65_536)
    await store.discard()
    const after = await stat(path, { bigint: true })
    expect(identityOf(after)).toEqual(identityOf(before))
    expect(await readdir(home.root)).toEqual(['home', 'shared'])
  })
})

it.skipIf(process.platform !== 'linux')('hundreds of open stores hold no more files open than they may (counted in /proc, Linux only)', async () => {
  const home = await bench()
  await mkdir(home.folder)
  const storage = await home.storage({}, { openFiles: 10 })
  const open = async (): Promise<number> => (await readdir('/proc/self/fd')).length
  const before = await open()
  const layout = { length: 20_000, pieceLength: 16_384 }
  const stores = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
    if (i % 2 === 0) return storage.open(manifestOf(layout, i.toString(16).padStart(64, '0')), { folder: home.folder, name: `${i}` }, never)
    const path = join(home.folder, `shared ${i}`)
    await writeFile(path, content.subarray(0, layout.length))
    return storage.open(manifestOf(layout, i.toString(16).padStart(64, '0')), { existing: path }, never)
  }))
  let most = 0
  await Promise.all(stores.map(async (store, i) => {
    await store.writeHashes(0, new Uint8Array(64).fill(1), 64)
    if (i % 2 === 0) await store.write(1, [content.subarray(0, 3616)])
    for (let round = 0; round < 3; round++) {
      expect((await store.read(1, 0, 100)).byteLength).toBe(100)
      most = Math.max(most, await open())
    }
  }))
  // the folder that is being listed is one of them, and the listings run side by side
  expect(most - before).toBeLessThan(10 + 20)
  expect((await open()) - before).toBeLessThanOrEqual(10)
  await Promise.all(stores.map(async store => store.close()))
  expect(await open()).toBe(before)
})
