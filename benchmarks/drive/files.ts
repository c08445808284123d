/** The files that are moved: fresh random bytes, warm in the page cache, and compared after the clock has stopped. */
import { createHash, randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** @returns when the disk has it: what is written later is not slowed down by it */
export const writeRandom = async (path: string, bytes: number, signal?: AbortSignal): Promise<void> => {
  const handle = await open(path, 'w')
  try {
    const buffer = new Uint8Array(4 * 2 ** 20)
    for (let at = 0; at < bytes; at += buffer.byteLength) {
      signal?.throwIfAborted()
      if (at % (16 * buffer.byteLength) === 0) await handle.datasync() // no wait is long, so that an interrupted run ends soon
      await handle.write(randomFillSync(buffer), 0, Math.min(buffer.byteLength, bytes - at), at)
    }
    await handle.datasync()
  } finally { await handle.close() }
}

const hashOf = async (path: string, signal?: AbortSignal): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { ...signal === undefined ? {} : { signal } })
  return hash.digest('hex')
}

/** Why it is no copy of its own, or undefined. Removes it. */
export const judgeCopy = async (original: string, copy: string, signal?: AbortSignal): Promise<string | undefined> => {
  const [from, to] = await Promise.all([stat(original), stat(copy)])
  try {
    if (to.ino === from.ino && to.dev === from.dev) return `${copy} is a link, not a copy.`
    return await hashOf(copy, signal) === await hashOf(original, signal) ? undefined : `${copy} differs from the original.`
  } finally { await rm(copy) }
}
