/** The device's own key: made at first use, the same ever after. Owns where it is kept; that nobody else reads the State is the command line's matter. */
import { generateKey, keyFromSecret } from '../keys/ed25519.ts'
import type { SigningKey } from '../keys/ed25519.ts'
import { MalformedError, ShoalError } from '../contract/index.ts'
import type { State } from '../contract/index.ts'
import { checkFormat, withFormat } from './value.ts'

const key = 'device-key'

const fromValue = (value: Uint8Array): SigningKey => {
  try { return keyFromSecret(checkFormat(value)) } catch (cause) {
    if (!(cause instanceof MalformedError) && !(cause instanceof RangeError)) throw cause
    // a new key in its place would quietly be another device, and the old one's groups would wonder
    throw new ShoalError('STATE_FAILED', 'The device key in the profile cannot be read. Update Shoal if a newer one wrote it; else restore a backup of the folder, or begin with a new one.', { cause })
  }
}

/** @throws ShoalError STATE_FAILED when the key cannot be read or kept */
export const loadDevice = async (state: State): Promise<SigningKey> => {
  const kept = await state.get(key)
  if (kept !== undefined) return fromValue(kept.value)
  const made = await generateKey()
  const result = await state.txn([{ key, revision: 0 }], [{ put: key, value: withFormat(made.secret) }])
  return result.ok ? made : loadDevice(state)
}
