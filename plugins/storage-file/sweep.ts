/**
 * Removes what nobody came back for: piece hashes, and receipts of finished downloads, that were last used 90 days before the newest of them. Measured
 * against each other, not against the clock: a peer that was off for a year loses nothing. Never removes the record of an unfinished download.
 */
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere } from './failure.ts'
import { readRecord } from './record-file.ts'

const keepMs = 90 * 24 * 60 * 60 * 1000

const isReceipt = async (path: string): Promise<boolean> => {
  const phase = (await readRecord(path))?.header.phase
  return phase === 'finishing' || phase === 'claiming'
}

export const sweep = async (folder: string): Promise<void> => {
  const found: { readonly path: string, readonly usedAt: number }[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const facts = await ifThere(stat(path))
    if (facts !== undefined) found.push({ path, usedAt: facts.mtimeMs })
  }
  const newest = found.reduce((most, { usedAt }) => Math.max(most, usedAt), 0)
  for (const { path, usedAt } of found) {
    if (usedAt > newest - keepMs) continue
    if (path.endsWith('.hashes') || path.endsWith('.tmp') || (path.endsWith('.record') && await isReceipt(path))) await ifThere(unlink(path))
  }
}
