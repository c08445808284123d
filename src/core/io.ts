/**
 * What goes into the session and what comes out of it. Inputs are facts in the past tense; effects are orders. Both are plain values, so that they can be
 * recorded, replayed and compared. The engine and the simulator are two loops around the same session.
 *
 * Buffers: those in an effect belong to the port until its input returns; those in an input belong to the session.
 */
import type { ContentId, ErrorCode, GroupId, Manifest, PeerId, PieceIndex, Selector } from '../contract/index.ts'
import type { ChannelNumber, Message } from './message.ts'

/** Given by the loop, never used twice. */
export type LinkId = number

/** A rate in bytes per second; undefined: no limit. */
export interface Limits { readonly up?: number | undefined, readonly down?: number | undefined }

export type Input =
  // contents: what the user wants
  /**
   * Takes up a content. It may be in several groups.
   * @param have packed bitfield of the pieces that are verified and stored; all of them: we only serve
   * @param pages packed bitfield of the pages (512 piece hashes each) that are proved and kept
   */
  | { readonly type: 'added', readonly content: ContentId, readonly manifest: Manifest, readonly groups: readonly GroupId[], readonly have: Uint8Array, readonly pages: Uint8Array }
  /** The groups of a content changed: channels of the others are closed. */
  | { readonly type: 'regrouped', readonly content: ContentId, readonly groups: readonly GroupId[] }
  /** Lays a content down: channels close, nothing more about it comes out but answers owed. */
  | { readonly type: 'dropped', readonly content: ContentId }
  /** Our own credential for a group, new or renewed. Without one, nothing is opened there. */
  | { readonly type: 'credential', readonly group: GroupId, readonly credential: Uint8Array }
  /** We are out of the group, or logged out: its credential is forgotten, its channels close. */
  | { readonly type: 'left', readonly group: GroupId }
  /** A peer is out of a group: its channels there close at once, unanswered requests are not answered with data. */
  | { readonly type: 'removed', readonly group: GroupId, readonly peer: PeerId }
  | { readonly type: 'limited', readonly limits: Limits }
  // network
  /** A peer has or wants a content that we have. It may be dialed. */
  | { readonly type: 'sighted', readonly content: ContentId, readonly group: GroupId, readonly peer: PeerId }
  /** A link is open, hello exchanged. Two links to one peer: that of the lower peer id's dial stays. */
  | { readonly type: 'linked', readonly link: LinkId, readonly peer: PeerId, readonly inbound: boolean }
  | { readonly type: 'unlinked', readonly link: LinkId }
  | { readonly type: 'undialed', readonly peer: PeerId }
  | { readonly type: 'message', readonly link: LinkId, readonly message: Message }
  /** Bytes arrived for a block that is not complete yet: the peer is not silent. */
  | { readonly type: 'heard', readonly link: LinkId, readonly bytes: number }
  /** How full the link's send queue is: told when something waits after a `send`, and when it fell. Of what nothing is told within a millisecond is sent. */
  | { readonly type: 'room', readonly link: LinkId, readonly unsentBytes: number }
  /** Answer to `admit`. */
  | { readonly type: 'admitted', readonly link: LinkId, readonly number: ChannelNumber, readonly ok: boolean }
  // integrity and storage
  /** Answer to `prove`; when ok, the page is kept. */
  | { readonly type: 'proved', readonly content: ContentId, readonly link: LinkId, readonly first: PieceIndex, readonly ok: boolean }
  | { readonly type: 'verified', readonly content: ContentId, readonly piece: PieceIndex, readonly ok: boolean }
  | { readonly type: 'stored', readonly content: ContentId, readonly piece: PieceIndex }
  /** Answer to `load`: exactly the range, or why not (then the request is rejected). */
  | { readonly type: 'loaded', readonly link: LinkId, readonly content: ContentId, readonly piece: PieceIndex, readonly offset: number, readonly length: number, readonly data: Uint8Array | undefined }
  | { readonly type: 'paged', readonly link: LinkId, readonly content: ContentId, readonly first: PieceIndex, readonly count: number, readonly page: { readonly hashes: Uint8Array, readonly proof: Uint8Array } | undefined }
  /** A `store` failed. The piece is kept in memory, within the budget, and stored again after a time when `retry`; else the content fails. */
  | { readonly type: 'unstored', readonly content: ContentId, readonly piece: PieceIndex, readonly code: ErrorCode, readonly retry: boolean }
  /** Only the time. */
  | { readonly type: 'tick' }

