/** Names that come from strangers and become names of files: what is let through, and what the partial file and the record of a place are called. */
import { createHash } from 'node:crypto'
import { ShoalError } from 'shoal/plugin'
import type { Manifest } from 'shoal/plugin'
import { quoted } from './failure.ts'

/** The limit of nearly every file system, in bytes of UTF-8. */
const maxNameBytes = 255
const partSuffix = '.part'

const hex = (text: string): string => createHash('sha256').update(text).digest('hex')
const size = (text: string): number => Buffer.byteLength(text)

const wrongWith = (name: string): string | undefined => {
  if (name === '') return 'it is empty'
  if (name === '.' || name === '..') return 'it means a folder'
  if (/[/\\]/.test(name)) return 'it has a separator'
  if (/\p{Cc}/u.test(name)) return 'it has a control character'
  if (!name.isWellFormed()) return 'it is not valid Unicode'
  if (size(name) > maxNameBytes) return `it is longer than ${maxNameBytes} bytes`
  return undefined
}

/** A name that stays in its folder. @throws ShoalError STORAGE_FAILED */
export const checkName = (name: string): void => {
  const why = wrongWith(name)
  if (why !== undefined) throw new ShoalError('STORAGE_FAILED', `Cannot save a file under the name ${quoted(name)}: ${why}. Give a path with another name as destination.`)
}

/**
 * The name of the partial file: `name.part`, shortened and made unique by a hash when that is too long.
 * @param other from 0: other names, for when there is another file of that name
 */
export const partName = (name: string, other: number): string => {
  const suffix = other === 0 ? partSuffix : `~${other}${partSuffix}`
  if (size(name) + size(suffix) <= maxNameBytes) return name + suffix
  const tail = `~${hex(name).slice(0, 16)}${suffix}`
  // a character that is cut through becomes U+FFFD, up to three of them
  const kept = Buffer.from(name).subarray(0, maxNameBytes - size(tail)).toString().replace(/\ufffd{1,3}$/, '')
  return kept + tail
}

/** Names the record of a place. */
export const placeKey = (path: string): string => hex(`place ${path}`)

/** Names the piece hashes of a content. Not the content id, which not every scheme makes of the piece length. */
export const manifestKey = ({ scheme, coding, root, length, pieceLength }: Manifest): string =>
  hex(['manifest', scheme, coding, root, length, pieceLength].join(' '))
