/** The realm key: made once, kept in the State, and all that it signs. Nobody else in the tracker sees the secret. */
import { createHmac, hkdfSync } from 'node:crypto'
import type { ChannelKey, Credential, PeerId, Realm, State, UserName } from '../contract/index.ts'
import { realmPin } from '../core/content-id.ts'
import { credentialStatement, encodeCredential } from '../core/credential.ts'
import { channelStatement, encodeToken, encodeVouch, tokenStatement, vouchStatement } from '../core/vouch.ts'
import type { SessionToken } from '../core/vouch.ts'
import { generateKey, keyFromSecret } from '../keys/ed25519.ts'
import { places } from './places.ts'
import { recordForm } from './record.ts'

export interface RealmKey {
  readonly realm: Realm
  vouch (user: UserName, device: PeerId): Promise<Uint8Array>
  token (token: SessionToken): Promise<string>
  credential (credential: Credential): Promise<Uint8Array>
  proveChannel (key: ChannelKey): Promise<Uint8Array>
  /** 16 bytes that look random, and are the same each time for a text and for no two realms. */
  fakeSalt (text: string): Uint8Array
}

const secretForm = recordForm<Uint8Array>((writer, secret) => writer.bytes16(secret), reader => reader.bytes16(64).slice())

/** Reads the realm key, or makes it. Of several trackers that start at once, the first one's is everybody's. */
export const openRealmKey = async (state: State): Promise<RealmKey> => {
  let found = await state.get(places.realmKey)
  if (found === undefined) {
    const { secret } = await generateKey()
    await state.txn([{ key: places.realmKey, revision: 0 }], [{ put: places.realmKey, value: secretForm.encode(secret) }])
    found = await state.get(places.realmKey)
  }
  const key = keyFromSecret(found === undefined ? new Uint8Array() : secretForm.decode(found))
  const saltKey = new Uint8Array(hkdfSync('sha256', key.secret, new Uint8Array(), 'shoal salts of users who do not exist', 32))
  const pin = realmPin(key.publicKey)
  return {
    realm: { key: key.publicKey, pin },
    vouch: async (user, device) => encodeVouch({ realm: pin, user, device }, await key.sign(vouchStatement(pin, user, device))),
    token: async token => encodeToken(token, await key.sign(tokenStatement(token))),
    credential: async credential => encodeCredential(credential, await key.sign(credentialStatement(credential))),
    proveChannel: async channel => await key.sign(channelStatement(channel)),
    fakeSalt: text => Uint8Array.from(createHmac('sha256', saltKey).update(text).digest().subarray(0, 16))
  }
}
