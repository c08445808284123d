/**
 * How a download begins, is taken up again, and gets its name. Owns the folder of a download: data, record, and a receipt that tells a finished download whose
 * end nobody had noted from a file that is somebody else's.
 */
import { pieceBytes, pieceCount, ShoalError, toHex } from 'shoal/plugin'
import type { Manifest, Store } from 'shoal/plugin'
import type { Disk } from './disk.ts'
import { downloadStore } from './download.ts'
import type { Begun } from './download.ts'
import { existingStore, identityOf, openReader } from './existing.ts'
import type { Reader } from './existing.ts'
import type { HashPages } from './hash-pages.ts'
import { placeOf } from './names.ts'
import { attempt, entryAt as entryAtPath, fileAt, folderAt, quoted, removeAt } from './origin.ts'
import { decodeRecord, encodeHeader, entryAt, settle } from './record.ts'
import type { RecordHeader } from './record.ts'

export interface OpeningOptions {
  readonly manifest: Manifest
  readonly key: Uint8Array
  readonly path: string
  /** The same, taken apart. */
  readonly parts: readonly string[]
  readonly overwrite: boolean
  readonly disk: Disk
  readonly pages: HashPages
  readonly log: (line: string) => void
  readonly released: () => void
}

const format = 1
interface Receipt { readonly format: typeof format, readonly manifest: string, readonly size: number, readonly mtime: string }

const isReceipt = (value: unknown): value is Receipt =>
  typeof value === 'object' && value !== null && 'format' in value && value.format === format && 'manifest' in value && 'size' in value && 'mtime' in value

const readReceipt = async (place: readonly string[]): Promise<Receipt | undefined> => {
  const file = await (await fileAt([...place, 'receipt']))?.getFile()
  if (file === undefined) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(await file.slice(0, file.size).arrayBuffer()))
    return isReceipt(value) ? value : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error // else cut: the end was never reached
    return undefined
  }
}

/** Whether the file of that name is the one that was downloaded to it. */
const isFinished = async (place: readonly string[], parts: readonly string[], key: Uint8Array): Promise<boolean> => {
  const receipt = await readReceipt(place)
  const final = await (await fileAt(parts))?.getFile()
  if (receipt === undefined || final === undefined || await fileAt([...place, 'data']) !== undefined) return false
  const { size, mtime } = identityOf(final)
  return receipt.manifest === toHex(key) && receipt.size === size && receipt.mtime === mtime
}

/** The profile knows of the end by now. */
export const dropReceipt = async (path: string): Promise<void> => {
  const place = await placeOf(path)
  if (await fileAt([...place, 'receipt']) !== undefined && await fileAt([...place, 'data']) === undefined) await removeAt(place)
}

const beginIn = async (place: readonly string[], manifest: Manifest, header: RecordHeader, disk: Disk): Promise<Begun> => {
  await folderAt(place, true)
  const data = await disk.open([...place, 'data'])
  try {
    const record = await disk.open([...place, 'record'])
    try {
      const found = decodeRecord(await record.read(0, record.size), header)
      if (found === undefined) {
        await disk.run(
          { do: 'truncate', file: record.id, bytes: 0 }, { do: 'truncate', file: data.id, bytes: 0 },
          { do: 'write', file: record.id, at: 0, parts: [encodeHeader(header)] }, { do: 'flush', file: record.id }
        )
      } else await disk.run({ do: 'truncate', file: record.id, bytes: entryAt(found.length) })
      const entries = found ?? []
      const { sure, doubtful } = settle(entries, header)
      // a browser may have cut what it could not keep
      const isThere = (piece: number): boolean => piece * manifest.pieceLength + pieceBytes(manifest, piece) <= data.size
      for (const had of [sure, doubtful]) for (const piece of [...had]) if (!isThere(piece)) had.delete(piece)
      return { data, record, entries: entries.length, sure, doubtful }
    } catch (error) {
      await record.close()
      throw error
    }
  } catch (error) {
    await data.close()
    throw error
  }
}

/** @throws ShoalError FILE_EXISTS, STORAGE_FAILED, STORAGE_FULL; the signal's reason */
export const openDownload = async ({ manifest, key, path, parts, overwrite, disk, pages, log, released }: OpeningOptions, signal: AbortSignal): Promise<Store> => {
  const place = await placeOf(path)
  const header: RecordHeader = { manifest: key, pieces: pieceCount(manifest) }

  if (await attempt('look at', path, async () => isFinished(place, parts, key))) {
    const store = existingStore({ manifest, key, path, reader: await openReader(manifest, path, parts, undefined), pages })
    return { ...store, async close () { await store.close(); released() }, async discard () { await store.close(); released() } }
  }
  const checkFree = async (): Promise<void> => {
    const there = await entryAtPath(parts)
    if (there?.kind === 'directory') throw new ShoalError('FILE_EXISTS', `${quoted(path)} is a folder. Choose another destination.`)
    if (there !== undefined && !overwrite) throw new ShoalError('FILE_EXISTS', `${quoted(path)} exists. Choose another destination, or use --overwrite.`)
  }
  await attempt('look at', path, checkFree)
  signal.throwIfAborted()
  const reopen = async (): Promise<Begun> => beginIn(place, manifest, header, disk)
  const begun = await attempt('open', path, reopen)

  const writeReceipt = async (receipt: Receipt): Promise<void> => {
    const file = await disk.open([...place, 'receipt'])
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(receipt))
      await disk.run({ do: 'truncate', file: file.id, bytes: 0 }, { do: 'write', file: file.id, at: 0, parts: [bytes] }, { do: 'flush', file: file.id })
    } finally { await file.close() }
  }
  const name = async (): Promise<Reader> => {
    const data = await fileAt([...place, 'data'])
    if (data === undefined) throw new ShoalError('STORAGE_FAILED', `The bytes of ${quoted(path)} are gone: the browser cleared them. Start the download again.`)
    const { size, mtime } = identityOf(await data.getFile())
    await writeReceipt({ format, manifest: toHex(key), size, mtime })
    await data.move(await folderAt(parts.slice(0, -1), true), parts.at(-1) ?? '')
    await removeAt([...place, 'record'])
    return openReader(manifest, path, parts, undefined)
  }
  return downloadStore({ manifest, header, path, begun, disk, pages, log, reopen, checkFree, name, released, remove: async () => removeAt(place) })
}
