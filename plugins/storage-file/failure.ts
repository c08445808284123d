/** Puts what the operating system says into the words and codes of Shoal. Owns those words. */
import { ShoalError } from 'shoal/plugin'

export const codeOf = (error: unknown): string => error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** A path for people: control and direction characters can do nothing to a terminal. */
export const quoted = (text: string): string =>
  `"${text.replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character => character === '"' || character === '\\' ? `\\${character}` : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)}"`

const full: Readonly<Record<string, string>> = { ENOSPC: 'no space is left there', EDQUOT: 'the quota of this user is used up' }

const known: Readonly<Record<string, string>> = {
  EACCES: 'permission denied. Check the permissions.',
  EPERM: 'not permitted. Check the permissions.',
  EROFS: 'the file system is read-only. Choose another place.',
  ENOENT: 'it is not there any more. Bring it back, or start again.',
  ENOTDIR: 'a part of the path is not a folder. Choose another place.',
  ELOOP: 'it is a symbolic link now. Remove the link.',
  EISDIR: 'it is a folder. Choose another name.',
  ENAMETOOLONG: 'the name is too long for this file system. Give a shorter one.',
  EFBIG: 'this file system does not take files of that size. Choose another disk.',
  EIO: 'the disk reports an error. Check the disk.',
  EMFILE: 'too many files are open. Raise the limit (ulimit -n), or lower the option openFiles.',
  ENFILE: 'too many files are open on this machine.',
  ESTALE: 'the network disk lost it. Connect the disk again.'
}

/**
 * @param doing what failed, such as `write piece 7 of`
 * @param path on what
 */
export const failure = (error: unknown, doing: string, path: string): ShoalError => {
  if (ShoalError.is(error)) return error
  const code = codeOf(error)
  const noRoom = full[code]
  if (noRoom !== undefined) return new ShoalError('STORAGE_FULL', `Cannot ${doing} ${quoted(path)}: ${noRoom}. Free space; it is tried again.`, { cause: error })
  const why = known[code] ?? `${error instanceof Error ? error.message : String(error)}. Check the disk.`
  return new ShoalError('STORAGE_FAILED', `Cannot ${doing} ${quoted(path)}: ${why}`, { cause: error })
}

/** Does it, and says what failed on what if it fails. */
export const attempt = async <T>(doing: string, path: string, work: () => Promise<T>): Promise<T> => {
  try { return await work() } catch (error) { throw failure(error, doing, path) }
}

/** The result, or undefined where there is nothing of that name. */
export const ifThere = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try { return await work } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
