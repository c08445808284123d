/**
 * A download on disk: pieces go to their places in the partial file, and into the record after that. Owns the order of the two, and the end of a download;
 * when data is synced is decided in syncing.ts.
 */
import { lstat, unlink } from 'node:fs/promises'
import { assert, bitfield, fullBitfield, pieceBytes, pieceCount, ShoalError } from 'shoal/plugin'
import type { Manifest, PieceIndex, Store } from 'shoal/plugin'
import type { Descriptors } from './descriptors.ts'
import { attempt, failure, ifThere, quoted } from './failure.ts'
import { readUpTo, writeWhole } from './file-io.ts'
import { giveFinalName } from './finishing.ts'
import type { Ground } from './ground.ts'
import type { HashPages } from './hash-pages.ts'
import { birthOf, isSameBirth } from './identity.ts'
import { openPartial } from './partial.ts'
import type { Partial } from './partial.ts'
import { recordFile, writeRecord } from './record-file.ts'
import type { RecordHeader } from './record-format.ts'
import type { Space } from './space.ts'
import { syncing } from './syncing.ts'

export interface DownloadOptions {
  readonly manifest: Manifest
  /** Absolute path of the file to be. */
  readonly final: string
  readonly overwrite: boolean
  readonly partial: Partial
  readonly recordPath: string
  /** Whether the record stays for a while after the end, to tell a finished download that is opened again from a foreign file. */
  readonly keepReceipt: boolean
  readonly files: Descriptors
  readonly ground: Ground
  readonly pages: HashPages
  readonly space: Space
  readonly log: (line: string) => void
  /** The place is free for another store. */
  readonly released: () => void
}

