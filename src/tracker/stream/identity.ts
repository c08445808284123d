/** The libp2p identity of one tracker: made once and kept, because its peer id is in the addresses that people have. */
import { join } from 'node:path'
import { ShoalError } from '../../contract/index.ts'
import { generateKey, keyFromSecret } from '../../keys/ed25519.ts'
import type { SigningKey } from '../../keys/ed25519.ts'
import { readKept, writeKept } from '../kept-file.ts'

/** @throws ShoalError STORAGE_FAILED */
export const trackerIdentity = async (folder: string): Promise<SigningKey> => {
  const path = join(folder, 'libp2p.key')
  try {
    const kept = await readKept(path)
    if (kept !== undefined) return keyFromSecret(kept)
    const made = await generateKey()
    await writeKept(path, made.secret)
    return made
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ShoalError('STORAGE_FAILED', `Cannot use the tracker's libp2p key ${path}: ${why}. Bring the file back, or check the folder; without the file another is made, with other addresses.`, { cause })
  }
}
