/**
 * What binds a user, a device and a realm together: the vouch (this device is this user's), the proof at login, the session token,
 * and the statement that ties the key of a channel to the realm. Owns their bytes. Who signs: the realm key, but for the login, which the device signs.
 */
import { byteWriter, fromBase64, MalformedError, toBase64 } from '../contract/index.ts'
import type { ChannelKey, PeerId, RealmPin, UserName } from '../contract/index.ts'
import { hashBytes, inDomain, readHash, readName, readPeer, seal, unseal } from './signed.ts'
import type { Opened } from './signed.ts'

export const maxVouchBytes = 512
const maxTokenBytes = 1024
const sessionIdForm = /^[0-9A-Za-z_-]{1,64}$/

/** That a device proved itself to the realm as one of the user's. */
export interface Vouch { readonly realm: RealmPin, readonly user: UserName, readonly device: PeerId }

/** `u8 1, realm 32, user text16, device text16`. */
const vouchBody = (realm: RealmPin, user: UserName, device: PeerId): Uint8Array =>
  byteWriter(256).u8(1).raw(hashBytes(realm)).text16(user).text16(device).finish()

export const vouchStatement = (realm: RealmPin, user: UserName, device: PeerId): Uint8Array => inDomain('vouch', vouchBody(realm, user, device))

export const encodeVouch = ({ realm, user, device }: Vouch, signature: Uint8Array): Uint8Array => seal(vouchBody(realm, user, device), signature)

/** @throws MalformedError */
export const decodeVouch = (bytes: Uint8Array): Opened<Vouch> =>
  unseal('vouch', bytes, maxVouchBytes, reader => ({ realm: readHash(reader) as RealmPin, user: readName(reader), device: readPeer(reader) }))

/** What a device signs to log in: `u8 1, realm 32, user text16, device text16, at u64`. Names the realm, so that no other tracker can pass it on. @param at Unix ms */
export const loginStatement = (realm: RealmPin, user: string, device: PeerId, at: number): Uint8Array =>
  inDomain('login', byteWriter(256).u8(1).raw(hashBytes(realm)).text16(user).text16(device).u64(at).finish())

/** What the realm signs to own a TLS key: `u8 1, spki bytes32`. @param spki SubjectPublicKeyInfo, DER */
export const tlsStatement = (spki: Uint8Array): Uint8Array => inDomain('tls', byteWriter(spki.byteLength + 8).u8(1).bytes32(spki).finish())

/** What the realm signs to own a libp2p identity: `u8 1, peer text16`. */
export const peerStatement = (peer: PeerId): Uint8Array => inDomain('peer', byteWriter(64).u8(1).text16(peer).finish())

/** What the realm signs to own the key of a channel. */
export const channelStatement = (key: ChannelKey): Uint8Array => key.kind === 'tls' ? tlsStatement(key.spki) : peerStatement(key.peer)

/** A login, as any tracker of the realm can check it. */
export interface SessionToken {
  readonly realm: RealmPin
  readonly user: UserName
  readonly device: PeerId
  /** 1–64 letters, digits, `_`, `-`. */
  readonly sessionId: string
  /** Unix ms. */
  readonly expires: number
}

/** `u8 1, realm 32, user text16, device text16, session id text16, expires u64`. */
const tokenBody = ({ realm, user, device, sessionId, expires }: SessionToken): Uint8Array => {
  if (!sessionIdForm.test(sessionId)) throw new RangeError('A session id has 1–64 letters, digits, `_`, `-`.')
  return byteWriter(256).u8(1).raw(hashBytes(realm)).text16(user).text16(device).text16(sessionId).u64(expires).finish()
}

export const tokenStatement = (token: SessionToken): Uint8Array => inDomain('token', tokenBody(token))

const toBase64url = (bytes: Uint8Array): string => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/** Base64url of body and signature: fits a header, has no spaces. */
export const encodeToken = (token: SessionToken, signature: Uint8Array): string => toBase64url(seal(tokenBody(token), signature))

/** @throws MalformedError */
export const decodeToken = (text: string): Opened<SessionToken> => {
  if (text.length > maxTokenBytes * 4 / 3 || !/^[0-9A-Za-z_-]*$/.test(text) || text.length % 4 === 1) throw new MalformedError('A session token is not base64url.')
  const bytes = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
  if (toBase64url(bytes) !== text) throw new MalformedError('A session token is not base64url.')
  return unseal('token', bytes, maxTokenBytes, reader => {
    const token = { realm: readHash(reader) as RealmPin, user: readName(reader), device: readPeer(reader), sessionId: reader.text16(64), expires: reader.u64() }
    if (!sessionIdForm.test(token.sessionId)) throw new MalformedError('A session id has a form that is not allowed.')
    return token
  })
}
