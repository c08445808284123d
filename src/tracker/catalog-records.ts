/** What the State keeps of a group's catalog: entries with their versions, who shares each, and the contents known. The rules are in sharing.ts. */
import { fromHex, toHex } from '../contract/index.ts'
import type { ByteReader, ByteWriter, ContentId, Manifest } from '../contract/index.ts'
import { hashBytes, readHash } from '../core/signed.ts'
import { recordForm } from './record.ts'

export interface VersionRecord {
  readonly content: ContentId
  readonly manifest: Manifest
  readonly combined: string | undefined
  /** Unix ms. */
  readonly at: number
}

/** Newest version first. Also the lock of all shares under its name: whoever changes one writes it. */
export interface EntryRecord { readonly name: string, readonly versions: readonly VersionRecord[] }

/** Counts only while its owner is a member since that log entry: whoever left and came back shares nothing yet. */
export interface ShareRecord { readonly since: number, /** Unix ms. */ readonly at: number }

/** A content of the group, under however many names. */
export interface ContentRecord { readonly manifest: Manifest, readonly combined: string | undefined, readonly names: number }

const writeManifest = (writer: ByteWriter, { scheme, coding, length, pieceLength, root }: Manifest): ByteWriter =>
  writer.text16(scheme).text16(coding).u64(length).u32(pieceLength).bytes16(fromHex(root))

const readManifest = (reader: ByteReader): Manifest =>
  ({ format: 1, scheme: reader.text16(), coding: reader.text16(), length: reader.u64(), pieceLength: reader.u32(), root: toHex(reader.bytes16()) })

/** Empty: none. */
const readCombined = (reader: ByteReader): string | undefined => {
  const text = reader.text16()
  return text === '' ? undefined : text
}

export const entryForm = recordForm<EntryRecord>(
  (writer, { name, versions }) => {
    writer.text16(name).u8(versions.length)
    for (const { content, manifest, combined, at } of versions) writeManifest(writer.raw(hashBytes(content)), manifest).text16(combined ?? '').u64(at)
    return writer
  },
  reader => ({
    name: reader.text16(),
    versions: Array.from({ length: reader.u8() }, (): VersionRecord =>
      ({ content: readHash(reader) as ContentId, manifest: readManifest(reader), combined: readCombined(reader), at: reader.u64() }))
  }))

export const shareForm = recordForm<ShareRecord>(
  (writer, { since, at }) => writer.u64(since).u64(at),
  reader => ({ since: reader.u64(), at: reader.u64() }))

export const contentForm = recordForm<ContentRecord>(
  (writer, { manifest, combined, names }) => writeManifest(writer, manifest).text16(combined ?? '').u32(names),
  reader => ({ manifest: readManifest(reader), combined: readCombined(reader), names: reader.u32() }))
