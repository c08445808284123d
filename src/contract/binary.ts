/**
 * Writes and reads the binary forms of stored and signed values and of frames: big-endian, lengths first. Owns no format.
 * The reader is for data from strangers: it throws only `MalformedError`, and never allocates more than it was given.
 */

/** The bytes are not of the form that was expected. */
export class MalformedError extends Error { override readonly name = 'MalformedError' }

const text = new TextEncoder()
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface ByteWriter {
  u8 (value: number): ByteWriter
  u16 (value: number): ByteWriter
  u32 (value: number): ByteWriter
  /** An integer 0 … 2^53 - 1 in 8 bytes. */
  u64 (value: number): ByteWriter
  /** As they are, without a length. */
  raw (bytes: Uint8Array): ByteWriter
  /** Length in 2 bytes, then the bytes. */
  bytes16 (bytes: Uint8Array): ByteWriter
  /** Length in 4 bytes, then the bytes. */
  bytes32 (bytes: Uint8Array): ByteWriter
  /** UTF-8 with its length in 2 bytes. */
  text16 (value: string): ByteWriter
  finish (): Uint8Array
}

export const byteWriter = (sizeHint = 64): ByteWriter => {
  let buffer = new Uint8Array(sizeHint)
  let view = new DataView(buffer.buffer)
  let length = 0
  const room = (count: number): number => {
    const at = length
    length += count
    if (length > buffer.byteLength) {
      const larger = new Uint8Array(Math.max(length, buffer.byteLength * 2))
      larger.set(buffer)
      buffer = larger
      view = new DataView(buffer.buffer)
    }
    return at
  }
  const fits = (value: number, max: number): number => {
    if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${value} is not an integer of 0 … ${max}.`)
    return value
  }
  const writer: ByteWriter = {
    u8: value => { const at = room(1); view.setUint8(at, fits(value, 0xff)); return writer },
    u16: value => { const at = room(2); view.setUint16(at, fits(value, 0xffff)); return writer },
    u32: value => { const at = room(4); view.setUint32(at, fits(value, 0xffff_ffff)); return writer },
    u64: value => { const at = room(8); view.setBigUint64(at, BigInt(fits(value, Number.MAX_SAFE_INTEGER))); return writer },
    raw: bytes => { const at = room(bytes.byteLength); buffer.set(bytes, at); return writer },
    bytes16: bytes => writer.u16(bytes.byteLength).raw(bytes),
    bytes32: bytes => writer.u32(bytes.byteLength).raw(bytes),
    text16: value => writer.bytes16(text.encode(value)),
    finish: () => buffer.slice(0, length)
  }
  return writer
}

export interface ByteReader {
  readonly left: number
  u8 (): number
  u16 (): number
  u32 (): number
  u64 (): number
  /** A view of the next bytes, not a copy. */
  raw (count: number): Uint8Array
  bytes16 (max?: number): Uint8Array
  bytes32 (max?: number): Uint8Array
  text16 (max?: number): string
  /** @throws MalformedError when bytes are left */
  end (): void
}

export const byteReader = (bytes: Uint8Array): ByteReader => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (count: number): number => {
    if (count > bytes.byteLength - at) throw new MalformedError(`${count} bytes expected, ${bytes.byteLength - at} left.`)
    const from = at
    at += count
    return from
  }
  const limited = (count: number, max: number | undefined): number => {
    if (max !== undefined && count > max) throw new MalformedError(`A length of ${count} is above the limit of ${max}.`)
    return count
  }
  const reader: ByteReader = {
    get left () { return bytes.byteLength - at },
    u8: () => view.getUint8(take(1)),
    u16: () => view.getUint16(take(2)),
    u32: () => view.getUint32(take(4)),
    u64: () => {
      const value = view.getBigUint64(take(8))
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedError('An integer is above 2^53 - 1.')
      return Number(value)
    },
    raw: count => { const from = take(count); return bytes.subarray(from, from + count) },
    bytes16: max => reader.raw(limited(reader.u16(), max)),
    bytes32: max => reader.raw(limited(reader.u32(), max)),
    text16: max => {
      try { return strictText.decode(reader.bytes16(max)) } catch (cause) {
        throw cause instanceof MalformedError ? cause : new MalformedError('Text is not UTF-8.', { cause })
      }
    },
    end: () => { if (at !== bytes.byteLength) throw new MalformedError(`${bytes.byteLength - at} bytes too many.`) }
  }
  return reader
}
