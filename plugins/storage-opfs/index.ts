/**
 * Storage in the private file system of a page's origin: pieces on disk, so that a file may be larger than memory, and a record that survives a reload and a
 * crash. Owns which places are open; a download is download.ts, a complete file existing.ts.
 */
import { assert, definePlugin, knownOptions } from 'shoal/plugin'
import type { Context, Storage, Store } from 'shoal/plugin'
import { createDisk } from './disk.ts'
import { existingStore, openReader } from './existing.ts'
import { originFiles } from './files.ts'
import { hashPages } from './hash-pages.ts'
import { checkName, manifestKey } from './names.ts'
import { dropReceipt, openDownload } from './opening.ts'
import { attempt, fileAt, partsOf } from './origin.ts'
import type { Snapshot } from './origin.ts'

export type OpfsStorageOptions = Record<string, never>

export const opfsStorage = (options: OpfsStorageOptions, { log }: Pick<Context, 'log'>): Storage => {
  knownOptions('storage-opfs', options, [])
  const disk = createDisk()
  const pages = hashPages(disk)
  /** Paths of downloads. */
  const open = new Set<string>()

  return {
    files: originFiles,
    async open (manifest, place, signal): Promise<Store> {
      signal.throwIfAborted()
      const key = await manifestKey(manifest)
      if ('existing' in place) {
        const path = place.existing
        const reader = await openReader(manifest, path, partsOf(path), place.identity)
        if (!open.has(path)) await attempt('tidy up after', path, async () => dropReceipt(path))
        return existingStore({ manifest, key, path, reader, pages })
      }
      checkName(place.name)
      const path = `${place.folder.replace(/\/+$/, '')}/${place.name}`
      assert(!open.has(path), 'a place has one open store')
      open.add(path)
      try {
        return await openDownload({
          manifest, key, path, parts: partsOf(path), overwrite: place.overwrite ?? false, disk, pages, log, released: () => { open.delete(path) }
        }, signal)
      } catch (error) {
        open.delete(path)
        throw error
      }
    }
  }
}

/** A finished download, or any file of the origin, as the browser knows files: to be saved, shown or played. It is read from disk. */
export const originFile = async (path: string): Promise<Snapshot | undefined> => (await fileAt(partsOf(path)))?.getFile()

export default definePlugin('storage', 'opfs', opfsStorage)
