/** Names of files: which are let through, and what the places of a download and of its hashes are called. */
import { ShoalError, toHex } from 'shoal/plugin'
import type { Manifest } from 'shoal/plugin'
import { ownFolder, quoted } from './origin.ts'

const maxNameBytes = 255
const utf8 = new TextEncoder()

const wrongWith = (name: string): string | undefined => {
  if (name === '') return 'it is empty'
  if (name === '.' || name === '..') return 'it means a folder'
  if (/[/\\]/.test(name)) return 'it has a separator'
  if (/\p{Cc}/u.test(name)) return 'it has a control character'
  if (!name.isWellFormed()) return 'it is not valid Unicode'
  if (utf8.encode(name).byteLength > maxNameBytes) return `it is longer than ${maxNameBytes} bytes`
  return undefined
}

/** A name that stays in its folder. @throws ShoalError STORAGE_FAILED */
export const checkName = (name: string): void => {
  const why = wrongWith(name)
  if (why !== undefined) throw new ShoalError('STORAGE_FAILED', `Cannot save a file under the name ${quoted(name)}: ${why}. Give another name.`)
}

const hashOf = async (text: string): Promise<Uint8Array> => new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(text)))

/** Folder of a download that is to become that file. */
export const placeOf = async (path: string): Promise<readonly string[]> => [ownFolder, 'downloads', toHex(await hashOf(`place ${path}`))]

/** Names a content. Not the content id, which not every scheme makes of the piece length. */
export const manifestKey = async ({ scheme, coding, root, length, pieceLength }: Manifest): Promise<Uint8Array> =>
  hashOf(['manifest', scheme, coding, root, length, pieceLength].join(' '))

/** The folder and the file of a content's piece hashes. */
export const hashesOf = (key: Uint8Array): readonly string[] => [ownFolder, 'hashes', toHex(key)]
