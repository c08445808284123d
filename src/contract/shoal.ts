/**
 * The peer, as a library: what `createShoal` gives and what the command line is a face of.
 * Every method that awaits takes effect at the tracker before it resolves, and throws ShoalError.
 */
import type { AdmissionPolicy, JoinRequest } from './group.ts'
import type { ContentId, GroupId, GroupName, PeerId, UserName } from './ids.ts'
import type { ErrorCode } from './errors.ts'
import type { CatalogFile, GroupListing, GroupState } from './tracker.ts'

export interface Signalled { readonly signal?: AbortSignal }

export interface Shoal {
  /** This device. */
  readonly peer: PeerId
  /** Multiaddrs on which it listens or is announced. */
  readonly addresses: readonly string[]
  /** Names of the transports in use. */
  readonly transports: readonly string[]
  /** Where the tracker is, for people. */
  readonly tracker: string
  /** Who is logged in. */
  readonly user: UserName | undefined

  /** @throws USER_EXISTS, BAD_NAME, BAD_PASSWORD */
  createUser (user: string, password: string, options?: Signalled): Promise<void>
  /** Logs in, and resumes that user's shares and unfinished downloads. Shares that could not be resumed are told as `share` events. @throws WRONG_PASSWORD, ALREADY_LOGGED_IN */
  login (user: string, password: string, options?: Signalled): Promise<{ readonly shares: number, readonly failedShares: number, readonly downloads: number }>
  /** Sharing and fetching stop; unfinished downloads are kept. @throws NOT_LOGGED_IN */
  logout (options?: Signalled): Promise<void>

  /** `open`: whoever asks is let in at once, also while the owner is away. @default admission: 'owner' @throws GROUP_EXISTS, BAD_NAME */
  createGroup (group: string, options?: Signalled & { readonly admission?: AdmissionPolicy }): Promise<GroupId>
  listGroups (options?: Signalled): Promise<readonly GroupListing[]>
  /** @returns the state after: `requested`, or `member` when the group is open. @throws NOT_FOUND, ALREADY_MEMBER, ALREADY_REQUESTED */
  joinGroup (group: string, options?: Signalled): Promise<GroupState>
  /** Withdraws my shares there, ends my downloads there, leaves. @returns the successor when I was the owner and others remain, `dissolved` when I was the last */
  leaveGroup (group: string, options?: Signalled): Promise<{ readonly successor?: UserName, readonly dissolved: boolean }>
  /** Open requests, oldest first. @throws NOT_OWNER */
  listRequests (group: string, options?: Signalled): Promise<readonly JoinRequest[]>
  acceptRequest (group: string, user: string, options?: Signalled): Promise<void>
  rejectRequest (group: string, user: string, options?: Signalled): Promise<void>
  removeMember (group: string, user: string, options?: Signalled): Promise<void>
  /** Who decides about requests from now on. `open` also lets in everybody whose request is open. @throws NOT_OWNER, NOT_FOUND */
  setAdmission (group: string, admission: AdmissionPolicy, options?: Signalled): Promise<void>

  /** Seals the file once, streaming, and lists it: shared in place. @throws NAME_TAKEN, FILE_NOT_FOUND, NOT_A_FILE, CONTENT_MISMATCH */
  share (path: string, group: string, options?: ShareOptions): Promise<Shared>
  /** Withdraws my share. @throws NOT_SHARED */
  stopShare (group: string, file: string, options?: Signalled): Promise<void>
  /** My shares on this device, with what became of them. */
  shares (): readonly ShareStatus[]
  /** Catalog of the group, by name. @throws NOT_FOUND */
  listFiles (group: string, options?: Signalled): AsyncIterable<CatalogFile>

  /** Records a download and starts it. Resolves when it is recorded; `finished` when it is done. @throws FILE_EXISTS, NOT_FOUND, ALREADY_DOWNLOADING */
  download (group: string, file: string, destination: string, options?: DownloadOptions): Promise<Download>
  /** Ends a download and removes its partial file. @throws NO_DOWNLOAD */
  cancelDownload (group: string, file: string, options?: Signalled): Promise<void>
  /** Downloads of the logged-in user on this device, oldest first, finished ones too. @throws NOT_LOGGED_IN */
  downloads (): readonly DownloadStatus[]

  listPeers (options?: Signalled): Promise<readonly PeerStatus[]>
  /** What happens, from now on. Ends when aborted or stopped. A reader that falls 1,000 events behind gets `overflow` and loses the oldest. */
  events (options?: Signalled): AsyncIterable<ShoalEvent>
  /** Logs out without waiting for the tracker longer than 2 s, keeps unfinished downloads, closes every link and file. Idempotent. */
  stop (): Promise<void>
}

