/**
 * What all signed and hashed values have in common: a domain string in front of what is signed, a signature of 64 bytes behind what is stored,
 * and the binary form of the fields they share. Owns every domain string, so that no two statements can be taken for each other. Checks no signature.
 */
import { byteReader, byteWriter, concatBytes, fromHex, isHash, isName, hasPeerForm, MalformedError, toHex } from '../contract/index.ts'
import type { ByteReader, PeerId, UserName } from '../contract/index.ts'

const domains = {
  content: 'shoal content id',
  nameTag: 'shoal name tag',
  entry: 'shoal log entry',
  vouch: 'shoal vouch',
  credential: 'shoal credential',
  login: 'shoal login',
  tls: 'shoal tracker tls key',
  peer: 'shoal tracker peer id',
  token: 'shoal session token'
} as const
export type Domain = keyof typeof domains

/** Ed25519. */
export const signatureBytes = 64
/** A name has at most 64 code points. */
const maxNameBytes = 256
const maxPeerBytes = 64

/** The bytes that are signed or hashed: `u16 length, domain, body`. Big-endian, as everywhere. */
export const inDomain = (domain: Domain, body: Uint8Array): Uint8Array =>
  byteWriter(body.byteLength + 32).text16(domains[domain]).raw(body).finish()

/** A value out of its sealed bytes. The signature is not checked: whoever has the key does that, over `signed`. */
export interface Opened<T> {
  readonly value: T
  /** What the signature covers. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** The bytes that are stored and sent: `body, signature`. A body begins with its format byte. */
export const seal = (body: Uint8Array, signature: Uint8Array): Uint8Array => {
  if (signature.byteLength !== signatureBytes) throw new RangeError(`A signature has ${signatureBytes} bytes, not ${signature.byteLength}.`)
  return concatBytes(body, signature)
}

/**
 * Takes sealed bytes apart. Copies them: the caller may reuse its buffer.
 * @throws MalformedError when they are too long, of another format, or not exactly what `read` reads
 */
export const unseal = <T>(domain: Domain, bytes: Uint8Array, maxBytes: number, read: (reader: ByteReader) => T): Opened<T> => {
  if (bytes.byteLength > maxBytes) throw new MalformedError(`${bytes.byteLength} bytes are above the limit of ${maxBytes}.`)
  if (bytes.byteLength < signatureBytes) throw new MalformedError(`${bytes.byteLength} bytes are too few for a signature.`)
  const body = bytes.slice(0, bytes.byteLength - signatureBytes)
  const reader = byteReader(body)
  const format = reader.u8()
  if (format !== 1) throw new MalformedError(`Format ${format} is not known here: only 1.`)
  const value = read(reader)
  reader.end()
  return { value, signed: inDomain(domain, body), signature: bytes.slice(body.byteLength) }
}

/** 64 hex digits as 32 bytes. */
export const hashBytes = (hex: string): Uint8Array => {
  if (!isHash(hex)) throw new RangeError(`Not 64 lower-case hex digits: ${hex.slice(0, 80)}`)
  return fromHex(hex)
}

export const readHash = (reader: ByteReader): string => toHex(reader.raw(32))

/** User and group names have one form: a reader of a group's name says so by a cast. */
export const readName = (reader: ByteReader): UserName => {
  const name = reader.text16(maxNameBytes)
  if (!isName(name)) throw new MalformedError('A name has a form that is not allowed.')
  return name as UserName
}

export const readPeer = (reader: ByteReader): PeerId => {
  const peer = reader.text16(maxPeerBytes)
  if (!hasPeerForm(peer)) throw new MalformedError('A peer id is not that of an Ed25519 key.')
  return peer as PeerId
}
