/** A really full disk: a small file system in memory, which only root can mount. Elsewhere the injected errors of storage-file-faults.test.ts must do. */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bitfield, pieceCount, ShoalError } from 'shoal/plugin'
import { contentOf, manifestOf, pieceOf } from 'shoal/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fileStorage } from '../../plugins/storage-file/index.ts'
import { quiet, temporaryFolder } from '../testing/storage-worlds.ts'

const manifest = manifestOf({ length: 6_000_000, pieceLength: 16_384 })
const content = contentOf(manifest.length)
const never = new AbortController().signal

/** Why it cannot be mounted here, or undefined. */
const cannotMount = (path: string): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can mount a small tmpfs'
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'shoal-test', path], { stdio: 'pipe' })
    return undefined
  } catch (error) { return `mount failed: ${error instanceof Error ? error.message : String(error)}` }
}

describe('a small disk', () => {
  let root = ''
  let disk = ''
  let why: string | undefined
  beforeAll(async () => {
    root = await temporaryFolder()
    disk = join(root, 'disk')
    await mkdir(disk)
    why = cannotMount(disk)
  })
  afterAll(async () => {
    if (why === undefined) execFileSync('umount', ['-l', disk])
    await rm(root, { recursive: true, force: true })
  })
  const isFull = (error: unknown): boolean => ShoalError.is(error, 'STORAGE_FULL')

  it('shows that it is too small before anything is written', async context => {
    if (why !== undefined) context.skip(why)
    const storage = await fileStorage({}, { ...quiet, folder: join(root, 'home 1') })
    const store = await storage.open(manifest, { folder: disk, name: 'early' }, never)
    await expect(store.reserve()).rejects.toSatisfy(isFull)
    await store.discard()
  })

  for (const where of ['the file', 'the record'] as const) {
    it(`full under ${where} takes the rest of the download when it was freed, and nothing is lost or half-recorded`, async context => {
      if (why !== undefined) context.skip(why)
      const [home, folder] = where === 'the file' ? [join(root, 'home 2'), disk] : [join(disk, 'home'), join(root, 'downloads')]
      await writeFile(join(disk, 'filler'), new Uint8Array(1_000_000))
      const storage = await fileStorage({}, { ...quiet, folder: home })
      const store = await storage.open(manifest, { folder, name: 'file' }, never)
      onTestFinished(async () => store.close())
      if (where === 'the record') await fill(join(disk, 'more'))
      const written: number[] = []
      let refusals = 0
      for (let piece = 0; piece < pieceCount(manifest); piece++) {
        try {
          await store.write(piece, [pieceOf(manifest, content, piece)])
          written.push(piece)
        } catch (error) {
          expect(isFull(error)).toBe(true)
          refusals++
        }
      }
      expect(refusals).toBeGreaterThan(0)
      expect([...bitfield(pieceCount(manifest), store.have().sure)]).toEqual(written)
      if (where === 'the file') {
        // the disk is too small for all of it: what is had is right, that is all
        for (const piece of written) expect(Buffer.from(await store.read(piece, 0, 1000)).equals(pieceOf(manifest, content, piece).subarray(0, 1000))).toBe(true)
        await store.discard()
        await rm(join(disk, 'filler'))
        return
      }
      await rm(join(disk, 'filler'))
      await rm(join(disk, 'more'))
      for (let piece = 0; piece < pieceCount(manifest); piece++) if (!written.includes(piece)) await store.write(piece, [pieceOf(manifest, content, piece)])
      expect((await readFile(await store.finish())).equals(content)).toBe(true)
    })
  }
})

/** Until nothing more goes on that disk. */
const fill = async (path: string): Promise<void> => {
  for (let size = 2_000_000; size >= 512; size /= 2) await writeFile(path, new Uint8Array(size), { flag: 'a' }).catch(() => { /* full: less of it */ })
}