export interface ShareOptions extends Signalled {
  /** Name in the catalog. @default the file's own */
  readonly name?: string
  /** Publish as a new version of an entry that exists. @default false */
  readonly replace?: boolean
  /** Integrity scheme. @default the first of the peer's: blake3, and in a browser sha256, unless it was given others */
  readonly integrity?: string
  /** Bytes, a power of two, 16 KiB … 16 MiB. @default `choosePieceLength`: 128 KiB up to 32 MiB, 256 KiB up to 64 MiB, 512 KiB up to 32 GiB; or what the group already uses for this content */
  readonly pieceSize?: number
  /** Hex root or combined hash that the file must have. */
  readonly expect?: string
  readonly progress?: (doneBytes: number, totalBytes: number) => void
}

export interface Shared { readonly name: string, readonly content: ContentId, readonly length: number, readonly scheme: string, readonly root: string, readonly combined?: string, readonly as: 'listed' | 'added' | 'replaced' }

export interface ShareStatus { readonly group: GroupName, readonly name: string, readonly path: string, readonly content: ContentId, readonly length: number, readonly error?: { readonly code: ErrorCode, readonly message: string } }

export interface DownloadOptions extends Signalled {
  /** Replace an existing file at the last rename. @default false */
  readonly overwrite?: boolean
}

export interface Download {
  readonly group: GroupName
  readonly name: string
  /** Absolute path of the finished file. */
  readonly path: string
  status (): DownloadStatus
  /** Resolves with the finished path; rejects when it failed, was cancelled, or the peer stopped. */
  readonly finished: Promise<string>
}

export interface DownloadStatus {
  readonly group: GroupName
  readonly name: string
  readonly content: ContentId
  /** Absolute path of the finished file. */
  readonly path: string
  readonly state: 'running' | 'complete' | 'failed'
  readonly length: number
  /** Verified and stored, counted at the store. */
  readonly haveBytes: number
  /** Payload bytes received from peers, useful or not. */
  readonly fetchedBytes: number
  /** Had already when this process took it up. */
  readonly resumedBytes: number
  /** Read again from disk and hashed, because a power cut may have lost them. */
  readonly hashedBytes: number
  /** Received and not used: duplicates and bad blocks. */
  readonly wastedBytes: number
  /** Verified bytes by the user and peer that sent them. `transport`: what that peer is linked by, or was last; all its bytes stand under that, also after a link moved. */
  readonly bytesByPeer: readonly { readonly user: UserName | undefined, readonly peer: PeerId, readonly bytes: number, readonly transport: string }[]
  /** Bytes per second over the last seconds; resumed bytes do not count. */
  readonly rate: number
  /** Peers that have some of it and are linked now. */
  readonly sources: number
  /** Names of the transports of those links. */
  readonly transports: readonly string[]
  /** Unix ms. */
  readonly startedAt: number
  /** Seconds from start to finish, pauses between processes left out. Only when complete. */
  readonly seconds?: number
  /** Why nothing comes: who shares it and since when they are away; or that the disk is full. Only while running. */
  readonly waiting?: string
  /** Only when failed. */
  readonly error?: { readonly code: ErrorCode, readonly message: string }
}

export interface PeerStatus {
  readonly user: UserName
  readonly peer: PeerId
  /** Unix ms. */
  readonly since: number
  readonly transports: readonly string[]
  readonly groups: readonly GroupName[]
  /** `none`: no open link. */
  readonly link: 'none' | 'dialing' | 'open'
  /** Transport of the open link. */
  readonly transport?: string
  readonly address?: string
  /** What was found out about transports with this peer: bytes per second while it owed us something, and failures since the last success. Absent when nothing was. */
  readonly measured?: readonly { readonly transport: string, readonly rate?: number, readonly failures: number }[]
}

/** One line for people is made of each by the command line; `level` says where it goes. */
export type ShoalEvent =
  /** `opened`: whoever asks is let in from now on; `closed`: the owner, who is `user`, decides again. */
  | { readonly type: 'group', readonly group: GroupName, readonly user: UserName, readonly change: 'requested' | 'accepted' | 'rejected' | 'left' | 'removed' | 'owner' | 'dissolved' | 'opened' | 'closed' }
  | { readonly type: 'file', readonly group: GroupName, readonly name: string, readonly user: UserName, readonly change: 'shared' | 'replaced' | 'withdrawn' }
  | { readonly type: 'peer', readonly user: UserName, readonly peer: PeerId, readonly change: 'online' | 'offline' }
  | { readonly type: 'download', readonly group: GroupName, readonly name: string, readonly change: 'started' | 'complete' | 'failed' | 'waiting' | 'going', readonly detail?: string }
  | { readonly type: 'share', readonly group: GroupName, readonly name: string, readonly change: 'failed', readonly code: ErrorCode, readonly detail: string }
  | { readonly type: 'tracker', readonly change: 'lost' | 'back', readonly detail?: string }
  /** A link to a peer opened, went on over another transport (`from` the old one), or is gone. */
  | { readonly type: 'link', readonly peer: PeerId, readonly user?: UserName, readonly change: 'open' | 'moved' | 'closed', readonly transport: string, readonly from?: string }
  /** A peer sent bad data, and what was done. */
  | { readonly type: 'blame', readonly peer: PeerId, readonly group?: GroupName, readonly detail: string }
  | { readonly type: 'warning', readonly detail: string }
  | { readonly type: 'overflow' }
