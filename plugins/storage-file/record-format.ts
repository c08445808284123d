/**
 * The bytes of the record of a download: a header, written whole, then entries of 16 bytes that are only ever appended. Pure; reads and writes no file.
 * Every entry has a checksum over its place and its header, so that a torn end, or bytes of an older file, are not taken for entries.
 */
import { createHash } from 'node:crypto'
import { bitfield, byteReader, byteWriter, concatBytes, equalBytes, fromHex, MalformedError, toHex } from 'shoal/plugin'
import type { Bitfield, PieceIndex } from 'shoal/plugin'
import type { FileBirth } from './identity.ts'

const format = 1
const checksumBytes = 8
const entryBytes = 16
const entryChecksumBytes = 7
const maxHeaderBytes = 64 * 1024 * 1024

/**
 * creating: the partial file is about to be made. writing: pieces come. finishing: all is there and durable, the final name is about to be given, or was.
 * claiming: the same, and an empty file under the final name may be ours (file systems without hard links).
 */
const phases = ['creating', 'writing', 'finishing', 'claiming'] as const
export type Phase = typeof phases[number]

export interface RecordHeader {
  readonly phase: Phase
  /** Hex, of names.ts: which content. */
  readonly manifest: string
  /** Absolute path of the finished file, and name of the partial one beside it. */
  readonly path: string
  readonly part: string
  /** The partial file; undefined while creating. */
  readonly birth: FileBirth | undefined
  /** When the partial file was last written to, in ns as text; from finishing on. */
  readonly mtime: string
  readonly bootId: string
  readonly pieces: number
  /** Packed: durable when the header was written. */
  readonly sure: Uint8Array
  readonly doubtful: Uint8Array
}

const entryKinds = ['had', 'forgotten', 'checkpoint'] as const
export interface RecordEntry {
  readonly kind: typeof entryKinds[number]
  /** A piece; for a checkpoint: how many entries before it, from the first one on, are durable with their data. */
  readonly value: number
}

export interface DownloadRecord { readonly header: RecordHeader, readonly entries: readonly RecordEntry[] }

const checksum = (length: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest().subarray(0, length)
}

export const encodeHeader = (header: RecordHeader): Uint8Array => {
  const body = byteWriter(256).u8(format).u8(phases.indexOf(header.phase)).raw(fromHex(header.manifest)).text16(header.path).text16(header.part)
    .text16(header.birth?.inode ?? '').text16(header.birth?.born ?? '').text16(header.mtime).text16(header.bootId)
    .u64(header.pieces).bytes32(header.sure).bytes32(header.doubtful).finish()
  return concatBytes(byteWriter().u32(body.byteLength).finish(), body, checksum(checksumBytes, body))
}

/** Entries of one record, as bytes; `seal` is that of the header they follow. */
export const encodeEntry = (seal: Uint8Array, index: number, { kind, value }: RecordEntry): Uint8Array => {
  const body = byteWriter(entryBytes).u8(entryKinds.indexOf(kind)).u64(value).finish()
  return concatBytes(body, checksum(entryChecksumBytes, seal, byteWriter(8).u64(index).finish(), body))
}

/** What ties entries to their header: its own checksum. */
export const sealOf = (header: Uint8Array): Uint8Array => header.slice(-checksumBytes)

const decodeHeader = (body: Uint8Array): RecordHeader | undefined => {
  const reader = byteReader(body)
  if (reader.u8() !== format) return undefined
  const phase = phases[reader.u8()]
  if (phase === undefined) return undefined
  const manifest = toHex(reader.raw(32))
  const [path, part, inode, born, mtime, bootId] = [reader.text16(), reader.text16(), reader.text16(), reader.text16(), reader.text16(), reader.text16()]
  const [pieces, sure, doubtful] = [reader.u64(), reader.bytes32().slice(), reader.bytes32().slice()]
  reader.end()
  return { phase, manifest, path, part, birth: phase === 'creating' ? undefined : { inode, born }, mtime, bootId, pieces, sure, doubtful }
}

/** Undefined when it is no whole record: then nothing is known. A torn end of the entries is left out. */
export const decodeRecord = (bytes: Uint8Array): DownloadRecord | undefined => {
  try {
    const reader = byteReader(bytes)
    const body = reader.bytes32(maxHeaderBytes)
    const seal = reader.raw(checksumBytes)
    const header = equalBytes(seal, checksum(checksumBytes, body)) ? decodeHeader(body) : undefined
    if (header === undefined) return undefined
    const entries: RecordEntry[] = []
    while (reader.left >= entryBytes) {
      const entry = reader.raw(entryBytes)
      const kind = entryKinds[entry[0] ?? entryKinds.length]
      if (kind === undefined) break
      const read = { kind, value: byteReader(entry.subarray(1)).u64() }
      if (!equalBytes(entry, encodeEntry(seal, entries.length, read))) break
      entries.push(read)
    }
    return { header, entries }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error // else cut, or no record at all
    return undefined
  }
}

export interface Settled {
  readonly sure: Bitfield
  readonly doubtful: Bitfield
  /** Believed, because the machine ran on, but not known to be on disk. */
  readonly unsynced: boolean
}

/**
 * What a record says is there.
 * @param sameBoot whether the machine has run on since the record was written: then what was written is there, synced or not
 */
export const settle = ({ header, entries }: DownloadRecord, sameBoot: boolean): Settled => {
  const sure = bitfield(header.pieces, header.sure)
  const doubtful = bitfield(header.pieces, header.doubtful)
  const durable = entries.reduce((most, { kind, value }) => kind === 'checkpoint' ? Math.max(most, value) : most, 0)
  const had = (piece: PieceIndex, certain: boolean): void => {
    if (certain) {
      sure.add(piece)
      doubtful.delete(piece)
    } else if (!sure.has(piece)) doubtful.add(piece)
  }
  let unsynced = false
  entries.forEach(({ kind, value }, index) => {
    if (kind === 'checkpoint' || value >= header.pieces) return
    if (kind === 'had') {
      had(value, index < durable || sameBoot)
      if (index >= durable) unsynced = true
    } else {
      sure.delete(value)
      doubtful.delete(value)
    }
  })
  return { sure, doubtful, unsynced }
}
