/** Whole reads and writes over a system that may do only a part of what it is asked. Owns no file. */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { codeOf } from './failure.ts'
import type { Ground } from './ground.ts'

/** Writes all parts from `at` on, in as few calls as the system takes. */
export const writeWhole = async (handle: FileHandle, parts: readonly Uint8Array[], at: number): Promise<void> => {
  let left = parts.filter(({ byteLength }) => byteLength > 0)
  let position = at
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left, position)
    if (bytesWritten === 0) throw new Error('The system took no bytes')
    position += bytesWritten
    left = after(left, bytesWritten)
  }
}

/** What is left of the parts after the first `count` bytes. */
const after = (parts: readonly Uint8Array[], count: number): Uint8Array[] => {
  const left: Uint8Array[] = []
  let skip = count
  for (const part of parts) {
    if (skip >= part.byteLength) { skip -= part.byteLength; continue }
    left.push(part.subarray(skip))
    skip = 0
  }
  return left
}

/** Up to `length` bytes from `at` on: fewer only when the file ends there. */
export const readUpTo = async (handle: FileHandle, length: number, at: number): Promise<Uint8Array> => {
  // not from Buffer's pool: the caller owns the memory, and may hold it long
  const bytes = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return new Uint8Array(bytes.buffer, 0, done)
}

/** Names in a folder are durable after this, where the system can do that for folders. */
export const syncFolder = async (ground: Ground, folder: string): Promise<void> => {
  try {
    const handle = await ground.open(folder, constants.O_RDONLY)
    try { await handle.sync() } finally { await handle.close() }
  } catch (error) {
    // Windows opens no folders; some network and FUSE file systems sync none, and order names by themselves
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error
  }
}
