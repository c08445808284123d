/**
 * The record of a download as bytes: a header, then entries of 9 bytes that are only ever appended. Pure. Every entry has a checksum over its place and its
 * header, so that a torn end, or bytes of an older record, are not taken for entries.
 */
import { bitfield, byteReader, byteWriter, equalBytes, MalformedError } from 'shoal/plugin'
import type { Bitfield, PieceIndex } from 'shoal/plugin'

const format = 1
const keyBytes = 32
const headerBytes = 1 + keyBytes + 4 + 4
export const entryBytes = 9

export interface RecordHeader {
  /** Which content: 32 bytes. */
  readonly manifest: Uint8Array
  readonly pieces: number
}

/** 0 is no kind: a hole of zeros is no entry. */
const kinds = [undefined, 'had', 'forgotten', 'checkpoint'] as const
export interface RecordEntry {
  readonly kind: 'had' | 'forgotten' | 'checkpoint'
  /** A piece; for a checkpoint: how many entries, from the first one on, are durable with their data. */
  readonly value: number
}

/** FNV-1a: against accidents, not against anybody. */
const checksum = (bytes: Uint8Array): number => {
  let sum = 0x811c9dc5
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0
  return sum
}

export const encodeHeader = ({ manifest, pieces }: RecordHeader): Uint8Array => {
  const body = byteWriter(headerBytes).u8(format).raw(manifest).u32(pieces).finish()
  return byteWriter(headerBytes).raw(body).u32(checksum(body)).finish()
}

export const encodeEntry = (header: RecordHeader, index: number, { kind, value }: RecordEntry): Uint8Array => {
  const body = byteWriter(entryBytes).u8(kinds.indexOf(kind)).u32(value).finish()
  return byteWriter(entryBytes).raw(body).u32(checksum(byteWriter(64).raw(header.manifest).u32(header.pieces).u32(index).raw(body).finish())).finish()
}

/** Where an entry lies. */
export const entryAt = (index: number): number => headerBytes + index * entryBytes

/** Entries of the record of this content; undefined when it is of another, or no record. */
export const decodeRecord = (bytes: Uint8Array, header: RecordHeader): readonly RecordEntry[] | undefined => {
  if (!equalBytes(bytes.subarray(0, headerBytes), encodeHeader(header))) return undefined
  const entries: RecordEntry[] = []
  try {
    for (let at = headerBytes; at + entryBytes <= bytes.byteLength; at += entryBytes) {
      const found = bytes.subarray(at, at + entryBytes)
      const reader = byteReader(found)
      const [kind, value] = [kinds[reader.u8()], reader.u32()]
      if (kind === undefined || !equalBytes(found, encodeEntry(header, entries.length, { kind, value }))) break
      entries.push({ kind, value })
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error // else cut: what came before holds
  }
  return entries
}

export interface Settled { readonly sure: Bitfield, readonly doubtful: Bitfield }

/** A page cannot know whether the machine ran on since, so that what no checkpoint covers is read and verified again. */
export const settle = (entries: readonly RecordEntry[], { pieces }: RecordHeader): Settled => {
  const [sure, doubtful] = [bitfield(pieces), bitfield(pieces)]
  const durable = entries.reduce((most, { kind, value }) => kind === 'checkpoint' ? Math.max(most, value) : most, 0)
  const had = (piece: PieceIndex, isDurable: boolean): void => {
    if (isDurable) {
      sure.add(piece)
      doubtful.delete(piece)
    } else if (!sure.has(piece)) doubtful.add(piece)
  }
  entries.forEach(({ kind, value }, index) => {
    if (kind === 'checkpoint' || value >= pieces) return
    if (kind === 'had') had(value, index < durable)
    else {
      sure.delete(value)
      doubtful.delete(value)
    }
  })
  return { sure, doubtful }
}
