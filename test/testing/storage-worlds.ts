/** Worlds for the storage suite: real files in a folder of their own, or a map. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageWorld, Subject } from 'shoal/testing'
import { ground as realGround } from '../../plugins/storage-file/ground.ts'
import type { Ground } from '../../plugins/storage-file/ground.ts'
import { fileStorage } from '../../plugins/storage-file/index.ts'
import type { FileStorageOptions } from '../../plugins/storage-file/index.ts'
import { memoryStorage } from '../../plugins/storage-memory/index.ts'

export const quiet = { log: () => { /* quiet */ } }

export const temporaryFolder = async (): Promise<string> => mkdtemp(join(tmpdir(), 'shoal-storage-'))

interface FileWorldOptions extends FileStorageOptions {
  readonly ground?: Partial<Ground>
  /** Records lie in a home of the plugin. @default true */
  readonly home?: boolean
}

export const fileWorld = async ({ ground = {}, home = true, ...options }: FileWorldOptions = {}): Promise<Subject<StorageWorld>> => {
  const root = await temporaryFolder()
  const context = home ? { ...quiet, folder: join(root, 'home') } : quiet
  return {
    subject: {
      restart: async () => fileStorage(options, context, { ...realGround, ...ground }),
      folder: join(root, 'downloads'),
      files: filesOf(join(root, 'downloads'))
    },
    release: async () => rm(root, { recursive: true, force: true })
  }
}

const filesOf = (folder: string): StorageWorld['files'] => ({
  async put (path, bytes) {
    await mkdir(folder, { recursive: true })
    await writeFile(path, bytes)
  },
  get: async path => readFile(path).catch(() => undefined),
  remove: async path => rm(path)
})

export const memoryWorld = (): Subject<StorageWorld> => {
  const files = new Map<string, Uint8Array>()
  const storage = memoryStorage({ files })
  return {
    subject: {
      // nothing of it outlives its process: the next one is the same
      restart: async () => Promise.resolve(storage),
      folder: '/downloads',
      files: {
        async put (path, bytes) { files.set(path, bytes); return Promise.resolve() },
        get: async path => Promise.resolve(files.get(path)),
        async remove (path) { files.delete(path); return Promise.resolve() }
      }
    }
  }
}
