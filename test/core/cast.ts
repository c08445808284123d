/** The people of the signed-format tests: fixed keys, and logs written with them. Signatures are real. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { GroupId, GroupName, LogAction, LogEntry, PeerId, RealmPin, UserName } from '../../src/contract/index.ts'
import { realmPin } from '../../src/core/content-id.ts'
import { encodeEntry, noHash, openEntry, sealEntry } from '../../src/core/log-entry.ts'
import type { OpenedEntry } from '../../src/core/log-entry.ts'
import { encodeVouch, vouchStatement } from '../../src/core/vouch.ts'
import { keyFromSecret } from '../../src/keys/ed25519.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'

/** The key whose seed is 32 times this byte. */
export const keyOf = async (byte: number): Promise<SigningKey> => keyFromSecret((await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(byte))).raw)

export const user = (name: string): UserName => name as UserName
export const group = (name: string): GroupName => name as GroupName

export interface Cast {
  readonly realm: { readonly signer: SigningKey, readonly key: Uint8Array, readonly pin: RealmPin }
  /** That the device is the user's, by the realm. */
  readonly vouch: (name: string, device: PeerId) => Promise<Uint8Array>
}

export const cast = async (realmByte = 200): Promise<Cast> => {
  const signer = await keyOf(realmByte)
  const pin = realmPin(signer.publicKey)
  return {
    realm: { signer, key: signer.publicKey, pin },
    vouch: async (name, device) => encodeVouch({ realm: pin, user: user(name), device }, await signer.sign(vouchStatement(pin, user(name), device)))
  }
}

/** An entry that follows `after`, signed by `key`. */
export const write = async (after: { readonly id: GroupId, readonly head: { readonly seq: number, readonly hash: string } } | undefined, key: SigningKey, action: LogAction, at = 1_700_000_000_000): Promise<OpenedEntry> => {
  const entry: LogEntry = after === undefined
    ? { format: 1, group: undefined, seq: 0, prev: noHash, at, actor: key.peer, action }
    : { format: 1, group: after.id, seq: after.head.seq + 1, prev: after.head.hash, at, actor: key.peer, action }
  return openEntry(sealEntry(entry, await key.sign(encodeEntry(entry))))
}
