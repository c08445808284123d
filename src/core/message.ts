/** What two peers say to each other, as values. Their bytes are in wire/, their meaning in docs/protocol.md and in the session. */
import type { ContentId, GroupId, PieceIndex } from '../contract/index.ts'

/**
 * A small number that the *sender* of a message bound to a content with `open`. Each side numbers for itself, from 0, and never uses a number twice
 * on a link: `number` in a message is always the sender's own, except in `refuse`, which answers the other side's `open`.
 */
export type ChannelNumber = number

/** A range of a piece. Offset and length are multiples of 16 KiB, but for the tail of the last piece. */
export interface BlockRange { readonly piece: PieceIndex, readonly offset: number, readonly length: number }

export type Message =
  /** First on every link, once, each way. `features`: bits that both sides must know are below 32. */
  | { readonly type: 'hello', readonly features: number, readonly agent: string }
  /**
   * Offers to exchange a content of a group, with proof of membership. Both sides open; until the other's `open` was admitted, nothing else about
   * that content is said. A peer that does not have the content in that group, or does not admit the credential, answers `refuse`.
   */
  | { readonly type: 'open', readonly number: ChannelNumber, readonly group: GroupId, readonly content: ContentId, readonly credential: Uint8Array }
  /** Answers `open`; one answer for everything: unknown content, no member, expired. `number` is the other side's. The sender's own channel of that content ends, too. */
  | { readonly type: 'refuse', readonly number: ChannelNumber }
  /** Ends a channel of the sender. The receiver's own channel of that content ends with it. */
  | { readonly type: 'close', readonly number: ChannelNumber }
  /** All that the sender has, once, right after both are open. Packed, piece 0 the highest bit; empty means: nothing; `all` needs no bits. */
  | { readonly type: 'pieces', readonly number: ChannelNumber, readonly have: 'all' | Uint8Array }
  /** The sender verified and stored these since. */
  | { readonly type: 'have', readonly number: ChannelNumber, readonly pieces: readonly PieceIndex[] }
  /** Whether the sender wants pieces that the receiver has. Not wanted at first. */
  | { readonly type: 'want', readonly number: ChannelNumber, readonly wanted: boolean }
  /** Whether the sender answers requests. Choked at first. With `choked: true` all requests that are not yet answered are answered by it. */
  | { readonly type: 'choke', readonly number: ChannelNumber, readonly choked: boolean }
  /** Asks for a range; gets exactly one answer: `block`, `reject` or `choke`. */
  | { readonly type: 'request', readonly number: ChannelNumber } & BlockRange
  /** The range is no longer needed. Still gets its one answer. */
  | { readonly type: 'cancel', readonly number: ChannelNumber } & BlockRange
  | { readonly type: 'block', readonly number: ChannelNumber, readonly piece: PieceIndex, readonly offset: number, readonly data: Uint8Array }
  | { readonly type: 'reject', readonly number: ChannelNumber } & BlockRange
  /** Asks for piece hashes: one page of at most 512, from a multiple of 512. `layer` is 0, the piece layer; others are for later. */
  | { readonly type: 'ask-hashes', readonly number: ChannelNumber, readonly layer: number, readonly first: PieceIndex, readonly count: number }
  | { readonly type: 'hashes', readonly number: ChannelNumber, readonly layer: number, readonly first: PieceIndex, readonly hashes: Uint8Array, readonly proof: Uint8Array }
  | { readonly type: 'no-hashes', readonly number: ChannelNumber, readonly layer: number, readonly first: PieceIndex, readonly count: number }
  /** A signed log entry by which a member ceased to be one. Sent to members who may not have heard. */
  | { readonly type: 'removal', readonly number: ChannelNumber, readonly entry: Uint8Array }

export type MessageType = Message['type']
export type MessageOf<T extends MessageType> = Extract<Message, { type: T }>
