/** Files as storage: which kind of place it is, what lies there already, and one store per place. Owns where records are kept. */
import { createHash } from 'node:crypto'
import { lstat, mkdir, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { assert, integerOption, knownOptions } from 'shoal/plugin'
import type { Context, Manifest, Storage, Store } from 'shoal/plugin'
import { descriptors } from './descriptors.ts'
import { downloadStore } from './download.ts'
import { openExisting } from './existing.ts'
import { attempt, ifThere } from './failure.ts'
import { completeFinish, fileExists } from './finishing.ts'
import { ground as realGround } from './ground.ts'
import type { Ground } from './ground.ts'
import { hashPages } from './hash-pages.ts'
import { checkName, manifestKey, placeKey } from './names.ts'
import { takeUp } from './partial.ts'
import { readRecord } from './record-file.ts'
import { spaces } from './space.ts'
import { sweep } from './sweep.ts'

export interface FileStorageOptions {
  /** Where records and piece hashes are kept. @default `records` in the plugin's own folder; without one, records lie beside their downloads and hashes in memory */
  readonly folder?: string
  /** Most files open at once, 1 … 1,000,000. @default 256 */
  readonly openFiles?: number
}

/** @param ground the operating system, for tests that let it fail */
export const fileStorage = async (options: FileStorageOptions, context: Context, ground: Ground = realGround): Promise<Storage> => {
  knownOptions('storage-file', options, ['folder', 'openFiles'])
  const files = descriptors(integerOption('storage-file', 'openFiles', options.openFiles, { min: 1, max: 1_000_000, otherwise: 256 }))
  const { folder: home } = context
  const folder = options.folder !== undefined ? resolve(options.folder) : home === undefined ? undefined : join(home, 'records')
  if (folder !== undefined) {
    await attempt('use', folder, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await sweep(folder)
    })
  }
  const pagesOf = hashPages(files, ground, folder)
  const space = spaces(ground)
  /** Places with an open store. */
  const open = new Set<string>()

  const existing = async (manifest: Manifest, path: string, identity: Parameters<typeof openExisting>[0]['identity']): Promise<Store> => {
    const pages = pagesOf(manifest)
    try { return await openExisting({ manifest, path, identity, files, ground, pages }) } catch (error) {
      await pages.close()
      throw error
    }
  }

  const recordPathOf = (final: string): string => folder === undefined
    ? join(dirname(final), `.${createHash('sha256').update(placeKey(final)).digest('hex').slice(0, 32)}.shoal-record`)
    : join(folder, `${placeKey(final)}.record`)

  /** Whatever is in the way is found before anything is made. */
  const download = async (manifest: Manifest, final: string, overwrite: boolean, signal: AbortSignal): Promise<Store> => {
    const recordPath = recordPathOf(final)
    const record = await attempt('read the record', recordPath, async () => readRecord(recordPath))
    const isOurs = record?.header.manifest === manifestKey(manifest) && record.header.path === final
    if (record !== undefined && isOurs && await completeFinish(record.header)) {
      const store = await existing(manifest, final, undefined)
      open.delete(final)
      return { ...store, async discard () { await store.discard(); await ifThere(unlink(recordPath)) } }
    }
    const inTheWay = await ifThere(lstat(final))
    if (inTheWay?.isDirectory() === true) throw fileExists(final, 'is a folder')
    if (inTheWay !== undefined && !overwrite) throw fileExists(final)
    signal.throwIfAborted()
    const partial = await takeUp({ ground, manifest, final, recordPath, record })
    return downloadStore({
      manifest, final, overwrite, partial, recordPath, keepReceipt: folder !== undefined, files, ground, pages: pagesOf(manifest), space, log: line => { context.log(line) },
      released: () => { open.delete(final) }
    })
  }

  return {
    async open (manifest, place, signal) {
      signal.throwIfAborted()
      if ('existing' in place) return existing(manifest, resolve(place.existing), place.identity)
      checkName(place.name)
      const final = join(resolve(place.folder), place.name)
      assert(!open.has(final), 'a place has one open store')
      open.add(final)
      let store: Store | undefined
      try {
        store = await attempt('open', final, async () => download(manifest, final, place.overwrite ?? false, signal))
        return store
      } catch (error) {
        signal.throwIfAborted()
        throw error
      } finally { if (store === undefined) open.delete(final) }
    }
  }
}
