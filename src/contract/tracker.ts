/** What a peer sees of the coordination service. Never file bytes. Every method throws ShoalError. */
import type { AdmissionPolicy } from './group.ts'
import type { ContentId, GroupId, GroupName, NameTag, PeerId, RealmPin, UserName } from './ids.ts'
import type { Manifest } from './manifest.ts'

export interface Realm {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array
  /** Hex SHA-256 of the key. */
  readonly pin: RealmPin
}

/** The device that logs in: proves that it holds the key. */
export interface DeviceKey {
  readonly peer: PeerId
  /** Ed25519 signature, 64 bytes. */
  sign (bytes: Uint8Array): Promise<Uint8Array>
}

export interface Tracker {
  /** Where it is, for people: `https://HOST:PORT` or `local`. */
  readonly where: string
  /** Checked against the pin, and against the socket, before anything secret is sent. @throws TRACKER_KEY_CHANGED, TRACKER_UNREACHABLE */
  realm (signal?: AbortSignal): Promise<Realm>
  /** Makes an account. Does not log in. @throws USER_EXISTS, BAD_NAME, BAD_PASSWORD */
  register (user: string, password: string, signal?: AbortSignal): Promise<void>
  /** @throws WRONG_PASSWORD, TOO_MANY_ATTEMPTS */
  login (user: string, password: string, device: DeviceKey, signal?: AbortSignal): Promise<TrackerSession>
  stop (): Promise<void>
}

export type GroupState = 'owner' | 'member' | 'requested' | 'none'

export interface GroupListing {
  readonly id: GroupId
  readonly name: GroupName
  readonly owner: UserName
  readonly state: GroupState
  /** `open`: whoever asks is let in. */
  readonly policy: AdmissionPolicy
  readonly head: { readonly seq: number, readonly hash: string }
}

export interface Sharer { readonly user: UserName, readonly peer: PeerId, readonly online: boolean, /** Unix ms: since when online, or offline (0: not known). */ readonly since: number }

export interface Version {
  readonly content: ContentId
  readonly manifest: Manifest
  readonly combined?: string
  /** Those who are online first. At most 100 of a version in a listing, 1,000 when one file is asked for. */
  readonly sharers: readonly Sharer[]
  /** Unix ms when it was first shared. */
  readonly at: number
}

/** One entry of a group's catalog. */
export interface CatalogFile {
  readonly tag: NameTag
  readonly name: string
  /** Newest first; at least one. */
  readonly versions: readonly Version[]
}

export interface FileToShare {
  readonly name: string
  readonly manifest: Manifest
  /**
   * Id of the manifest, with the piece length in it or not. Needed for a scheme that the tracker does not know: whether a root depends on
   * the piece length is the scheme's own business. @default of the first-party schemes only sha1 has the piece length in it
   */
  readonly content?: ContentId
  /** Hex, for people. At most 256 digits. */
  readonly combined?: string
  /** Publish as a new version of an entry that exists. */
  readonly replace: boolean
}

export interface Announced { readonly group: GroupId, readonly content: ContentId, /** `source`: has all of it; `wanter`: fetches it, and serves what it has. */ readonly role: 'source' | 'wanter' }

/** Somebody announced to have or want a content of a group that we announced too. */
export interface Sighting extends Announced { readonly peer: PeerId, readonly user: UserName, readonly addresses: readonly string[] }

export interface Announcement {
  /** Rises by one with each announcement of this login, from 1. Sequence 1, or after `resync`, carries everything. */
  readonly sequence: number
  /** Whether `added` is everything, not a difference. */
  readonly full: boolean
  readonly added: readonly Announced[]
  readonly removed: readonly Announced[]
  /** Only when they changed, and when full. At most 32. */
  readonly addresses?: readonly string[]
  readonly transports?: readonly string[]
  /** Contents for which more peers are wanted now. At most 50. */
  readonly seek: readonly { readonly group: GroupId, readonly content: ContentId }[]
}

export interface AnnounceReply {
  /** The tracker does not know our earlier announcements: send everything. */
  readonly resync: boolean
  /** At most 50, a random choice if there are more. */
  readonly sightings: readonly Sighting[]
  /** Announce again within this time, or be taken for gone. */
  readonly heartbeatMs: number
}

