/**
 * Space for whole downloads, before their bytes come. Node cannot have blocks allocated for it, so a download gets a file of full length with holes, and only
 * if the file system has room for it and for what the other downloads of this process still owe. Owns those promises; other programs may still be faster.
 */
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ShoalError } from 'shoal/plugin'
import { quoted } from './failure.ts'
import type { Ground } from './ground.ts'

export interface Space {
  /**
   * Makes the file `length` long.
   * @param owed bytes that are still to be written to it, now and whenever asked
   * @throws ShoalError STORAGE_FULL
   */
  take (handle: FileHandle, path: string, length: number, owed: () => number): Promise<void>
  release (path: string): void
}

const blockBytes = 512
const said = (bytes: number): string => `${bytes.toLocaleString('en')} bytes`

export const spaces = (ground: Ground): Space => {
  const promises = new Map<string, { readonly device: bigint, readonly owed: () => number }>()
  return {
    async take (handle, path, length, owed) {
      const { size, blocks, dev: device } = await handle.stat({ bigint: true })
      const free = await ground.freeBytes(dirname(path))
      promises.delete(path)
      // blocks that are there already cost nothing; files that are compressed have fewer blocks than bytes
      const needed = Math.max(0, Math.min(length - Number(blocks) * blockBytes, owed()))
      let promised = 0
      for (const other of promises.values()) if (other.device === device) promised += Math.max(0, other.owed())
      if (free !== undefined && needed > free - promised) {
        const others = promised > 0 ? `, ${said(promised)} of which other downloads need` : ''
        throw new ShoalError('STORAGE_FULL', `Cannot reserve ${said(needed)} for ${quoted(path)}: ${said(free)} are free there${others}. Free space; it is tried again.`)
      }
      if (Number(size) < length) await handle.truncate(length)
      promises.set(path, { device, owed })
    },
    release (path) { promises.delete(path) }
  }
}
