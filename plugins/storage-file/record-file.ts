/** The record of a download as a file: written whole to begin with, then appended to. Owns the order of what reaches the disk, not what it means. */
import { constants } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { concatBytes } from 'shoal/plugin'
import type { PieceIndex } from 'shoal/plugin'
import type { Descriptor, Descriptors } from './descriptors.ts'
import { ifThere } from './failure.ts'
import { syncFolder, writeWhole } from './file-io.ts'
import type { Ground } from './ground.ts'
import { decodeRecord, encodeEntry, encodeHeader, sealOf } from './record-format.ts'
import type { DownloadRecord, RecordEntry, RecordHeader } from './record-format.ts'

export interface RecordFile {
  /** Written when it resolves, not yet durable. */
  append (kind: 'had' | 'forgotten', piece: PieceIndex): Promise<void>
  /** Entries written so far. */
  readonly entries: number
  /** Durable when it resolves: the first `entries` entries, and their data, were durable before. */
  checkpoint (entries: number): Promise<void>
  close (): Promise<void>
}

export const readRecord = async (path: string): Promise<DownloadRecord | undefined> => {
  const bytes = await ifThere(readFile(path))
  return bytes === undefined ? undefined : decodeRecord(bytes)
}

/** Puts a new record in the place of the old one, at once and durably. */
export const writeRecord = async (ground: Ground, path: string, header: RecordHeader): Promise<void> => {
  const draft = `${path}.tmp`
  const handle = await ground.open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600)
  try {
    await writeWhole(handle, [encodeHeader(header)], 0)
    await handle.datasync()
  } finally { await handle.close() }
  await rename(draft, path)
  await syncFolder(ground, dirname(path))
}

interface Pending extends RecordEntry { readonly settle: PromiseWithResolvers<void> }

/** Appends to the record that was written with this header. */
export const recordFile = (files: Descriptors, ground: Ground, path: string, header: RecordHeader): RecordFile => {
  const start = encodeHeader(header)
  const seal = sealOf(start)
  const descriptor: Descriptor = files.file(async () => ground.open(path, constants.O_RDWR))
  let written = 0
  let pending: Pending[] = []
  let writing: Promise<void> | undefined

  /** All that waits, in one write. A write that failed is not counted: the next one goes over it. */
  const writePending = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending
      pending = []
      const bytes = concatBytes(...batch.map((entry, i) => encodeEntry(seal, written + i, entry)))
      try {
        await descriptor.use(async handle => writeWhole(handle, [bytes], start.byteLength + written * bytes.byteLength / batch.length))
        written += batch.length
        for (const { settle } of batch) settle.resolve()
      } catch (error) {
        for (const { settle } of batch) settle.reject(error)
      }
    }
    writing = undefined
  }

  const add = async (entry: RecordEntry): Promise<void> => {
    const settle = Promise.withResolvers<void>()
    pending.push({ ...entry, settle })
    writing ??= writePending()
    await settle.promise
  }

  return {
    get entries () { return written },
    append: async (kind, piece) => add({ kind, value: piece }),
    async checkpoint (entries) {
      await add({ kind: 'checkpoint', value: entries })
      await descriptor.use(async handle => handle.datasync())
    },
    async close () {
      await writing
      await descriptor.close()
    }
  }
}
