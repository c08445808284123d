/** What tells that a file is still the same one. Owns which facts of a file count, for shared files and for partial ones. */
import type { BigIntStats } from 'node:fs'
import { ShoalError } from 'shoal/plugin'
import type { FileIdentity } from 'shoal/plugin'
import { quoted } from './failure.ts'

export const identityOf = (facts: BigIntStats): FileIdentity => ({
  inode: `${facts.dev}:${facts.ino}`, size: Number(facts.size), mtime: String(facts.mtimeNs), ctime: String(facts.ctimeNs)
})

/** Without the number of the device, which many file systems change at every mount. */
const inodeOf = ({ inode }: FileIdentity): string => inode.slice(inode.lastIndexOf(':') + 1)

/** In words how a file differs from the one it was, or undefined. */
const difference = (now: FileIdentity, then: FileIdentity): string | undefined => {
  if (now.size !== then.size) return `it has ${now.size} bytes, not ${then.size}`
  if (inodeOf(now) !== inodeOf(then)) return 'another file is in its place'
  if (now.mtime !== then.mtime) return 'it was written to'
  if (now.ctime !== then.ctime) return 'it was changed, moved or linked'
  return undefined
}

/** @throws ShoalError SOURCE_CHANGED */
export const checkSame = (path: string, now: FileIdentity, then: FileIdentity): void => {
  const how = difference(now, then)
  if (how !== undefined) throw new ShoalError('SOURCE_CHANGED', `${quoted(path)} changed after it was shared: ${how}. Share it again with --replace.`)
}

/**
 * A file of ours, as long as it lives: inode numbers are given again, so the time of birth counts too (where the file system keeps none it is 0, always).
 */
export interface FileBirth { readonly inode: string, readonly born: string }

export const birthOf = (facts: BigIntStats): FileBirth => ({ inode: String(facts.ino), born: String(facts.birthtimeNs) })

export const isSameBirth = (a: FileBirth, b: FileBirth): boolean => a.inode === b.inode && a.born === b.born
