/** The tracker's own side, as its faces (http/, the plugin tracker-local) see it. Implemented in src/tracker over the State port. */
import type { PeerId } from './ids.ts'
import type { Realm, TrackerSession } from './tracker.ts'

/** How a password becomes a key at the client: argon2id, version 1.3, 32 bytes out. */
export interface PasswordParameters { readonly salt: Uint8Array, readonly memoryKiB: number, readonly passes: number, readonly lanes: number }

export interface LoginRequest {
  readonly user: string
  /** Derived from the password. */
  readonly key: Uint8Array
  readonly device: PeerId
  /** Unix ms at the client; at most 10 minutes off, or it is refused as a replay. */
  readonly at: number
  /** By the device key, over `loginStatement(...)` of core/vouch.ts. */
  readonly signature: Uint8Array
}

export interface LoginReply {
  /** Signed by the realm key: any tracker of the realm knows it, also after a restart. Opaque, without spaces. */
  readonly token: string
  readonly vouch: Uint8Array
  /** Unix ms. */
  readonly expires: number
  /** Relays for members: multiaddrs that end with `/p2p/ID`. @default none */
  readonly relays?: readonly string[]
  /** STUN servers for members: HOST:PORT. @default none */
  readonly stun?: readonly string[]
}

/** The key that the tracker's end of a channel proved to have: that of a TLS certificate (SubjectPublicKeyInfo, DER), or that of a libp2p peer id. */
export type ChannelKey = { readonly kind: 'tls', readonly spki: Uint8Array } | { readonly kind: 'peer', readonly peer: PeerId }

/** @throws ShoalError as said at `Tracker` and `TrackerSession`. */
export interface TrackerService {
  readonly realm: Realm
  /** Realm signature over the key of a channel: `channelStatement(...)` of core/vouch.ts. */
  proveChannel (key: ChannelKey): Promise<Uint8Array>
  /** For an unknown user a stable fake, indistinguishable from a real one. */
  passwordParameters (user: string): Promise<PasswordParameters>
  /** Parameters for a new account: a fresh salt. */
  newPasswordParameters (): PasswordParameters
  register (user: string, parameters: PasswordParameters, key: Uint8Array): Promise<void>
  /** @param from where the request comes from, for the limit on failed logins */
  login (request: LoginRequest, from: string): Promise<LoginReply>
  /** The session of a token. @throws SESSION_EXPIRED */
  resume (token: string): Promise<TrackerSession>
  /** Sets a new password, for the one who runs the tracker. @throws NOT_FOUND */
  resetPassword (user: string, parameters: PasswordParameters, key: Uint8Array): Promise<void>
  stop (): Promise<void>
}
