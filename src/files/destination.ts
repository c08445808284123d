/** Where a download goes: DESTINATION as typed becomes a folder and a name that cannot leave it. */
import { access, constants, lstat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ShoalError } from '../contract/index.ts'
import type { Destination } from '../contract/index.ts'
import { isFolder, makeFolder } from '../make-folder.ts'
import { fileError } from './local-file.ts'

/** A folder that cannot be made or written to: it was never to be read, and may well not be there. */
const folderError = (folder: string, error: unknown): ShoalError => {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'EACCES' || code === 'EPERM') return new ShoalError('STORAGE_FAILED', `"${folder}" may not be written to by this user. Check its permissions, or choose another destination.`, { cause: error })
  if (code === 'EROFS') return new ShoalError('STORAGE_FAILED', `"${folder}" is on a read-only file system. Choose another destination.`, { cause: error })
  if (code === 'ENOENT') return new ShoalError('STORAGE_FAILED', `"${folder}" cannot be made there. Choose another destination.`, { cause: error })
  return fileError(folder, error)
}

/** Whether something has that name, a dangling link too. */
const exists = async (path: string): Promise<boolean> => {
  try { await lstat(path); return true } catch { return false }
}

/**
 * An existing folder, or one ending in `/` (made if missing): saved there under the file's own name. Else a file path whose parent exists.
 * @param fileName a name that can be saved
 * @throws ShoalError FILE_EXISTS, FILE_NOT_FOUND, STORAGE_FAILED
 */
export const resolveDestination = async (given: string, fileName: string, overwrite: boolean): Promise<Destination> => {
  const path = resolve(given)
  const asFolder = given.endsWith('/') || await isFolder(path)
  const folder = asFolder ? path : dirname(path)
  const name = asFolder ? fileName : basename(path)
  try {
    if (asFolder) await makeFolder(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ENOTDIR')) {
      throw new ShoalError('FILE_EXISTS', `"${folder}" is a file, not a folder. Choose another destination.`, { cause: error })
    }
    throw folderError(folder, error)
  }
  if (!await isFolder(folder)) {
    throw new ShoalError('FILE_NOT_FOUND', `The folder "${folder}" does not exist. Make it, or end DESTINATION with "/" to have it made.`)
  }
  try { await access(folder, constants.W_OK) } catch (error) { throw folderError(folder, error) }
  const whole = join(folder, name)
  if (await isFolder(whole)) throw new ShoalError('FILE_EXISTS', `"${whole}" is a folder. Choose another destination.`)
  if (!overwrite && await exists(whole)) throw new ShoalError('FILE_EXISTS', `"${whole}" exists. Choose another destination, or use --overwrite.`)
  return { folder, name, path: whole }
}
