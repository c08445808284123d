/**
 * The forms that fields of messages have: bytes as base64, ids, names, numbers in a query. Owns their limits; messages are in the files of their subjects.
 * A form decodes what arrived and encodes what is sent, and refuses both ways.
 */
import { z } from 'zod'
import { fromBase64, hasPeerForm, isHash, isName, toBase64 } from '../index.ts'
import type { ContentId, GroupId, GroupName, NameTag, PeerId, UserName } from '../index.ts'

/** Characters of a name that somebody typed. The domain says which names are allowed, and why not. */
const typedCharacters = 1024
export const maxNumber = Number.MAX_SAFE_INTEGER

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** At most, or exactly, so many bytes. */
export const bytes = (limit: { readonly max: number } | { readonly exactly: number }) => {
  const [least, most] = 'exactly' in limit ? [limit.exactly, limit.exactly] : [0, limit.max]
  const said = 'exactly' in limit ? `exactly ${most}` : `at most ${most}`
  const text = z.string().max(Math.ceil(most / 3) * 4, { error: `must be ${said} bytes in base64` }).regex(base64Form, { error: `must be ${said} bytes in base64` })
  const value = z.custom<Uint8Array>(given => given instanceof Uint8Array && given.byteLength >= least && given.byteLength <= most, { error: `must be ${said} bytes` })
  return z.codec(text, value, { decode: fromBase64, encode: toBase64 })
}

const text = <T extends string>(is: (value: string) => boolean, error: string) => z.custom<T>(value => typeof value === 'string' && is(value), { error })

const hash = <T extends string>() => text<T>(isHash, 'must be 64 lower-case hex digits')
export const groupId = hash<GroupId>()
export const contentId = hash<ContentId>()
export const nameTag = hash<NameTag>()
export const hashText = hash<string>()
export const peerId = text<PeerId>(hasPeerForm, 'must be the peer id of an Ed25519 key')
/** Names that the tracker gives; those that users type are `typed`. */
export const userName = text<UserName>(isName, 'must be a user name')
export const groupName = text<GroupName>(isName, 'must be a group name')

export const typed = z.string().max(typedCharacters, { error: `must be at most ${typedCharacters} characters` })
export const hexText = z.string().min(2).max(256, { error: 'must be at most 256 hex digits' }).regex(/^(?:[0-9a-f]{2})*$/, { error: 'must be lower-case hex' })
/** Names of schemes, codings, transports. */
export const word = z.string().min(1).max(64, { error: 'must be at most 64 characters' })
export const address = z.string().max(256, { error: 'must be at most 256 characters' })
/** Opaque to all but the tracker; stands in a line of an event stream and in a header. */
export const cursor = z.string().regex(/^[\x21-\x7e]{1,256}$/, { error: 'must be 1 to 256 visible ASCII characters' })
export const token = z.string().regex(/^[\x21-\x7e]{1,2048}$/, { error: 'must be 1 to 2048 visible ASCII characters' })

/** An integer from 0. */
export const count = z.int().min(0).max(maxNumber)
/** An integer from 0 in a query, where everything is text. */
export const countInQuery = z.codec(z.string().regex(/^(?:0|[1-9]\d{0,15})$/, { error: 'must be an integer from 0' }), count, { decode: Number, encode: String })

export const list = <T extends z.ZodType>(item: T, max: number) => z.array(item).max(max, { error: `must have at most ${max} items` }).readonly()
/** In replies: the reply as a whole is bounded. */
export const anyList = <T extends z.ZodType>(item: T) => z.array(item).readonly()
