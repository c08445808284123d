/** What the page of the contract suites runs: each case by its kind and name, on fresh databases and folders. */
import { integritySuite } from '../../src/testing/integrity.ts'
import { stateSuite } from '../../src/testing/state.ts'
import { storageSuite } from '../../src/testing/storage.ts'
import { blake3Integrity } from '../../plugins/integrity-blake3/index.ts'
import { sha1Integrity } from '../../plugins/integrity-sha1/index.ts'
import { sha256Integrity } from '../../plugins/integrity-sha256/index.ts'
import { indexedDbState } from '../../plugins/state-indexeddb/index.ts'
import { opfsStorage } from '../../plugins/storage-opfs/index.ts'
import type { Integrity, State } from '../../src/contract/index.ts'

let count = 0

const runState = async (name: string): Promise<void> => {
  const opened: State[] = []
  try {
    await stateSuite.find(suiteCase => suiteCase.name === name)?.run({
      async open (options) {
        const state = await indexedDbState({ name: `state ${++count}`, ...options })
        opened.push(state)
        return state
      }
    })
  } finally { for (const state of opened) await state.stop() }
}

/** What pages have, as far as it is used here. */
interface OriginFile { getFile (): Promise<Blob>, createWritable (): Promise<{ write (bytes: Uint8Array): Promise<void>, close (): Promise<void> }> }
interface OriginFolder {
  getDirectoryHandle (name: string, options?: { readonly create: boolean }): Promise<OriginFolder>
  getFileHandle (name: string, options?: { readonly create: boolean }): Promise<OriginFile>
  removeEntry (name: string): Promise<void>
}
const { storage: origin } = navigator as unknown as { readonly storage: { getDirectory (): Promise<OriginFolder> } }

/** The files as other code of the page sees them. */
const inFolder = async <T>(path: string, create: boolean, use: (folder: OriginFolder, name: string) => Promise<T>): Promise<T> => {
  const parts = path.split('/').filter(part => part !== '')
  let folder = await origin.getDirectory()
  for (const part of parts.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create })
  return use(folder, parts.at(-1) ?? '')
}

const runStorage = async (name: string): Promise<void> => {
  const folder = `/downloads ${++count}`
  await storageSuite.find(suiteCase => suiteCase.name === name)?.run({
    restart: async () => Promise.resolve(opfsStorage({}, { log: () => undefined })),
    folder,
    files: {
      put: async (path, bytes) => inFolder(path, true, async (parent, file) => {
        const writable = await (await parent.getFileHandle(file, { create: true })).createWritable()
        await writable.write(bytes)
        await writable.close()
      }),
      get: async path => inFolder(path, false, async (parent, file) => new Uint8Array(await (await (await parent.getFileHandle(file)).getFile()).arrayBuffer())).catch(() => undefined),
      remove: async path => inFolder(path, false, async (parent, file) => parent.removeEntry(file))
    }
  })
}

const runIntegrity = (make: () => Integrity) => async (name: string): Promise<void> => {
  const integrity = make()
  try { await integritySuite.find(suiteCase => suiteCase.name === name)?.run(integrity) } finally { await integrity.stop?.() }
}

const kinds: Readonly<Record<string, (name: string) => Promise<void>>> = {
  state: runState, storage: runStorage, blake3: runIntegrity(() => blake3Integrity({}, { log: () => undefined })),
  sha1: runIntegrity(() => sha1Integrity({})), sha256: runIntegrity(() => sha256Integrity({}))
}

/** @returns why it failed, or undefined */
const runCase = async (kind: string, name: string): Promise<string | undefined> => {
  try {
    const run = kinds[kind]
    if (run === undefined) throw new Error(`There is no suite ${kind}.`)
    await run(name)
    return undefined
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error)
  }
}

Object.assign(globalThis, { runCase })