export type Effect =
  | { readonly type: 'dial', readonly peer: PeerId }
  /** Closes a link; `unlinked` follows. `why` is for the log. */
  | { readonly type: 'unlink', readonly link: LinkId, readonly why: string }
  | { readonly type: 'send', readonly link: LinkId, readonly message: Message }
  | { readonly type: 'admit', readonly link: LinkId, readonly number: ChannelNumber, readonly group: GroupId, readonly content: ContentId, readonly credential: Uint8Array }
  | { readonly type: 'prove', readonly content: ContentId, readonly link: LinkId, readonly first: PieceIndex, readonly hashes: Uint8Array, readonly proof: Uint8Array }
  | { readonly type: 'verify', readonly content: ContentId, readonly piece: PieceIndex, readonly parts: readonly Uint8Array[] }
  | { readonly type: 'store', readonly content: ContentId, readonly piece: PieceIndex, readonly parts: readonly Uint8Array[] }
  | { readonly type: 'load', readonly link: LinkId, readonly content: ContentId, readonly piece: PieceIndex, readonly offset: number, readonly length: number }
  | { readonly type: 'page', readonly link: LinkId, readonly content: ContentId, readonly first: PieceIndex, readonly count: number }
  | { readonly type: 'emit', readonly event: SessionEvent }

/** What the session tells the loop. */
export type SessionEvent =
  | { readonly type: 'piece', readonly content: ContentId, readonly piece: PieceIndex }
  /** Everything is stored. At once for a content that is added with all its pieces. */
  | { readonly type: 'complete', readonly content: ContentId }
  /** A store failed for good. */
  | { readonly type: 'failed', readonly content: ContentId, readonly code: ErrorCode }
  /** A store failed for now, or works again. */
  | { readonly type: 'stalled', readonly content: ContentId, readonly code: ErrorCode | undefined }
  /** A peer was proved to send bad data for a content, or could not be believed, and is not used for it again. */
  | { readonly type: 'blamed', readonly content: ContentId, readonly peer: PeerId, readonly why: string }
  /** A member-to-member removal notice came: for the membership to check. */
  | { readonly type: 'removal', readonly group: GroupId, readonly entry: Uint8Array }
  /** The selector named a piece that is no candidate. Once per content. */
  | { readonly type: 'misselected', readonly content: ContentId, readonly piece: PieceIndex }

/** Counted where it happens. */
export interface TransferView {
  readonly content: ContentId
  readonly haveBytes: number
  readonly fetchedBytes: number
  readonly wastedBytes: number
  readonly sentBytes: number
  /** Verified bytes by who sent them. */
  readonly bytesByPeer: ReadonlyMap<PeerId, number>
  /** Linked peers that have something of it, as far as we know, and admit us. */
  readonly sources: readonly { readonly peer: PeerId, readonly link: LinkId, readonly pieces: number }[]
  readonly complete: boolean
}

export interface LinkView {
  readonly link: LinkId
  readonly peer: PeerId
  /** It was replaced, or is being closed. */
  readonly isEnding: boolean
  /** Asked and not answered. */
  readonly owedBytes: number
  /** Bytes per second while it owed us something; 0: not known yet. */
  readonly rate: number
  /** Payload that arrived, and how long it owed us something meanwhile. */
  readonly arrivedBytes: number
  readonly busyMs: number
  /** What is missing of the contents that we want from it. */
  readonly wantedBytes: number
}

/** For tests, budgets and `list_peers`: what memory the session answers for. */
export interface SessionView {
  /** Bytes requested and not yet answered, in assembly, in verification, in storing. */
  readonly downBytes: number
  /** Bytes being loaded or not yet sent. */
  readonly upBytes: number
  readonly links: readonly LinkView[]
  transfer (content: ContentId): TransferView | undefined
}

/**
 * The protocol as a synchronous value. Feed a fact, then poll until there is nothing to do. It never reads a clock: `now` is milliseconds from any
 * origin and never falls; at `wakeAt` it wants a `tick`, if nothing came before.
 */
export interface Session {
  handle (input: Input, now: number): void
  poll (): Effect | undefined
  readonly wakeAt: number | undefined
  readonly view: SessionView
}

export interface SessionOptions {
  /** Our own peer id. */
  readonly peer: PeerId
  /** 32 bits. All randomness comes from it. */
  readonly seed: number
  readonly selector: Selector
  /** @default no limits */
  readonly limits?: Limits
  /** Most bytes requested, in assembly, in verification and in storing, over all contents. @default 64 MiB */
  readonly downBudgetBytes?: number
  /** Most bytes being loaded or unsent, over all links. @default 32 MiB */
  readonly upBudgetBytes?: number
  /** Most bytes unsent or being loaded on one link. @default 1 MiB */
  readonly linkUnsentBytes?: number
  /** Largest request, a multiple of 16 KiB. @default 512 KiB */
  readonly maxRequestBytes?: number
  /** Most bytes asked of one link and not answered. @default 8 MiB */
  readonly maxOwedBytes?: number
  /** Channels served at once, over all links; others wait choked and take turns. @default 64 */
  readonly uploadSlots?: number
  /**
   * After so much, a served channel gives way to one that waits, and who has nothing to ask in its turn gives it back. Needs links that drop requests which a
   * choke crossed, as those of the wire do. @default no limit: turns of 10 s
   */
  readonly turnBytes?: number
  /** Links dialed or open at most. @default 200 */
  readonly maxLinks?: number
}
