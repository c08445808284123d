/**
 * The last step of a download: the partial file gets its final name, and no other file is replaced by it unless that was asked for. Owns the order of
 * steps, and what a crash between any two of them looks like afterwards.
 */
import { constants } from 'node:fs'
import { lstat, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ShoalError } from 'shoal/plugin'
import { attempt, codeOf, ifThere, quoted } from './failure.ts'
import { syncFolder } from './file-io.ts'
import type { Ground } from './ground.ts'
import { birthOf, isSameBirth } from './identity.ts'
import type { RecordHeader } from './record-format.ts'

export const fileExists = (path: string, why = 'exists'): ShoalError =>
  new ShoalError('FILE_EXISTS', `${quoted(path)} ${why}. Choose another destination, or use --overwrite.`)

/** A file system that has no hard links says one of these. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'])

export interface FinishOptions {
  readonly ground: Ground
  /** Absolute. */
  readonly final: string
  readonly part: string
  readonly overwrite: boolean
  /** Tells the record that an empty file under the final name may be ours, or that none is. */
  readonly claim: (may: boolean) => Promise<void>
}

/**
 * A hard link fails if the name is taken, at once for everybody: that is the exclusive rename. Without hard links an empty file is made under the name, which
 * fails just so, and then replaced by ours.
 * @throws ShoalError FILE_EXISTS: the partial file is as it was
 */
export const giveFinalName = async ({ ground, final, part, overwrite, claim }: FinishOptions): Promise<void> => attempt('finish', final, async () => {
  if (overwrite) {
    if ((await ifThere(lstat(final)))?.isDirectory() === true) throw fileExists(final, 'is a folder')
    await rename(part, final)
  } else if (await linked(ground, part, final)) await unlink(part)
  else {
    if (await ifThere(lstat(final)) !== undefined) throw fileExists(final)
    await claim(true)
    try { await (await ground.open(final, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)).close() } catch (error) {
      await claim(false)
      throw codeOf(error) === 'EEXIST' ? fileExists(final) : error
    }
    await rename(part, final)
  }
  await syncFolder(ground, dirname(final))
})

/** @returns false where there are no hard links */
const linked = async (ground: Ground, part: string, final: string): Promise<boolean> => {
  try {
    await ground.link(part, final)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw fileExists(final)
    if (noLinks.has(codeOf(error))) return false
    throw error
  }
}

/**
 * Looks at what a process that ended while it finished has left, and completes it.
 * @returns whether the final file is there and is the one of the record
 */
export const completeFinish = async (header: RecordHeader): Promise<boolean> => {
  const { birth, mtime, path: final } = header
  if (birth === undefined || (header.phase !== 'finishing' && header.phase !== 'claiming')) return false
  const part = join(dirname(final), header.part)
  const there = await ifThere(lstat(final, { bigint: true }))
  if (there === undefined) return false
  const left = await ifThere(lstat(part, { bigint: true }))
  const isOurs = there.isFile() && isSameBirth(birthOf(there), birth) && String(there.mtimeNs) === mtime
  if (isOurs && left !== undefined && isSameBirth(birthOf(left), birth)) await unlink(part)
  if (header.phase === 'claiming' && !isOurs && there.isFile() && there.size === 0n && left !== undefined && isSameBirth(birthOf(left), birth)) await unlink(final)
  return isOurs
}

