/**
 * The payload of every message type: its number, its length, its fields. Owns the forms and the checks that need nothing but the message itself; the frame
 * around it is in encoder.ts and decoder.ts, what may be said when in channels.ts.
 *
 * Types that a peer may skip without harm have odd numbers, the others even ones. So `cancel` is odd: a peer that does not know it answers with the block.
 */
import { fromHex, MalformedError, toHex } from '../contract/index.ts'
import type { ByteReader, ByteWriter, ContentId, GroupId } from '../contract/index.ts'
import type { BlockRange, MessageOf, MessageType } from '../core/message.ts'
import { limits, rangeBytes } from './limits.ts'

/** What some messages say to the other codec beside what they say to its session, behind their own fields (see channels.ts). */
export interface Stamp {
  /** In `open`: how many `close`s its sender had heard on the link. In `request`: how many chokes on the channel that is to answer. */
  readonly heard?: number
  /** In `close`: group and content, in hex. */
  readonly subject?: string
}

interface StampForm {
  write (to: ByteWriter, stamp: Stamp): void
  read (from: ByteReader): Stamp
}

const heard: StampForm = {
  write: (to, stamp) => { to.u32(stamp.heard ?? 0) },
  read: from => ({ heard: from.u32() })
}

const subjectBytes = 64
const subject: StampForm = {
  write: (to, stamp) => { to.raw(stamp.subject === undefined ? new Uint8Array(subjectBytes) : fromHex(stamp.subject)) },
  read: from => ({ subject: toHex(from.raw(subjectBytes)) })
}

export interface Form<T extends MessageType> {
  /** The type's number on the wire. */
  readonly code: number
  /** Least and most bytes of the payload. */
  readonly min: number
  readonly max: number
  write (to: ByteWriter, message: MessageOf<T>): void
  /** @throws MalformedError */
  read (from: ByteReader): MessageOf<T>
  /** Behind the message's own fields; counted in `min` and `max`. */
  readonly stamp?: StampForm
}

const must = (holds: boolean, what: string): void => { if (!holds) throw new MalformedError(what) }

const flag = (from: ByteReader): boolean => {
  const value = from.u8()
  must(value <= 1, `A flag is ${value}.`)
  return value === 1
}

const hash = (from: ByteReader): string => toHex(from.raw(32))

const pieceIndex = (from: ByteReader): number => {
  const piece = from.u32()
  must(piece < limits.pieces, `Piece ${piece} is beyond the limit of ${limits.pieces}.`)
  return piece
}

/** @throws MalformedError when no range of a piece can be like this. Whether the content has it is for the session to know. */
export const checkRange = ({ piece, offset, length }: BlockRange): void => {
  must(piece < limits.pieces, `Piece ${piece} is beyond the limit of ${limits.pieces}.`)
  must(offset % rangeBytes === 0, `Offset ${offset} is not a multiple of ${rangeBytes}.`)
  must(length > 0 && length <= limits.blockBytes, `A range of ${length} bytes is outside 1 … ${limits.blockBytes}.`)
  must(offset + length <= limits.pieceBytes, `A range ends at ${offset + length}, beyond the limit of ${limits.pieceBytes}.`)
}

const readRange = (from: ByteReader): BlockRange => {
  const range = { piece: from.u32(), offset: from.u32(), length: from.u32() }
  checkRange(range)
  return range
}

const writeRange = (to: ByteWriter, number: number, range: BlockRange): ByteWriter => {
  checkRange(range)
  return to.u32(number).u32(range.piece).u32(range.offset).u32(range.length)
}

/** The first piece of a page of hashes. */
const pageStart = (from: ByteReader): number => {
  const first = pieceIndex(from)
  must(first % limits.hashes === 0, `A page of hashes begins at ${first}.`)
  return first
}

const readPage = (from: ByteReader): { layer: number, first: number, count: number } => {
  const page = { layer: from.u8(), first: pageStart(from), count: from.u16() }
  must(page.count > 0 && page.count <= limits.hashes, `A page of ${page.count} hashes is outside 1 … ${limits.hashes}.`)
  return page
}

const printable = /^[\x20-\x7e]*$/

