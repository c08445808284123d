/**
 * The partial file of a download: found again if it is still the one that the record speaks of, else made, under a name that no other file has.
 * Owns what is left behind where and whose it is; never touches a file that is not ours.
 */
import { constants } from 'node:fs'
import { lstat, mkdir, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { bitfield, pieceBytes, pieceCount, ShoalError } from 'shoal/plugin'
import type { Bitfield, Manifest } from 'shoal/plugin'
import { attempt, codeOf, ifThere, quoted } from './failure.ts'
import { isSameBoot } from './ground.ts'
import type { Ground } from './ground.ts'
import { birthOf, isSameBirth } from './identity.ts'
import type { FileBirth } from './identity.ts'
import { manifestKey, partName } from './names.ts'
import { writeRecord } from './record-file.ts'
import { settle } from './record-format.ts'
import type { DownloadRecord, RecordHeader } from './record-format.ts'

export interface Partial {
  /** Absolute path of the partial file. */
  readonly path: string
  /** What the record says now, durably. */
  readonly header: RecordHeader
}

interface PartialOptions {
  readonly ground: Ground
  readonly manifest: Manifest
  /** Absolute path of the file to be. */
  readonly final: string
  readonly recordPath: string
  /** What was recorded before, of this or another content. */
  readonly record: DownloadRecord | undefined
}

/** No symbolic link is followed, and a pipe does not make us wait. */
const openFlags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Other files of our name before we give up. */
const otherNames = 100

/** Opens the partial file, which must be the one of that birth. */
export const openPartial = async (ground: Ground, path: string, birth: FileBirth): Promise<FileHandle> => {
  const handle = await ground.open(path, openFlags)
  try {
    const facts = await handle.stat({ bigint: true })
    if (facts.isFile() && isSameBirth(birthOf(facts), birth)) return handle
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  throw new ShoalError('STORAGE_FAILED', `${quoted(path)} was replaced by another file while it was downloaded to. Start the download again.`)
}

const isThere = async (path: string, birth: FileBirth | undefined): Promise<boolean> => {
  if (birth === undefined) return false
  const facts = await ifThere(lstat(path, { bigint: true }))
  return facts !== undefined && facts.isFile() && isSameBirth(birthOf(facts), birth)
}

/** Takes out the pieces that lie beyond the end of a file that was cut. */
const withoutCut = (pieces: Bitfield, manifest: Manifest, size: number): Uint8Array => {
  for (const piece of pieces) if (piece * manifest.pieceLength + pieceBytes(manifest, piece) > size) pieces.delete(piece)
  return pieces.bytes()
}

const resume = async ({ ground, manifest, recordPath }: PartialOptions, record: DownloadRecord, path: string, birth: FileBirth): Promise<Partial> => {
  const bootId = await ground.bootId()
  const { sure, doubtful, unsynced } = settle(record, isSameBoot(record.header.bootId, bootId))
  const handle = await openPartial(ground, path, birth)
  try {
    // the new record is durable and calls these sure: so they must be durable before it
    if (unsynced) await handle.datasync()
    const { size } = await handle.stat()
    const header: RecordHeader = { ...record.header, phase: 'writing', mtime: '', bootId, sure: withoutCut(sure, manifest, size), doubtful: withoutCut(doubtful, manifest, size) }
    await attempt('write the record', recordPath, async () => writeRecord(ground, recordPath, header))
    return { path, header }
  } finally { await handle.close() }
}

const make = async ({ ground, manifest, final, recordPath, record }: PartialOptions): Promise<Partial> => {
  const folder = dirname(final)
  if (record === undefined) await attempt('make the folder', folder, async () => mkdir(folder, { recursive: true }))
  const put = async (next: RecordHeader): Promise<void> => attempt('write the record', recordPath, async () => writeRecord(ground, recordPath, next))
  const none = bitfield(pieceCount(manifest)).bytes()
  const header = {
    manifest: manifestKey(manifest), path: final, mtime: '', bootId: await ground.bootId(), pieces: pieceCount(manifest), sure: none, doubtful: none
  }
  for (let other = 0; other < otherNames; other++) {
    const part = partName(basename(final), other)
    const path = join(folder, part)
    if (!await isOurBeginning(path, part, record)) {
      await put({ ...header, part, phase: 'creating', birth: undefined })
      try { await (await ground.open(path, openFlags | constants.O_CREAT | constants.O_EXCL, 0o644)).close() } catch (error) {
        if (codeOf(error) === 'EEXIST') continue
        throw error
      }
    }
    const made: RecordHeader = { ...header, part, phase: 'writing', birth: birthOf(await lstat(path, { bigint: true })) }
    await put(made)
    return { path, header: made }
  }
  throw new ShoalError('STORAGE_FAILED', `Cannot begin ${quoted(final)}: ${otherNames} partial files of that name are there and are not ours. Remove them.`)
}

/** Whether this is the empty file that we had begun to make when we were ended. */
const isOurBeginning = async (path: string, part: string, record: DownloadRecord | undefined): Promise<boolean> => {
  if (record?.header.phase !== 'creating' || record.header.part !== part) return false
  const facts = await ifThere(lstat(path))
  return facts !== undefined && facts.isFile() && facts.size === 0
}

/** @throws ShoalError STORAGE_FAILED when the folder of a download that had begun is gone */
export const takeUp = async (options: PartialOptions): Promise<Partial> => {
  const { manifest, final, record } = options
  if (record === undefined) return make(options)
  const folder = dirname(final)
  if (await ifThere(lstat(folder)) === undefined) {
    throw new ShoalError('STORAGE_FAILED', `The folder ${quoted(folder)} of a download that had begun is gone. Bring it back (is a disk missing?), or cancel the download.`)
  }
  const path = join(folder, record.header.part)
  const { birth } = record.header
  if (birth === undefined || !await isThere(path, birth)) return make(options)
  if (record.header.manifest === manifestKey(manifest)) return resume(options, record, path, birth)
  // ours, but of another content that was to be saved here before
  await unlink(path)
  return make({ ...options, record: undefined })
}
