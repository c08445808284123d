/**
 * Whether a log entry is what it says: signed by its actor's device and, where it brings a device in, vouched for by the realm.
 * The one check that the tracker makes before it writes and members make after they read. What an entry may do is the fold's (core/group.ts).
 */
import { MalformedError } from '../contract/index.ts'
import { realmPin } from '../core/content-id.ts'
import { decodeVouch } from '../core/vouch.ts'
import type { OpenedEntry } from '../core/log-entry.ts'
import type { PeerId, UserName } from '../contract/index.ts'
import { verifySignature, verifyWithKey } from './ed25519.ts'

/** That the realm's key vouched for this device of this user. @returns why it does not hold, or undefined when it does */
export const checkVouch = async (vouch: Uint8Array, user: UserName, device: PeerId, realmKey: Uint8Array): Promise<string | undefined> => {
  try {
    const { value, signed, signature } = decodeVouch(vouch)
    if (value.realm !== realmPin(realmKey)) return 'its vouch is of another realm'
    if (value.user !== user || value.device !== device) return 'its vouch is not for that user and device'
    return await verifyWithKey(realmKey, signed, signature) ? undefined : 'its vouch is not signed by the realm'
  } catch (error) {
    if (error instanceof MalformedError) return 'its vouch cannot be read'
    throw error
  }
}

/**
 * Signature and vouch of one opened entry. Never throws for bad data.
 * @param realmKey raw public key of the realm
 * @returns why it does not hold, or undefined when it does
 */
export const verifyEntry = async ({ entry: { actor, action }, signed, signature }: OpenedEntry, realmKey: Uint8Array): Promise<string | undefined> => {
  if (!await verifySignature(actor, signed, signature)) return 'it is not signed by the device that it names'
  return 'vouch' in action ? await checkVouch(action.vouch, action.user, actor, realmKey) : undefined
}