export const downloadStore = ({ manifest, final, overwrite, partial, recordPath, keepReceipt, files, ground, pages, space, log, released }: DownloadOptions): Store => {
  const { header } = partial
  const { birth } = header
  assert(birth !== undefined, 'a partial file was made')
  const pieces = pieceCount(manifest)
  const sure = bitfield(pieces, header.sure)
  const doubtful = bitfield(pieces, header.doubtful)
  let path = partial.path
  const data = files.file(async () => openPartial(ground, path, birth))
  let record = recordFile(files, ground, recordPath, header)
  /** Recorded since the last checkpoint. */
  const fresh = new Set<PieceIndex>()
  const underWay = new Set<Promise<unknown>>()
  let finished: Promise<string> | undefined
  let closing: Promise<void> | undefined
  let broken: ShoalError | undefined

  const recording = async (work: () => Promise<void>): Promise<void> => attempt('write to the record', recordPath, work)
  const sync = async (): Promise<void> => {
    const covered = record.entries
    const syncedNow = [...fresh]
    await attempt('make durable', path, async () => data.use(async handle => handle.datasync()))
    await recording(async () => record.checkpoint(covered))
    for (const piece of syncedNow) fresh.delete(piece)
  }
  /** A system that failed to sync has forgotten what it could not write, and says so only once: none of it can be believed, now or by the next process. */
  const syncs = syncing({
    sync,
    async failed (error) {
      broken = failure(error, 'make durable', path)
      log(`${broken.message} What was written since the last checkpoint will be fetched again.`)
      await Promise.allSettled([...fresh].map(async piece => {
        sure.delete(piece)
        await record.append('forgotten', piece)
      }))
    }
  })
  const rewrite = async (next: RecordHeader): Promise<void> => recording(async () => {
    await record.close()
    await writeRecord(ground, recordPath, next)
    record = recordFile(files, ground, recordPath, next)
  })

  /** Work that a close waits for. */
  const working = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    if (broken !== undefined) throw broken
    if (closing !== undefined) throw new ShoalError('STOPPED', `Cannot ${doing} ${quoted(path)}: it was closed. Nothing needs to be done.`)
    const done = attempt(doing, path, work)
    const settled = done.then(() => { /* told to the caller */ }, () => { /* likewise */ })
    underWay.add(settled)
    try { return await done } finally { underWay.delete(settled) }
  }
  const release = async (): Promise<void> => {
    await Promise.all([data.close(), record.close(), pages.close()])
    space.release(partial.path)
    released()
  }
  const close = async (flush: boolean): Promise<void> => closing ??= (async () => {
    await Promise.all(underWay)
    await syncs.stop()
    try {
      if (flush && broken === undefined) {
        await syncs.flush()
        await pages.sync()
      }
    } finally { await release() }
  })()

  const finish = async (): Promise<string> => {
    assert(sure.count + doubtful.count === pieces, 'a download is finished when it has every piece')
    await attempt('finish', path, async () => {
      // a content of no bytes, or of holes to be: the length is as it must be before anybody sees the name
      await data.use(async handle => {
        if ((await handle.stat()).size !== manifest.length) await handle.truncate(manifest.length)
        await handle.sync()
      })
      await pages.sync()
      const there = await ifThere(lstat(path, { bigint: true }))
      if (there === undefined || !isSameBirth(birthOf(there), birth)) throw new ShoalError('STORAGE_FAILED', `${quoted(path)} was removed or replaced. Start the download again.`)
      const ending = { ...header, bootId: await ground.bootId(), mtime: String(there.mtimeNs), sure: fullBitfield(pieces).bytes(), doubtful: bitfield(pieces).bytes() }
      await rewrite({ ...ending, phase: 'finishing' })
      await giveFinalName({ ground, final, part: path, overwrite, claim: async may => rewrite({ ...ending, phase: may ? 'claiming' : 'finishing' }) })
    })
    path = final
    space.release(partial.path)
    if (!keepReceipt) await ifThere(unlink(recordPath))
    return final
  }

  return {
    have: () => ({ sure: sure.bytes(), doubtful: doubtful.bytes() }),
    reserve: async () => working('reserve space for', async () => {
      await data.use(async handle => space.take(handle, partial.path, manifest.length, () => manifest.length - (sure.count + doubtful.count) * manifest.pieceLength))
    }),
    read: async (piece, offset, length) => working(`read piece ${piece} of`, async () => {
      assert(sure.has(piece) || doubtful.has(piece), `piece ${piece} is there`)
      assert(offset >= 0 && length >= 0 && offset + length <= pieceBytes(manifest, piece), 'a read lies within its piece')
      const bytes = await data.use(async handle => readUpTo(handle, length, piece * manifest.pieceLength + offset))
      if (bytes.byteLength !== length) throw new ShoalError('STORAGE_FAILED', `${quoted(path)} was cut by another program. Start the download again.`)
      return bytes
    }),
    write: async (piece, parts) => working(`write piece ${piece} of`, async () => {
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      assert(piece >= 0 && piece < pieces && length === pieceBytes(manifest, piece), `piece ${piece} is written whole`)
      await data.use(async handle => writeWhole(handle, parts, piece * manifest.pieceLength))
      fresh.add(piece)
      await recording(async () => record.append('had', piece))
      sure.add(piece)
      doubtful.delete(piece)
      await syncs.wrote(length)
    }),
    forget: async piece => working(`forget piece ${piece} of`, async () => {
      await recording(async () => record.append('forgotten', piece))
      sure.delete(piece)
      doubtful.delete(piece)
      await syncs.wrote(0)
    }),
    hashes: async () => working('read the piece hashes of', async () => pages.read()),
    writeHashes: async (at, bytes, total) => working('keep the piece hashes of', async () => pages.write(at, bytes, total)),
    flush: async () => working('make durable', async () => {
      await syncs.flush()
      await pages.sync()
    }),
    async finish () {
      finished ??= working('finish', async () => {
        await syncs.flush()
        return finish()
      }).catch((error: unknown) => {
        finished = undefined
        throw error
      })
      return finished
    },
    async discard () {
      await close(false).catch(() => { /* told to the one who closed it before */ })
      if (path === final) return
      const there = await ifThere(lstat(path, { bigint: true }))
      await attempt('remove', path, async () => {
        if (there !== undefined && isSameBirth(birthOf(there), birth)) await ifThere(unlink(path))
        await ifThere(unlink(recordPath))
      })
    },
    close: async () => close(true)
  }
}

