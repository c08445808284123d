/**
 * What makes two files the same content, and two names the same entry: the ids hashed from them, and the form that manifests and names
 * must have. Owns no integrity scheme: the root is given.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { byteWriter, fromHex, maxPieceBytes, minPieceBytes, pieceCount, ShoalError, toHex } from '../contract/index.ts'
import type { ContentId, Manifest, NameTag, RealmPin } from '../contract/index.ts'
import { inDomain } from './signed.ts'

/** Pieces of one content. Bounds what a manifest makes others keep: a bitfield of 512 KiB. At 16 MiB a piece it is 64 TiB. */
export const maxPieces = 2 ** 22
/** A catalog name in bytes of UTF-8: what file systems take. */
export const maxFileNameBytes = 255

const schemeForm = /^[a-z0-9][a-z0-9._-]{0,31}$/
const rootForm = /^(?:[0-9a-f]{2}){16,64}$/
// Control characters, line and paragraph separators, and what turns the direction of text around: a name is shown to people.
const unshowable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/**
 * SHA-256 of the canonical description, `u8 1, scheme text16, coding text16, length u64, root bytes16, piece length u32`. The last is zero unless the root
 * depends on it, so that tuning the piece length splits no swarm.
 * @throws RangeError when the manifest was not checked
 */
export const contentId = (manifest: Manifest, { rootDependsOnPieceLength }: { readonly rootDependsOnPieceLength: boolean }): ContentId => {
  const body = byteWriter(128).u8(manifest.format).text16(manifest.scheme).text16(manifest.coding).u64(manifest.length).bytes16(fromHex(manifest.root))
    .u32(rootDependsOnPieceLength ? manifest.pieceLength : 0).finish()
  return toHex(sha256(inDomain('content', body))) as ContentId
}

/** SHA-256 of `u8 1, name text16`: the same for every spelling of a name that Unicode holds equal. */
export const nameTag = (name: string): NameTag =>
  toHex(sha256(inDomain('nameTag', byteWriter(256).u8(1).text16(name.normalize('NFC')).finish()))) as NameTag

/** @param key raw Ed25519 public key, 32 bytes */
export const realmPin = (key: Uint8Array): RealmPin => {
  if (key.byteLength !== 32) throw new RangeError(`A realm key has 32 bytes, not ${key.byteLength}.`)
  return toHex(sha256(key)) as RealmPin
}

const badManifest = (what: string): ShoalError => new ShoalError('BAD_REQUEST', `A manifest cannot be used: ${what}. Peer and tracker may be of different versions: update the older one.`)

/** What a stranger calls a manifest, as one, without what else it carried. @throws ShoalError BAD_REQUEST */
export const checkManifest = (value: unknown): Manifest => {
  if (typeof value !== 'object' || value === null) throw badManifest('it is no object')
  const { format, scheme, coding, length, pieceLength, root } = value as Partial<Record<keyof Manifest, unknown>>
  if (format !== 1) throw badManifest('its format is not 1')
  if (typeof scheme !== 'string' || !schemeForm.test(scheme)) throw badManifest('its scheme is no name')
  if (typeof coding !== 'string' || !schemeForm.test(coding)) throw badManifest('its coding is no name')
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) throw badManifest('its length is not 0 … 2^53 - 1')
  if (typeof pieceLength !== 'number' || !Number.isInteger(pieceLength) || pieceLength < minPieceBytes || pieceLength > maxPieceBytes || !Number.isInteger(Math.log2(pieceLength))) {
    throw badManifest('its piece length is not a power of two of 16 KiB … 16 MiB')
  }
  if (pieceCount({ length, pieceLength }) > maxPieces) throw badManifest(`it has more than ${maxPieces} pieces`)
  if (typeof root !== 'string' || !rootForm.test(root)) throw badManifest('its root is not 16–64 bytes in hex')
  return { format, scheme, coding, length, pieceLength, root }
}

/** Safe to print, and short. */
const shown = (name: string): string => Array.from(name).slice(0, 80)
  .map(character => unshowable.test(character) || !character.isWellFormed() ? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}` : character).join('')

/** A name for a catalog, in NFC. @throws ShoalError BAD_FILE_NAME */
export const checkFileName = (name: string): string => {
  const refuse = (why: string): never => {
    throw new ShoalError('BAD_FILE_NAME', `A file cannot be listed as "${shown(name)}": ${why}. Share it under another name.`)
  }
  if (!name.isWellFormed()) refuse('it is not Unicode text')
  const composed = name.normalize('NFC')
  const bytes = new TextEncoder().encode(composed).byteLength
  if (bytes === 0 || bytes > maxFileNameBytes) refuse(`it has ${bytes} bytes, not 1–${maxFileNameBytes}`)
  if (composed === '.' || composed === '..') refuse('that is a folder')
  if (/[/\\]/.test(composed)) refuse('it has a path separator')
  if (unshowable.test(composed)) refuse('it has control characters')
  return composed
}
