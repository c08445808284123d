/** A small text file that is there whole or not at all, whenever the process is killed. Node only; asks for its modules so that a browser's bundle is not in want of them. */
import { ShoalError } from 'shoal/plugin'

const fs = (): typeof import('node:fs/promises') => process.getBuiltinModule('node:fs/promises')

const failed = (path: string, what: string, cause: unknown): ShoalError =>
  new ShoalError('STORAGE_FAILED', `Cannot ${what} ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Check the folder and its permissions.`, { cause })

/** @throws ShoalError STORAGE_FAILED */
export const readKept = async (path: string): Promise<string | undefined> => {
  try { return await fs().readFile(path, 'utf8') } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw failed(path, 'read', cause)
  }
}

const sync = async (path: string): Promise<void> => {
  const folder = await fs().open(path, 'r')
  try { await folder.sync() } finally { await folder.close() }
}

/** Only its owner may read it. @throws ShoalError STORAGE_FAILED */
export const keep = async (folder: string, name: string, text: string): Promise<void> => {
  const path = `${folder}/${name}`
  try {
    const file = await fs().open(`${path}.new`, 'w', 0o600)
    try {
      await file.chmod(0o600)
      await file.writeFile(text)
      await file.sync()
    } finally { await file.close() }
    await fs().rename(`${path}.new`, path)
    await sync(folder)
  } catch (cause) { throw failed(path, 'write', cause) }
}
