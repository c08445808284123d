/** A file that the user names: what it is and whether it is still the same. Owns the words for what can be wrong with it. */
import { open, realpath, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { ShoalError } from '../contract/index.ts'
import type { FileIdentity, LocalFile } from '../contract/index.ts'

const codeOf = (error: unknown): string => error instanceof Error && 'code' in error ? String(error.code) : ''

export const fileError = (path: string, error: unknown): ShoalError => {
  switch (codeOf(error)) {
    case 'ENOENT': case 'ENOTDIR': return new ShoalError('FILE_NOT_FOUND', `There is no file "${path}". Check the path; quote names with spaces.`, { cause: error })
    case 'EACCES': case 'EPERM': return new ShoalError('FILE_UNREADABLE', `"${path}" may not be read by this user. Check its permissions.`, { cause: error })
    case 'ENAMETOOLONG': return new ShoalError('FILE_NOT_FOUND', `"${path.slice(0, 80)}…" is longer than a path can be. Check it.`, { cause: error })
    case 'ENOSPC': case 'EDQUOT': return new ShoalError('STORAGE_FULL', `No space is left for "${path}". Free space; then try again.`, { cause: error })
    default: return new ShoalError('STORAGE_FAILED', `"${path}" cannot be used: ${error instanceof Error ? error.message : String(error)}. Check the disk.`, { cause: error })
  }
}

const identityOf = async (path: string): Promise<FileIdentity> => {
  const facts = await stat(path, { bigint: true })
  if (!facts.isFile()) throw new ShoalError('NOT_A_FILE', `"${path}" is ${facts.isDirectory() ? 'a folder' : 'no regular file'}. Give the path of a regular file.`)
  return { inode: `${facts.dev}:${facts.ino}`, size: Number(facts.size), mtime: String(facts.mtimeNs), ctime: String(facts.ctimeNs) }
}

/** @throws ShoalError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE */
export const inspect = async (given: string): Promise<LocalFile> => {
  const path = resolve(given)
  try {
    // the name is the one the user gave, also when it is a link to the file
    return { path: await realpath(path), name: basename(path).normalize('NFC'), identity: await identityOf(path) }
  } catch (error) {
    throw ShoalError.is(error) ? error : fileError(path, error)
  }
}

const readBytes = 1024 * 1024

/** Reads the next part while one is used: two buffers in turns. @throws as inspect */
export async function * readParts (path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r').catch((error: unknown) => { throw fileError(path, error) })
  const buffers = [new Uint8Array(readBytes), new Uint8Array(readBytes)] as const
  const read = async (turn: number, at: number): Promise<Uint8Array> => {
    const buffer = buffers[turn % 2 === 0 ? 0 : 1]
    const { bytesRead } = await handle.read(buffer, 0, readBytes, at)
    return buffer.subarray(0, bytesRead)
  }
  const failed = (): void => { /* told to whoever asks for the next part */ }
  let reading = read(0, 0)
  try {
    for (let [turn, at] = [1, 0]; ; turn++) {
      const part = await reading
      if (part.byteLength === 0) return
      at += part.byteLength
      reading = read(turn, at)
      reading.catch(failed)
      yield part
    }
  } finally {
    await reading.catch(failed)
    await handle.close()
  }
}
