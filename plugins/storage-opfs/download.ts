/**
 * A download in the private file system: pieces go to their places in the data file, and into the record after that. Owns the order of the two, and when they are
 * made durable; how it begins is in opening.ts, how it ends in finishing.ts.
 */
import { assert, pieceBytes, pieceCount, ShoalError } from 'shoal/plugin'
import type { Bitfield, Manifest, PieceIndex, Store } from 'shoal/plugin'
import type { Disk, DiskFile } from './disk.ts'
import type { Reader } from './existing.ts'
import type { HashPages } from './hash-pages.ts'
import { attempt, quoted, spaceLeft } from './origin.ts'
import { encodeEntry, entryAt } from './record.ts'
import type { RecordEntry, RecordHeader } from './record.ts'

/** Open files of a download, and what they hold. */
export interface Begun {
  readonly data: DiskFile
  readonly record: DiskFile
  /** Entries in the record. */
  readonly entries: number
  readonly sure: Bitfield
  readonly doubtful: Bitfield
}

export interface DownloadOptions {
  readonly manifest: Manifest
  readonly header: RecordHeader
  readonly path: string
  readonly begun: Begun
  readonly disk: Disk
  readonly pages: HashPages
  readonly log: (line: string) => void
  /** Opens the files again after an end that failed. */
  readonly reopen: () => Promise<Begun>
  /** Refuses an end that would replace a file. */
  readonly checkFree: () => Promise<void>
  /** Gives the closed data file its name. */
  readonly name: () => Promise<Reader>
  /** Removes the files, closed. */
  readonly remove: () => Promise<void>
  /** The place is free for another store. */
  readonly released: () => void
}

const syncBytes = 8 * 1024 * 1024
const syncMs = 1000

