/** What the tracker suite is given to speak a realm's language: devices, log entries, credentials. */
import { ShoalError } from '../../src/contract/index.ts'
import type { Tracker } from '../../src/contract/index.ts'
import { decodeCredential } from '../../src/core/credential.ts'
import { encodeEntry, openEntry, sealEntry } from '../../src/core/log-entry.ts'
import { generateKey, verifyWithKey } from '../../src/keys/ed25519.ts'
import type { TrackerRealm } from '../../src/testing/tracker.ts'

/** @param connect a connection of its own to the one realm */
export const trackerRealm = (connect: () => Promise<Tracker> | Tracker): TrackerRealm => ({
  connect,
  newDevice: generateKey,
  seal: async (entry, device) => sealEntry(entry, await device.sign(encodeEntry(entry))),
  open: openEntry,
  async openCredential (bytes) {
    const { value, signed, signature } = decodeCredential(bytes)
    const { key } = await (await connect()).realm()
    if (!await verifyWithKey(key, signed, signature)) throw new ShoalError('INTEGRITY', 'The realm did not sign this credential. Ask for another.')
    return value
  }
})

/** Derived in a moment: for tests only. */
export const cheapPasswords = { memoryKiB: 8, passes: 1, lanes: 1 } as const
