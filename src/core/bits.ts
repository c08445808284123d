/** Flags, one per piece, in words of 32: what is asked millions of times is answered without a copy, and runs of nothing are skipped a word at a time. */

export interface Bits {
  readonly length: number
  readonly count: number
  has (index: number): boolean
  /** @returns whether it was not set before */
  add (index: number): boolean
  /** @returns whether it was set before */
  delete (index: number): boolean
  /** Flag 0 is the highest bit of word 0. */
  readonly words: Uint32Array
}

const maskOf = (index: number): number => 0x8000_0000 >>> (index & 31)

const ones = (word: number): number => {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}

/** @param packed as on the wire: flag 0 is the highest bit of byte 0. @throws RangeError when it has another size or a spare bit set */
export const bits = (length: number, packed?: Uint8Array): Bits => {
  const words = new Uint32Array(Math.ceil(length / 32))
  let count = 0
  if (packed !== undefined) {
    const bytes = Math.ceil(length / 8)
    if (packed.byteLength !== bytes) throw new RangeError(`${length} flags take ${bytes} bytes, not ${packed.byteLength}.`)
    if (length % 8 !== 0 && ((packed[bytes - 1] ?? 0) & (0xff >> (length % 8))) !== 0) throw new RangeError('A spare bit is set.')
    for (let at = 0; at < bytes; at++) words[at >> 2] = (words[at >> 2] ?? 0) | ((packed[at] ?? 0) << (24 - 8 * (at & 3)))
    for (const word of words) count += ones(word)
  }
  const has = (index: number): boolean => ((words[index >> 5] ?? 0) & maskOf(index)) !== 0
  return {
    length,
    words,
    get count () { return count },
    has,
    add (index) {
      if (has(index)) return false
      words[index >> 5] = (words[index >> 5] ?? 0) | maskOf(index)
      count++
      return true
    },
    delete (index) {
      if (!has(index)) return false
      words[index >> 5] = (words[index >> 5] ?? 0) & ~maskOf(index)
      count--
      return true
    }
  }
}

/** Flags that are set in one, or in both, from `first` on, in rising order. What is behind the place reached may change meanwhile. */
export function * setIn (one: Bits, other?: Bits, first = 0): Generator<number> {
  const { words } = one
  let keep = 0xffff_ffff >>> (first & 31)
  for (let at = first >> 5; at < words.length; at++) {
    let word = (words[at] ?? 0) & (other === undefined ? keep : (other.words[at] ?? 0) & keep)
    keep = 0xffff_ffff
    while (word !== 0) {
      const zeros = Math.clz32(word)
      yield at * 32 + zeros
      word &= ~(0x8000_0000 >>> zeros)
    }
  }
}
