/** Processes that write and are killed: what the record calls sure is on disk, and everything that was acknowledged is in the record. */
import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bitfield, pieceBytes, pieceCount } from 'shoal/plugin'
import { contentOf, manifestOf, pieceOf, seeded } from 'shoal/testing'
import { expect, it } from 'vitest'
import { fileStorage } from '../../plugins/storage-file/index.ts'
import { quiet, temporaryFolder } from '../testing/storage-worlds.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const manifest = manifestOf({ length: 24 * 1024 * 1024 + 4321, pieceLength: 65_536 })
const content = contentOf(manifest.length)

/** Lets a writer acknowledge so many pieces, then kills it. */
const killedAfter = async (home: string, folder: string, count: number): Promise<{ readonly sureAtStart: readonly number[], readonly acknowledged: readonly number[] }> => {
  const child = spawn(process.execPath, ['--import', here('../testing/source-hooks.ts'), here('storage-file-writer.ts'), home, folder, String(manifest.length)],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  let sureAtStart: readonly number[] | undefined
  const acknowledged: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('sure ')) sureAtStart = line.slice(5).split(',').filter(text => text !== '').map(Number)
    else if (line !== 'all') acknowledged.push(Number(line))
    if (acknowledged.length >= count || line === 'all') child.kill('SIGKILL')
  }
  if (sureAtStart === undefined) throw new Error('The writer did not begin.')
  return { sureAtStart, acknowledged }
}

it('a process killed again and again loses no piece that it acknowledged, and the next one is sure of nothing that is not on disk', async () => {
  const root = await temporaryFolder()
  const seed = 4711
  const random = seeded(seed)
  const [home, folder] = [join(root, 'home'), join(root, 'downloads')]
  await mkdir(home)
  try {
    const acknowledged = new Set<number>()
    for (let round = 0; round < 6; round++) {
      const run = await killedAfter(home, folder, Math.floor(random() * 90))
      for (const piece of acknowledged) expect(run.sureAtStart, `seed ${seed}, round ${round}`).toContain(piece)
      const part = await readFile(join(folder, 'file.part'))
      for (const piece of run.sureAtStart) {
        const at = piece * manifest.pieceLength
        expect(part.subarray(at, at + pieceBytes(manifest, piece)).equals(pieceOf(manifest, content, piece)), `piece ${piece}, seed ${seed}, round ${round}`).toBe(true)
      }
      for (const piece of run.acknowledged) acknowledged.add(piece)
    }
    expect(acknowledged.size).toBeGreaterThan(50)

    const storage = await fileStorage({}, { ...quiet, folder: home })
    const store = await storage.open(manifest, { folder, name: 'file' }, new AbortController().signal)
    const sure = bitfield(pieceCount(manifest), store.have().sure)
    for (const piece of acknowledged) expect(sure.has(piece)).toBe(true)
    for (let piece = 0; piece < pieceCount(manifest); piece++) if (!sure.has(piece)) await store.write(piece, [pieceOf(manifest, content, piece)])
    expect((await readFile(await store.finish())).equals(content)).toBe(true)
    await store.close()
  } finally { await rm(root, { recursive: true, force: true }) }
})
