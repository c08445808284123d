/** A fixed number of flags, one per piece, packed as on the wire: piece 0 is the highest bit of byte 0. */
export interface Bitfield {
  readonly length: number
  /** How many are set. */
  readonly count: number
  has(index: number): boolean
  /** @returns whether it was not set before. */
  add(index: number): boolean
  /** @returns whether it was set before. */
  delete(index: number): boolean
  /** The packed bytes, spare bits zero. A copy. */
  bytes(): Uint8Array
  [Symbol.iterator](): Iterator<number>
}

const ones = (byte: number): number => {
  let count = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  return count
}

/**
 * @param length number of flags
 * @param from packed bytes to begin with; `Math.ceil(length / 8)` of them, spare bits zero
 * @throws RangeError when `from` has another size or a spare bit set
 */
export const bitfield = (length: number, from?: Uint8Array): Bitfield => {
  const size = Math.ceil(length / 8)
  if (from !== undefined && from.byteLength !== size) throw new RangeError(`A bitfield of ${length} takes ${size} bytes, not ${from.byteLength}.`)
  const packed = from === undefined ? new Uint8Array(size) : Uint8Array.from(from)
  if (length % 8 !== 0 && ((packed[size - 1] ?? 0) & (0xff >> (length % 8))) !== 0) throw new RangeError('A bitfield has a spare bit set.')
  let count = 0
  for (const byte of packed) count += ones(byte)
  const bit = (index: number): number => 0x80 >> (index & 7)
  const has = (index: number): boolean => index < length && ((packed[index >> 3] ?? 0) & bit(index)) !== 0
  return {
    length,
    get count () { return count },
    has,
    add (index) {
      if (index < 0 || index >= length) throw new RangeError(`No flag ${index} in a bitfield of ${length}.`)
      if (has(index)) return false
      packed[index >> 3] = (packed[index >> 3] ?? 0) | bit(index)
      count++
      return true
    },
    delete (index) {
      if (!has(index)) return false
      packed[index >> 3] = (packed[index >> 3] ?? 0) & ~bit(index)
      count--
      return true
    },
    bytes: () => Uint8Array.from(packed),
    * [Symbol.iterator] () { for (let i = 0; i < length; i++) if (has(i)) yield i }
  }
}

/** A bitfield with every flag set. */
export const fullBitfield = (length: number): Bitfield => {
  const packed = new Uint8Array(Math.ceil(length / 8)).fill(0xff)
  if (length % 8 !== 0) packed[packed.length - 1] = (0xff << (8 - (length % 8))) & 0xff
  return bitfield(length, packed)
}
