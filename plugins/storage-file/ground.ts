/** What this plugin asks of the operating system, in one place, so that a test can let any of it fail. Owns no decision. */
import { link, open, readFile, statfs } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { uptime } from 'node:os'

export interface Ground {
  open (path: string, flags: number, mode?: number): Promise<FileHandle>
  link (from: string, to: string): Promise<void>
  /** Bytes that this user may still write on the file system of `path`; undefined when it does not tell. */
  freeBytes (path: string): Promise<number | undefined>
  /** The same for as long as the machine runs: what was written, but not synced, is still there then. */
  bootId (): Promise<string>
  /** Unix ms. */
  now (): number
}

const kernelBootId = '/proc/sys/kernel/random/boot_id'
const startPrefix = 'started at '
/** Clocks are set, and two boots of one machine are further apart. */
const startToleranceSeconds = 10

/** Whether two boot ids are of one boot. Start times, where there is nothing better, are the same within seconds; when in doubt it is another boot. */
export const isSameBoot = (a: string, b: string): boolean => {
  if (!a.startsWith(startPrefix) || !b.startsWith(startPrefix)) return a === b
  return Math.abs(Number(a.slice(startPrefix.length)) - Number(b.slice(startPrefix.length))) <= startToleranceSeconds
}

export const ground: Ground = {
  open: async (path, flags, mode) => open(path, flags, mode),
  link: async (from, to) => link(from, to),
  async freeBytes (path) {
    const { bavail, bsize, blocks } = await statfs(path)
    return blocks === 0 ? undefined : bavail * bsize
  },
  async bootId () {
    try { return (await readFile(kernelBootId, 'utf8')).trim() } catch { // not Linux, or no /proc
      return `${startPrefix}${Math.round(Date.now() / 1000 - uptime())}`
    }
  },
  now: () => Date.now()
}