export const downloadStore = ({ manifest, header, path, begun, disk, pages, log, reopen, checkFree, name, remove, released }: DownloadOptions): Store => {
  const pieces = pieceCount(manifest)
  const { sure, doubtful } = begun
  let { data, record, entries } = begun
  let reader: Reader | undefined
  const underWay = new Set<Promise<unknown>>()
  const reads = new Set<Promise<unknown>>()
  let appending: Promise<void> = Promise.resolve()
  let unsynced = 0
  let dirty = false
  let syncing: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let broken: ShoalError | undefined
  let finishing: Promise<string> | undefined
  let closing: Promise<void> | undefined
  let isOpen = true

  /** One at a time. One that failed is not counted: the next goes over it. */
  const append = async (entry: RecordEntry): Promise<void> => {
    const mine = appending.then(async () => {
      await disk.run({ do: 'write', file: record.id, at: entryAt(entries), parts: [encodeEntry(header, entries, entry)] })
      entries++
    })
    appending = mine.catch(() => undefined) // told to who appended
    return mine
  }

  const sync = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const [covered, bytes] = [entries, unsynced]
    dirty = false
    try {
      await disk.run({ do: 'flush', file: data.id })
      await append({ kind: 'checkpoint', value: covered })
      await disk.run({ do: 'flush', file: record.id })
      unsynced -= bytes
    } catch (error) {
      // what no checkpoint covers is verified again by who opens it next
      broken = new ShoalError('STORAGE_FAILED', `Cannot make ${quoted(path)} durable: ${error instanceof Error ? error.message : String(error)}. Load the page again.`, { cause: error })
      log(broken.message)
      throw broken
    }
  }
  const syncOnce = async (): Promise<void> => syncing ??= sync().finally(() => {
    syncing = undefined
    if (dirty) plan() // written meanwhile
  })
  const plan = (): void => {
    if (closing !== undefined || broken !== undefined || syncing !== undefined) return
    const now = (): void => { void syncOnce().catch(() => undefined /* `broken` says it */) }
    if (unsynced >= syncBytes) now()
    else timer ??= setTimeout(now, syncMs)
  }
  const flush = async (): Promise<void> => {
    await syncing
    if (dirty) await syncOnce()
  }
  const wrote = (bytes: number): void => {
    unsynced += bytes
    dirty = true
    plan()
  }

  /** Work that a close waits for. */
  const working = async <T>(doing: string, work: () => Promise<T>, among = underWay): Promise<T> => {
    if (broken !== undefined) throw broken
    if (closing !== undefined) throw new ShoalError('STOPPED', `Cannot ${doing} ${quoted(path)}: it was closed. Nothing needs to be done.`)
    const done = attempt(doing, path, work)
    const settled = done.then(() => undefined, () => undefined) // told to the caller
    among.add(settled)
    try { return await done } finally { among.delete(settled) }
  }

  const closeFiles = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    clearTimeout(timer)
    await appending
    await Promise.all([data.close(), record.close()])
  }
  const close = async (keep: boolean): Promise<void> => closing ??= (async () => {
    await Promise.all([...underWay, ...reads])
    try {
      if (keep && isOpen && broken === undefined) await flush()
      else await syncing?.catch(() => undefined)
    } finally {
      await closeFiles()
      released()
    }
  })()

  const finish = async (): Promise<string> => {
    assert(sure.count + doubtful.count === pieces, 'a download is finished when it has every piece')
    await checkFree()
    await disk.run({ do: 'truncate', file: data.id, bytes: manifest.length })
    dirty = true
    await flush()
    await Promise.all(reads) // those that come meanwhile wait for the end
    await closeFiles()
    try { reader = await name() } catch (error) {
      ({ data, record, entries } = await reopen())
      isOpen = true
      throw error
    }
    return path
  }

  const readData = async (piece: PieceIndex, offset: number, length: number): Promise<Uint8Array> => {
    const bytes = await data.read(piece * manifest.pieceLength + offset, length)
    if (bytes.byteLength !== length) throw new ShoalError('STORAGE_FAILED', `${quoted(path)} was cut. Start the download again.`)
    return bytes
  }

  return {
    have: () => ({ sure: sure.bytes(), doubtful: doubtful.bytes() }),
    reserve: async () => working('reserve space for', async () => {
      if (reader !== undefined) return
      const size = data.size
      const missing = manifest.length - (sure.count + doubtful.count) * manifest.pieceLength
      const left = await spaceLeft()
      if (left !== undefined && size < manifest.length && missing > left) {
        throw new ShoalError('STORAGE_FULL', `Cannot reserve ${missing} bytes for ${quoted(path)}: the browser gives this page ${left} more. Remove files here, or free space on the disk.`)
      }
      await disk.run({ do: 'truncate', file: data.id, bytes: manifest.length })
    }),
    async read (piece, offset, length) {
      await finishing?.catch(() => undefined) // told to who finished it
      return working(`read piece ${piece} of`, async () => {
        assert(sure.has(piece) || doubtful.has(piece), `piece ${piece} is there`)
        assert(offset >= 0 && length >= 0 && offset + length <= pieceBytes(manifest, piece), 'a read lies within its piece')
        return reader === undefined ? readData(piece, offset, length) : reader.read(piece, offset, length)
      }, reads)
    },
    write: async (piece, parts) => working(`write piece ${piece} of`, async () => {
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      assert(piece >= 0 && piece < pieces && length === pieceBytes(manifest, piece), `piece ${piece} is written whole`)
      await disk.run({ do: 'write', file: data.id, at: piece * manifest.pieceLength, parts })
      await append({ kind: 'had', value: piece })
      sure.add(piece)
      doubtful.delete(piece)
      wrote(length)
    }),
    forget: async piece => working(`forget piece ${piece} of`, async () => {
      await append({ kind: 'forgotten', value: piece })
      sure.delete(piece)
      doubtful.delete(piece)
      wrote(0)
    }),
    hashes: async () => working('read the piece hashes of', async () => pages.read(header.manifest)),
    writeHashes: async (at, bytes, total) => working('keep the piece hashes of', async () => pages.write(header.manifest, at, bytes, total)),
    flush: async () => working('make durable', async () => { if (isOpen) await flush() }),
    async finish () {
      finishing ??= working('finish', finish).catch((error: unknown) => {
        finishing = undefined
        throw error
      })
      return finishing
    },
    async discard () {
      await close(false)
      if (reader === undefined) await attempt('remove', path, remove)
    },
    close: async () => close(true)
  }
}
