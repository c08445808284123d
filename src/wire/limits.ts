/**
 * Every limit of the protocol on the wire, with its reason. Whoever passes one has broken the protocol. The tables of docs/protocol.md hold the same
 * numbers; a test compares them. Limits of what lies inside a field (a credential, a log entry) are in core/; a test keeps those equal, too.
 */
import { hashPage, leafBytes, maxPieceBytes } from '../contract/index.ts'

/** The protocol that links are opened for. */
export const protocolId = '/shoal/exchange/1'

/** Length of a frame (4 bytes), then its type (1 byte). The length counts what follows it. */
export const frameHeadBytes = 5
/** What a block's frame has before its data: the head, then number, piece and offset (4 bytes each). */
export const blockHeadBytes = frameHeadBytes + 12

/** A hash of the longest kind in use, 512 bits. */
const maxHashBytes = 64

export const limits = {
  /** What the length of any frame may say: the largest that is known takes 512 KiB, and types of later versions get the same again. They are skipped without being kept. */
  frameBytes: 1024 * 1024,
  /** The largest request, so the largest block: at 1 Gbit/s it takes 4 ms, and a peer at 1 MB/s is asked for less at a time. */
  blockBytes: 512 * 1024,
  /** The largest piece of any manifest: no range of a piece ends beyond it. */
  pieceBytes: maxPieceBytes,
  /** Bounds the bitfield. 4,194,304 pieces are 64 TiB at 16 MiB, 2 TiB at 512 KiB, 64 GiB at 16 KiB. */
  pieces: 4 * 1024 * 1024,
  /** One bit for each of so many pieces: the longest frame that must be kept whole before its channel is known to be admitted. */
  bitfieldBytes: 4 * 1024 * 1024 / 8,
  /** Pieces that one `have` tells: all that are stored in a second at 2 GB/s and 512 KiB, in one frame of 16 KiB. */
  havePieces: 4096,
  /** Name and version of a program, printable ASCII: it is shown to people. */
  agentBytes: 64,
  /** A hello with the fields that later versions may put behind those of this one. */
  helloBytes: 1024,
  /** A sealed credential: two names of 64 letters at most, a device, two hashes, a signature. */
  credentialBytes: 1024,
  /** A sealed log entry. */
  removalBytes: 4096,
  /** Piece hashes in one page. */
  hashes: hashPage,
  hashesBytes: hashPage * maxHashBytes,
  /** A proof: one hash for each layer above a page, for twice as many layers as `pieces` needs. */
  proofBytes: 4096,
  /** Requests that one side may leave unanswered on a link, over all channels: 32 MiB of the smallest, four times what a session asks of one link. */
  outstandingRequests: 2048,
  /** Requests of channels that we ended, whose blocks may still be on their way. Beyond it the oldest are forgotten, and a block for them is one that nobody asked for. */
  lateAnswers: 4096,
  /** Channels that one side may have open on a link: each costs the other about 1 KiB. */
  channels: 4096
} as const

/** Ranges begin at a multiple of this in their piece. */
export const rangeBytes = leafBytes