/** Fields that are kept are copied out of the frame, so that a small message does not hold on to a large chunk. */
export const forms: { readonly [T in Exclude<MessageType, 'block'>]: Form<T> } = {
  hello: {
    code: 0, min: 10, max: limits.helloBytes,
    write: (to, { features, agent }) => { to.u64(features).text16(agent) },
    read: from => {
      const features = from.u64()
      const agent = from.text16(limits.agentBytes)
      must(printable.test(agent), 'The agent is not printable ASCII.')
      from.raw(from.left) // fields of later versions
      return { type: 'hello', features, agent }
    }
  },
  open: {
    code: 2, min: 74, max: 74 + limits.credentialBytes, stamp: heard,
    write: (to, { number, group, content, credential }) => { to.u32(number).raw(fromHex(group)).raw(fromHex(content)).bytes16(credential) },
    read: from => ({ type: 'open', number: from.u32(), group: hash(from) as GroupId, content: hash(from) as ContentId, credential: from.bytes16(limits.credentialBytes).slice() })
  },
  refuse: {
    code: 4, min: 4, max: 4,
    write: (to, { number }) => { to.u32(number) },
    read: from => ({ type: 'refuse', number: from.u32() })
  },
  close: {
    code: 6, min: 68, max: 68, stamp: subject,
    write: (to, { number }) => { to.u32(number) },
    read: from => ({ type: 'close', number: from.u32() })
  },
  pieces: {
    code: 8, min: 5, max: 5 + limits.bitfieldBytes,
    write: (to, { number, have }) => { if (have === 'all') to.u32(number).u8(1); else to.u32(number).u8(0).raw(have) },
    read: from => {
      const number = from.u32()
      return { type: 'pieces', number, have: flag(from) ? 'all' : from.raw(from.left).slice() }
    }
  },
  have: {
    code: 10, min: 8, max: 4 + 4 * limits.havePieces,
    write: (to, { number, pieces }) => { to.u32(number); for (const piece of pieces) to.u32(piece) },
    read: from => {
      const number = from.u32()
      const pieces: number[] = []
      while (from.left > 0) pieces.push(pieceIndex(from))
      return { type: 'have', number, pieces }
    }
  },
  want: {
    code: 12, min: 5, max: 5,
    write: (to, { number, wanted }) => { to.u32(number).u8(wanted ? 1 : 0) },
    read: from => ({ type: 'want', number: from.u32(), wanted: flag(from) })
  },
  choke: {
    code: 14, min: 5, max: 5,
    write: (to, { number, choked }) => { to.u32(number).u8(choked ? 1 : 0) },
    read: from => ({ type: 'choke', number: from.u32(), choked: flag(from) })
  },
  request: {
    code: 16, min: 20, max: 20, stamp: heard,
    write: (to, message) => { writeRange(to, message.number, message) },
    read: from => ({ type: 'request', number: from.u32(), ...readRange(from) })
  },
  reject: {
    code: 20, min: 16, max: 16,
    write: (to, message) => { writeRange(to, message.number, message) },
    read: from => ({ type: 'reject', number: from.u32(), ...readRange(from) })
  },
  cancel: {
    code: 1, min: 16, max: 16,
    write: (to, message) => { writeRange(to, message.number, message) },
    read: from => ({ type: 'cancel', number: from.u32(), ...readRange(from) })
  },
  'ask-hashes': {
    code: 22, min: 11, max: 11,
    write: (to, { number, layer, first, count }) => { to.u32(number).u8(layer).u32(first).u16(count) },
    read: from => ({ type: 'ask-hashes', number: from.u32(), ...readPage(from) })
  },
  hashes: {
    code: 24, min: 13, max: 13 + limits.hashesBytes + limits.proofBytes,
    write: (to, { number, layer, first, hashes, proof }) => { to.u32(number).u8(layer).u32(first).bytes16(hashes).bytes16(proof) },
    read: from => ({
      type: 'hashes', number: from.u32(), layer: from.u8(), first: pageStart(from), hashes: from.bytes16(limits.hashesBytes).slice(), proof: from.bytes16(limits.proofBytes).slice()
    })
  },
  'no-hashes': {
    code: 26, min: 11, max: 11,
    write: (to, { number, layer, first, count }) => { to.u32(number).u8(layer).u32(first).u16(count) },
    read: from => ({ type: 'no-hashes', number: from.u32(), ...readPage(from) })
  },
  removal: {
    code: 3, min: 5, max: 4 + limits.removalBytes,
    write: (to, { number, entry }) => { to.u32(number).raw(entry) },
    read: from => ({ type: 'removal', number: from.u32(), entry: from.raw(from.left).slice() })
  }
}

/** A block's data is never gathered into a frame: encoder.ts and decoder.ts handle it by its header. */
export const blockForm = { code: 18, min: 13, max: 12 + limits.blockBytes } as const
