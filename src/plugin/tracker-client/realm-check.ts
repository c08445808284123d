/**
 * Whether a channel ends at a tracker of the pinned realm: the realm key must have signed the key that the other side proved to have. Replaces certificate
 * authorities. Owns the pin once it is known, and the channel keys that were proved.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { ShoalError, toHex } from '../../contract/index.ts'
import type { ChannelKey, Realm, RealmPin } from '../../contract/index.ts'
import { channelStatement } from '../../core/vouch.ts'
import { verifyWithKey } from '../../keys/ed25519.ts'
import { keyChanged, unkept, unproved } from './failing.ts'

export interface RealmCheck {
  readonly realm: Realm | undefined
  /** Whether that key was proved before. */
  knows (key: ChannelKey): boolean
  /**
   * @param key of the channel that the proof came over, not what the proof says of itself
   * @throws ShoalError TRACKER_KEY_CHANGED
   */
  accept (key: ChannelKey, proof: { readonly key: Uint8Array, readonly signature: Uint8Array }): Promise<void>
}

export interface RealmCheckOptions {
  readonly where: string
  readonly pin: RealmPin | undefined
  readonly onFirstPin: ((pin: RealmPin) => Promise<void> | void) | undefined
}

const textOf = (key: ChannelKey): string => key.kind === 'tls' ? `tls ${toHex(sha256(key.spki))}` : `peer ${key.peer}`

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
    knows: key => proved.has(textOf(key)),
    async accept (channel, { key, signature }) {
      const shown = toHex(sha256(key)) as RealmPin
      const check = (): void => { if (pinned !== undefined && shown !== pinned) throw keyChanged(where, pinned, shown) }
      check()
      if (!await verifyWithKey(key, channelStatement(channel), signature)) throw unproved(where)
      check() // while the signature was verified, another channel may have pinned
      if (pinned === undefined) {
        pinned = shown
        told = tell(shown)
      }
      await told
      realm = { key, pin: shown }
      proved.add(textOf(channel))
    }
  }
}
