/**
 * Whether a connection ends at a tracker of the pinned realm: the realm key must have signed the TLS key that the other side proved to have. Replaces
 * certificate authorities. Owns the pin once it is known, and the TLS keys that were proved.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { ShoalError, tlsStatement } from 'shoal/plugin'
import type { Realm, RealmPin } from 'shoal/plugin'
import { keyChanged, unkept, unproved } from './failing.ts'

export interface RealmCheck {
  readonly realm: Realm | undefined
  /** Whether that TLS key was proved before. */
  knows (spki: Uint8Array): boolean
  /**
   * @param spki of the socket that the proof came over, not what the proof says of itself
   * @throws ShoalError TRACKER_KEY_CHANGED
   */
  accept (spki: Uint8Array, proof: { readonly key: Uint8Array, readonly signature: Uint8Array }): Promise<void>
}

export interface RealmCheckOptions {
  readonly where: string
  readonly pin: RealmPin | undefined
  readonly onFirstPin: ((pin: RealmPin) => Promise<void> | void) | undefined
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Never throws for bad data. */
const signed = (key: Uint8Array, spki: Uint8Array, signature: Uint8Array): boolean => {
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key).toString('base64url') }, format: 'jwk' })
    return verify(null, tlsStatement(spki), publicKey, signature)
  } catch {
    return false // no point of the curve: nothing is signed by it
  }
}

export const realmCheck = ({ where, pin, onFirstPin }: RealmCheckOptions): RealmCheck => {
  let pinned = pin
  let realm: Realm | undefined
  /** Trust on first use is told once, and nothing is sent before whoever was told has kept it. */
  let told: Promise<void> = Promise.resolve()
  const proved = new Set<string>()
  const tell = async (shown: RealmPin): Promise<void> => {
    try { await onFirstPin?.(shown) } catch (error) {
      // what was not kept is not pinned: the next connection asks again
      pinned = undefined
      throw ShoalError.is(error) ? error : unkept(where, error)
    }
  }
  return {
    get realm () { return realm },
    knows: spki => proved.has(hashOf(spki)),
    async accept (spki, { key, signature }) {
      const shown = hashOf(key) as RealmPin
      if (pinned !== undefined && shown !== pinned) throw keyChanged(where, pinned, shown)
      if (!signed(key, spki, signature)) throw unproved(where)
      if (pinned === undefined) {
        pinned = shown
        told = tell(shown)
      }
      await told
      realm = { key, pin: shown }
      proved.add(hashOf(spki))
    }
  }
}
