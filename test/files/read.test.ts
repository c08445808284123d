import { createHash, randomFillSync } from 'node:crypto'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostFiles } from '../../src/files/index.ts'

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('reading a file', () => {
  let folder = ''
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'shoal-read-')) })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  it('gives every byte once and in order, though the next part is read while one is used', async () => {
    const bytes = randomFillSync(new Uint8Array(3 * 1024 * 1024 + 1))
    const path = join(folder, 'whole.bin')
    await writeFile(path, bytes)
    const hash = createHash('sha256')
    for await (const part of hostFiles.read(path)) {
      await new Promise(resolve => { setImmediate(resolve) }) // the next read may end meanwhile
      hash.update(part)
    }
    expect(hash.digest('hex')).toBe(hashOf(bytes))
  })

  it('closes the file when its reader stops in the midst', async () => {
    const path = join(folder, 'midst.bin')
    await writeFile(path, new Uint8Array(3 * 1024 * 1024))
    for await (const part of hostFiles.read(path)) {
      expect(part.byteLength).toBeGreaterThan(0)
      break
    }
    const open = await Promise.all((await readdir('/proc/self/fd')).map(async fd => readlink(`/proc/self/fd/${fd}`).catch(() => 'closed meanwhile')))
    expect(open).not.toContain(path)
  })
})
