/** Small files of a tracker's own, such as its keys: written whole or not at all, for their owner alone. */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Whole or not at all, also when the power goes. */
export const writeKept = async (path: string, content: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(content)
    await file.sync()
  } finally { await file.close() }
  await rename(`${path}.new`, path)
}

/** @returns undefined when there is none */
export const readKept = async (path: string): Promise<Uint8Array | undefined> => {
  try { return Uint8Array.from(await readFile(path)) } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
