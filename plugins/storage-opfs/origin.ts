/**
 * The private file system of a page's origin, as far as it is used here: declared, because Shoal is compiled without the types of pages. Owns paths in it, and
 * the words for what can be wrong with it; bytes are written by disk.ts.
 */
import { ShoalError } from 'shoal/plugin'

/** A file as it was when it was asked for: once it changes, reading it fails. */
export interface Snapshot {
  readonly size: number
  /** Unix ms. */
  readonly lastModified: number
  slice (from: number, to: number): { arrayBuffer (): Promise<ArrayBuffer> }
}

export interface FileHandle {
  readonly kind: 'file'
  getFile (): Promise<Snapshot>
  move (folder: FolderHandle, name: string): Promise<void>
}

export interface FolderHandle {
  readonly kind: 'directory'
  getFileHandle (name: string, options?: { readonly create: boolean }): Promise<FileHandle>
  getDirectoryHandle (name: string, options?: { readonly create: boolean }): Promise<FolderHandle>
  removeEntry (name: string, options?: { readonly recursive: boolean }): Promise<void>
}

interface StorageManager {
  getDirectory (): Promise<FolderHandle>
  estimate (): Promise<{ readonly quota?: number, readonly usage?: number }>
}

/** Where downloads in progress, their records and hashes lie; no path of a user leads there. */
export const ownFolder = '.shoal'

export const quoted = (path: string): string => JSON.stringify(path)

const manager = (): StorageManager => {
  const { storage } = (globalThis as unknown as { readonly navigator?: { readonly storage?: Partial<StorageManager> } }).navigator ?? {}
  if (storage?.getDirectory === undefined) throw new ShoalError('STORAGE_FAILED', 'There are no private files here. Open the page over https or from localhost, in a browser of today.')
  return storage as StorageManager
}

const nameOf = (error: unknown): string => typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : ''

export const isMissing = (error: unknown): boolean => nameOf(error) === 'NotFoundError'
export const isUnreadable = (error: unknown): boolean => nameOf(error) === 'NotReadableError'

export const failure = (error: unknown, doing: string, path: string): ShoalError => {
  if (ShoalError.is(error)) return error
  const cause = { cause: error }
  switch (nameOf(error)) {
    case 'QuotaExceededError': return new ShoalError('STORAGE_FULL', `Cannot ${doing} ${quoted(path)}: the browser gives this page no more space. Remove files here, or free space on the disk.`, cause)
    case 'NoModificationAllowedError': return new ShoalError('STORAGE_FAILED', `Cannot ${doing} ${quoted(path)}: it is in use, perhaps by another page. Close that page.`, cause)
    default: return new ShoalError('STORAGE_FAILED', `Cannot ${doing} ${quoted(path)}: ${error instanceof Error ? error.message : String(error)}. Load the page again; perhaps the browser cleared its files.`, cause)
  }
}

export const attempt = async <T>(doing: string, path: string, work: () => Promise<T>): Promise<T> => {
  try { return await work() } catch (error) { throw failure(error, doing, path) }
}

/** Undefined where there is no such thing. */
export const ifThere = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try { return await work } catch (error) {
    if (!isMissing(error)) throw error
    return undefined
  }
}

/** @throws ShoalError STORAGE_FAILED when the path leads out of the files of users */
export const partsOf = (path: string): readonly string[] => {
  const parts = path.split('/').filter(part => part !== '')
  if (parts[0] === ownFolder || parts.some(part => part === '.' || part === '..')) throw new ShoalError('STORAGE_FAILED', `Cannot use ${quoted(path)}: it leads out of the files of this page. Give another path.`)
  return parts
}

export const folderAt = async (parts: readonly string[], create = false): Promise<FolderHandle> => {
  let folder = await manager().getDirectory()
  for (const part of parts) folder = await folder.getDirectoryHandle(part, { create })
  return folder
}

const isMismatch = (error: unknown): boolean => nameOf(error) === 'TypeMismatchError'

/** What lies there. */
export const entryAt = async (parts: readonly string[]): Promise<FileHandle | FolderHandle | undefined> => {
  const name = parts.at(-1)
  if (name === undefined) return folderAt([])
  const parent = await ifThere(folderAt(parts.slice(0, -1)).catch((error: unknown) => { if (isMismatch(error)) return undefined; throw error }))
  if (parent === undefined) return undefined
  return ifThere(parent.getFileHandle(name).catch(async (error: unknown) => { if (isMismatch(error)) return parent.getDirectoryHandle(name); throw error }))
}

export const fileAt = async (parts: readonly string[]): Promise<FileHandle | undefined> => {
  const entry = await entryAt(parts)
  return entry?.kind === 'file' ? entry : undefined
}

/** Leaves nothing of it, be it there or not. */
export const removeAt = async (parts: readonly string[]): Promise<void> => {
  const parent = await ifThere(folderAt(parts.slice(0, -1)))
  if (parent !== undefined) await ifThere(parent.removeEntry(parts.at(-1) ?? '', { recursive: true }))
}

/** Bytes that the browser would still give this page; undefined when it does not say. */
export const spaceLeft = async (): Promise<number | undefined> => {
  const { quota, usage } = await manager().estimate()
  return quota === undefined || usage === undefined ? undefined : quota - usage
}
