/** Folders made with those above them. Not by mkdir's own recursion: that never ends where nothing can be made at all, as below /proc (Node 24). */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export const isFolder = async (path: string): Promise<boolean> => {
  try { return (await stat(path)).isDirectory() } catch { return false }
}

/** @param mode of those that are made. @throws what mkdir throws; EEXIST or ENOTDIR where a file is in the way */
export const makeFolder = async (path: string, mode = 0o777): Promise<void> => {
  if (await isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path && !await isFolder(parent)) await makeFolder(parent, mode)
  try { await mkdir(path, { mode }) } catch (error) { if (!await isFolder(path)) throw error }
}
