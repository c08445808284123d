/**
 * Ed25519 keys: devices and the realm. Makes them, signs, verifies. Owns no format: which bytes are signed is said in core/.
 * Imported by tracker, membership, profile and network; core stays synchronous and knows nothing of it. Runs in a browser too.
 */
import { generateKeyPair, privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey, peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import type { Ed25519PrivateKey, Ed25519PublicKey, PrivateKey, PublicKey } from '@libp2p/interface'
import type { DeviceKey, PeerId } from '../contract/index.ts'

/** Bytes of a raw public key, and of a signature. */
export const publicKeyBytes = 32
export const signatureBytes = 64

/** A key pair that can sign. As a `DeviceKey` it logs a device in. */
export interface SigningKey extends DeviceKey {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Seed and public key, 64 bytes: what `keyFromSecret` takes back, and libp2p's raw form. Keep it in files of mode 0600 only. */
  readonly secret: Uint8Array
  /** The same key as libp2p wants it. */
  readonly libp2p: Ed25519PrivateKey
}

const isEd25519 = (key: PrivateKey): key is Ed25519PrivateKey => key.type === 'Ed25519'
const isEd25519Public = (key: PublicKey): key is Ed25519PublicKey => key.type === 'Ed25519'

const signingKey = (key: Ed25519PrivateKey): SigningKey => ({
  peer: peerIdFromPrivateKey(key).toString() as PeerId,
  publicKey: key.publicKey.raw,
  secret: key.raw,
  libp2p: key,
  // a copy, because Node gives a Buffer, which compares unequal to a plain array in deep comparisons
  sign: async bytes => Uint8Array.from(await key.sign(bytes))
})

export const generateKey = async (): Promise<SigningKey> => signingKey(await generateKeyPair('Ed25519'))

/** @throws RangeError when it is not the secret of an Ed25519 key. */
export const keyFromSecret = (secret: Uint8Array): SigningKey => {
  if (secret.byteLength !== 64) throw new RangeError(`The secret of an Ed25519 key is 64 bytes, not ${secret.byteLength}.`)
  const key = privateKeyFromRaw(Uint8Array.from(secret))
  if (!isEd25519(key)) throw new RangeError('Not the secret of an Ed25519 key.')
  return signingKey(key)
}

/** The raw public key that a peer id embeds; undefined when the text is no peer id of an Ed25519 key in its one canonical form. */
export const publicKeyOf = (peer: string): Uint8Array | undefined => {
  // 52 characters in fact; the limit keeps base58, which is quadratic, from long text of strangers
  if (peer.length > 64) return undefined
  try {
    const id = peerIdFromString(peer)
    return id.type === 'Ed25519' && id.toString() === peer ? id.publicKey.raw : undefined
  } catch {
    return undefined // whatever it is, it is no peer id: the type says so
  }
}

/** Whether the text is a peer id of an Ed25519 key. */
export const isPeerId = (text: string): text is PeerId => publicKeyOf(text) !== undefined

/** The peer id of a raw public key. @throws when it is not 32 bytes. */
export const peerOfKey = (publicKey: Uint8Array): PeerId => {
  const key = publicKeyFromRaw(publicKey)
  if (!isEd25519Public(key)) throw new RangeError('Not an Ed25519 public key.')
  return peerIdFromPublicKey(key).toString() as PeerId
}

/** Whether the signature is of that raw public key over the bytes. Never throws for bad data. */
export const verifyWithKey = async (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> => {
  if (publicKey.byteLength !== publicKeyBytes || signature.byteLength !== signatureBytes) return false
  try {
    return await publicKeyFromRaw(publicKey).verify(bytes, signature)
  } catch {
    return false // 32 bytes that are no point of the curve: no signature can be theirs
  }
}

/** Whether the signature is of that peer's key over the bytes. Never throws for bad data. */
export const verifySignature = async (peer: string, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> => {
  const publicKey = publicKeyOf(peer)
  return publicKey !== undefined && await verifyWithKey(publicKey, bytes, signature)
}
