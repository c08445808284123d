/** The piece hashes of contents, each in a file of its own: a format byte, then the layer, zeros where a page is missing. By content, so that a shared file finds those of its download. */
import { createTurns } from './turns.ts'
import type { Disk } from './disk.ts'
import { hashesOf } from './names.ts'
import { attempt, fileAt, folderAt } from './origin.ts'

const format = 1

export interface HashPages {
  read (key: Uint8Array): Promise<Uint8Array | undefined>
  write (key: Uint8Array, at: number, bytes: Uint8Array, total: number): Promise<void>
}

export const hashPages = (disk: Disk): HashPages => {
  /** One thing at a time with each file: it may be open once. */
  const turns = createTurns()
  const working = async <T>(doing: string, key: Uint8Array, work: (path: readonly string[]) => Promise<T>): Promise<T> => {
    const path = hashesOf(key)
    return turns(path.join('/'), async () => attempt(doing, path.join('/'), async () => work(path)))
  }
  return {
    read: async key => working('read the piece hashes', key, async path => {
      const file = await (await fileAt(path))?.getFile()
      if (file === undefined || file.size <= 1) return undefined
      const bytes = new Uint8Array(await file.slice(0, file.size).arrayBuffer())
      return bytes[0] === format ? bytes.subarray(1) : undefined
    }),
    async write (key, at, bytes, total) {
      if (bytes.byteLength === 0) return
      await working('keep the piece hashes', key, async path => {
        await folderAt(path.slice(0, -1), true)
        const file = await disk.open(path)
        try {
          await disk.run(
            ...file.size === 1 + total ? [] : [{ do: 'truncate', file: file.id, bytes: 0 }, { do: 'truncate', file: file.id, bytes: 1 + total }] as const,
            { do: 'write', file: file.id, at: 0, parts: [Uint8Array.of(format)] },
            { do: 'write', file: file.id, at: 1 + at, parts: [bytes] },
            { do: 'flush', file: file.id }
          )
        } finally { await file.close() }
      })
    }
  }
}
