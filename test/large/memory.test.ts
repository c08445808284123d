/** Memory does not grow with the file: 8 GiB against 256 MiB, real processes, peak as the system counts it. Needs 17 GiB of free disk. */
import { createHash, randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { createWorld, finished, MiB, peakMemory } from '../e2e/world.ts'
import type { World } from '../e2e/world.ts'

const GiB = 1024 * MiB

const makeFile = async (path: string, bytes: number): Promise<void> => {
  const file = await open(path, 'wx')
  const buffer = randomFillSync(new Uint8Array(4 * MiB))
  for (let at = 0; at < bytes; at += buffer.byteLength) {
    new DataView(buffer.buffer).setFloat64(0, at) // no two pieces alike
    await file.write(buffer, 0, Math.min(buffer.byteLength, bytes - at), at)
  }
  await file.close()
}

const sha256 = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: MiB }), hash)
  return hash.digest('hex')
}

/** Shares and fetches once with fresh processes. @returns peak memory in MiB */
const transfer = async (world: World, bytes: number): Promise<{ readonly sharer: number, readonly downloader: number, readonly seconds: number }> => {
  const label = `${bytes / MiB}`
  const [sharer, downloader] = await Promise.all([world.user(`sharer${label}`), world.user(`downloader${label}`)])
  await world.group(`group${label}`, sharer, [`downloader${label}`, downloader])
  await mkdir(world.path('files'), { recursive: true })
  const file = world.path('files', label)
  await makeFile(file, bytes)
  await sharer.run('upload_file', file, `group${label}`)
  const from = performance.now()
  await downloader.run('download_file', `group${label}`, label, world.path('copy'))
  await finished(downloader, label, 1_500_000)
  const seconds = (performance.now() - from) / 1000
  const peaks = { sharer: (peakMemory(sharer.pid) ?? 0) / MiB, downloader: (peakMemory(downloader.pid) ?? 0) / MiB, seconds }
  expect(await sha256(world.path('copy'))).toBe(await sha256(file))
  await Promise.all([sharer.quit(), downloader.quit()])
  return peaks
}

describe('a large file', () => {
  it('takes no more memory than a small one, on either side', async context => {
    const { bavail, bsize } = await statfs(tmpdir())
    if (bavail * bsize < 17 * GiB) context.skip('needs 17 GiB of free disk')
    const world = await createWorld()
    const small = await transfer(world, 256 * MiB)
    const world2 = await createWorld()
    const large = await transfer(world2, 8 * GiB)
    process.stdout.write(`peak memory in MiB, 256 MiB: ${JSON.stringify(small)}; 8 GiB: ${JSON.stringify(large)}\n`)
    for (const side of ['sharer', 'downloader'] as const) {
      expect(large[side], side).toBeLessThanOrEqual(small[side] + 32)
      expect(large[side], side).toBeLessThan(300)
    }
  })
})
