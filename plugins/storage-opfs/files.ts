/** The files of a page, as its user names them: `/folder/name` in the private file system of its origin. */
import { ShoalError } from 'shoal/plugin'
import type { Files } from 'shoal/plugin'
import { identityOf } from './existing.ts'
import { attempt, entryAt, folderAt, partsOf, quoted } from './origin.ts'
import type { FileHandle } from './origin.ts'

const readBytes = 1024 * 1024

const whole = (parts: readonly string[]): string => `/${parts.join('/')}`

const fileNamed = async (path: string, parts: readonly string[]): Promise<FileHandle> => {
  const entry = await attempt('find', path, async () => entryAt(parts))
  if (entry === undefined) throw new ShoalError('FILE_NOT_FOUND', `There is no file ${quoted(path)} on this page. Check the path.`)
  if (entry.kind === 'directory') throw new ShoalError('NOT_A_FILE', `${quoted(path)} is a folder. Give the path of a file.`)
  return entry
}

export const originFiles: Files = {
  async inspect (given) {
    const parts = partsOf(given)
    const file = await fileNamed(given, parts)
    return { path: whole(parts), name: (parts.at(-1) ?? '').normalize('NFC'), identity: identityOf(await attempt('look at', given, async () => file.getFile())) }
  },
  async * read (path) {
    const file = await (await fileNamed(path, partsOf(path))).getFile()
    for (let at = 0; at < file.size; at += readBytes) {
      yield new Uint8Array(await attempt('read', path, async () => file.slice(at, Math.min(file.size, at + readBytes)).arrayBuffer()))
    }
  },
  async destination (given, fileName, overwrite) {
    const parts = partsOf(given)
    const there = await attempt('find', given, async () => entryAt(parts))
    const asFolder = given.endsWith('/') || there?.kind === 'directory'
    if (asFolder && there?.kind === 'file') throw new ShoalError('FILE_EXISTS', `${quoted(given)} is a file, not a folder. Choose another destination.`)
    const [folder, name] = asFolder ? [parts, fileName] : [parts.slice(0, -1), parts.at(-1) ?? '']
    if (asFolder) await attempt('make', given, async () => folderAt(folder, true))
    else if ((await entryAt(folder))?.kind !== 'directory') {
      throw new ShoalError('FILE_NOT_FOUND', `The folder ${quoted(whole(folder))} does not exist. End the destination with "/" to have it made.`)
    }
    const path = whole([...folder, name])
    const taken = asFolder ? await entryAt([...folder, name]) : there
    if (taken?.kind === 'directory') throw new ShoalError('FILE_EXISTS', `${quoted(path)} is a folder. Choose another destination.`)
    if (taken !== undefined && !overwrite) throw new ShoalError('FILE_EXISTS', `${quoted(path)} exists. Choose another destination, or use --overwrite.`)
    return { folder: whole(folder), name, path }
  }
}