export interface OnlinePeer {
  readonly user: UserName
  readonly peer: PeerId
  /** Unix ms. */
  readonly since: number
  readonly transports: readonly string[]
  /** Groups in common, by name. */
  readonly groups: readonly GroupName[]
}

/** What a watcher is told. Notices only: no command depends on one having arrived. `cursor` resumes after this event, on any tracker of the realm. */
export type TrackerEvent =
  | { readonly type: 'group', readonly cursor: string, readonly group: GroupId, readonly name: GroupName, readonly seq: number, readonly user: UserName,
      readonly change: 'requested' | 'accepted' | 'rejected' | 'left' | 'removed' | 'owner' | 'dissolved' | 'device' | 'policy' }
  | { readonly type: 'file', readonly cursor: string, readonly group: GroupId, readonly groupName: GroupName, readonly name: string, readonly user: UserName, readonly change: 'shared' | 'replaced' | 'withdrawn' }
  | { readonly type: 'sighted', readonly sighting: Sighting }
  | { readonly type: 'peer', readonly user: UserName, readonly peer: PeerId, readonly change: 'online' | 'offline' }
  /** The cursor is too old, or the stream began: read again whatever you show. `cursor` is where the stream stands. */
  | { readonly type: 'reset', readonly cursor: string }

/** The tracker, as one logged-in user on one device. @throws SESSION_EXPIRED from every method once it ended */
export interface TrackerSession {
  readonly user: UserName
  readonly device: PeerId
  /** Realm-signed statement that this device is this user's (core/vouch.ts): goes into log entries that introduce the device. */
  readonly vouch: Uint8Array
  /** Relays that this realm's members may use, as the tracker told them at login. */
  readonly relays?: readonly string[]
  /** STUN servers that its operator runs or names, HOST:PORT, as the tracker told them at login. */
  readonly stun?: readonly string[]
  /** Ends the session, and presence with it. */
  logout (signal?: AbortSignal): Promise<void>

  /** All groups of the realm, by name; or the one with that name. */
  groups (options?: { readonly name?: string, readonly signal?: AbortSignal }): Promise<readonly GroupListing[]>
  /** @throws GROUP_EXISTS, BAD_NAME */
  createGroup (genesis: Uint8Array, signal?: AbortSignal): Promise<GroupId>
  /** Signed log entries from `from` on, at most 1,000; fewer are the last. Members and applicants only. @throws NOT_FOUND */
  log (group: GroupId, from: number, signal?: AbortSignal): Promise<readonly Uint8Array[]>
  /** Appends a signed entry. `moved`: another came first; read on, sign again. @throws the ShoalError of the rule that it breaks */
  append (group: GroupId, entry: Uint8Array, signal?: AbortSignal): Promise<'appended' | 'moved'>
  /** Our credential, signed by the realm key. @throws NOT_FOUND when this device is not in the group */
  credential (group: GroupId, signal?: AbortSignal): Promise<Uint8Array>

  /** The group's catalog in the order of tags, or one entry. 1,000 a call, fewer at the end; go on with `after` = last tag. @throws NOT_FOUND */
  files (group: GroupId, options?: { readonly name?: string, readonly after?: NameTag, readonly signal?: AbortSignal }): Promise<readonly CatalogFile[]>
  /** Lists a share of this device. Idempotent. `added`: one more source of an existing version. @throws NAME_TAKEN, NOT_FOUND, BAD_FILE_NAME, LIMIT_REACHED */
  share (group: GroupId, file: FileToShare, signal?: AbortSignal): Promise<'listed' | 'added' | 'replaced'>
  /** Withdraws this device's share of every version of that name. @throws NOT_SHARED, NOT_FOUND */
  unshare (group: GroupId, name: string, signal?: AbortSignal): Promise<void>

  announce (announcement: Announcement, signal?: AbortSignal): Promise<AnnounceReply>
  /** Online devices of users who share a group with me, mine excepted. */
  peers (signal?: AbortSignal): Promise<readonly OnlinePeer[]>
  /** Begins with `reset` unless the cursor could be resumed. Ends without an error when aborted; throws when the tracker is lost. */
  watch (from: string | undefined, signal: AbortSignal): AsyncIterable<TrackerEvent>
}
