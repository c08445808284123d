/**
 * Open files, at most so many at once: 5,000 shares do not need 5,000 descriptors. A file that nobody uses is closed, longest unused first, when another
 * needs its place, and opened again when it is needed. Owns no path and no content.
 */
import type { FileHandle } from 'node:fs/promises'
import { ShoalError } from 'shoal/plugin'

export interface Descriptor {
  /** The handle is open for as long as `work` runs. Several may run at once. */
  use <T> (work: (handle: FileHandle) => Promise<T>): Promise<T>
  /** After the work under way. Idempotent. */
  close (): Promise<void>
}

export interface Descriptors {
  /** @param open opens the file, now and again; it checks that it is still the same one */
  file (open: () => Promise<FileHandle>): Descriptor
  /** Files open now. */
  readonly count: number
}

interface Entry {
  handle: Promise<FileHandle> | undefined
  users: number
  closed: boolean
  /** Called when the last user is gone, if somebody waits to close it. */
  released: (() => void) | undefined
  closing: Promise<void> | undefined
}

export const descriptors = (limit: number): Descriptors => {
  let count = 0
  /** Open and unused, longest unused first. */
  const idle = new Set<Entry>()
  const waiting: (() => void)[] = []

  const close = async (entry: Entry): Promise<void> => {
    const { handle } = entry
    entry.handle = undefined
    idle.delete(entry)
    if (handle === undefined) return
    try { await (await handle).close() } finally {
      count--
      waiting.shift()?.()
    }
  }

  /** Waits until one more file may be open. */
  const place = async (): Promise<void> => {
    while (count >= limit) {
      const [oldest] = idle
      if (oldest === undefined) await new Promise<void>(resolve => { waiting.push(resolve) })
      else await close(oldest)
    }
    count++
  }

  const begin = async (open: () => Promise<FileHandle>): Promise<FileHandle> => {
    await place()
    try { return await open() } catch (error) {
      count--
      waiting.shift()?.()
      throw error
    }
  }

  return {
    get count () { return count },
    file (open) {
      const entry: Entry = { handle: undefined, users: 0, closed: false, released: undefined, closing: undefined }

      const release = (): void => {
        if (--entry.users > 0) return
        entry.released?.()
        if (entry.handle === undefined || entry.closed) return
        idle.add(entry)
        waiting.shift()?.()
      }

      return {
        async use (work) {
          if (entry.closed) throw new ShoalError('STOPPED', 'A file was closed before it could be read or written. Nothing needs to be done.')
          entry.users++
          idle.delete(entry)
          try {
            const opening = entry.handle ??= begin(open)
            const handle = await opening.catch((error: unknown) => {
              if (entry.handle === opening) entry.handle = undefined
              throw error
            })
            return await work(handle)
          } finally { release() }
        },
        async close () {
          entry.closed = true
          entry.closing ??= (async () => {
            if (entry.users > 0) await new Promise<void>(resolve => { entry.released = resolve })
            await close(entry)
          })()
          await entry.closing
        }
      }
    }
  }
}
