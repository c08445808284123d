/** A folder, a home and storages over them, for tests of storage-file that look at its files. */
import { readdir, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { bitfield, pieceCount } from 'shoal/plugin'
import type { Manifest, PieceIndex, Place, Storage, Store } from 'shoal/plugin'
import { contentOf, manifestOf, pieceOf } from 'shoal/testing'
import { onTestFinished } from 'vitest'
import { ground as realGround } from '../../plugins/storage-file/ground.ts'
import type { Ground } from '../../plugins/storage-file/ground.ts'
import { fileStorage } from '../../plugins/storage-file/index.ts'
import { temporaryFolder } from './storage-worlds.ts'

export const manifest: Manifest = manifestOf({ length: 10 * 65_536 + 777, pieceLength: 65_536 })
export const content = contentOf(manifest.length)
export const never = new AbortController().signal
export const allPieces = Array.from({ length: pieceCount(manifest) }, (_, piece) => piece)

export interface Bench {
  readonly root: string
  readonly home: string
  readonly folder: string
  readonly log: readonly string[]
  /** As by a new process, whether or not the one before closed anything. */
  readonly storage: (ground?: Partial<Ground>, options?: { readonly openFiles?: number }) => Promise<Storage>
  readonly store: (ground?: Partial<Ground>, place?: Partial<Extract<Place, { name: string }>>, of?: Manifest) => Promise<Store>
  /** The one record there is. */
  readonly recordPath: () => Promise<string>
}

export const bench = async (): Promise<Bench> => {
  const root = await temporaryFolder()
  onTestFinished(async () => rm(root, { recursive: true, force: true }))
  const [home, folder] = [join(root, 'home'), join(root, 'downloads')]
  const log: string[] = []
  /** What a process that is killed here leaves open would be closed by the system. */
  const handles: FileHandle[] = []
  onTestFinished(async () => { await Promise.allSettled(handles.map(async handle => handle.close())) })
  const storage: Bench['storage'] = async (ground = {}, options = {}) => {
    const whole = { ...realGround, ...ground }
    const open: Ground['open'] = async (path, flags, mode) => {
      const handle = await whole.open(path, flags, mode)
      handles.push(handle)
      return handle
    }
    return fileStorage(options, { folder: home, log: line => { log.push(line) } }, { ...whole, open })
  }
  return {
    root, home, folder, log, storage,
    store: async (ground, place = {}, of = manifest) => (await storage(ground)).open(of, { folder, name: 'file', ...place }, never),
    async recordPath () {
      const records = (await readdir(join(home, 'records'))).filter(name => name.endsWith('.record'))
      if (records.length !== 1 || records[0] === undefined) throw new Error(`There are ${records.length} records.`)
      return join(home, 'records', records[0])
    }
  }
}

export const write = async (store: Store, ...pieces: readonly PieceIndex[]): Promise<void> => {
  for (const piece of pieces) await store.write(piece, [pieceOf(manifest, content, piece)])
}

const listed = (packed: Uint8Array): readonly PieceIndex[] => [...bitfield(pieceCount(manifest), packed)]

/** What a store has, as text: so that a case is one line. */
export const shown = (store: Store): string => {
  const { sure, doubtful } = store.have()
  return `sure ${listed(sure).join(' ')} doubtful ${listed(doubtful).join(' ')}`
}
