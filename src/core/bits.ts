/**
 * Flags, one per piece, in words of 32, with a second row of one flag per word: what is asked millions of times is answered without a copy, and the few that
 * are set among a million are found in a thousand steps at most.
 */

export interface Bits {
  readonly length: number
  readonly count: number
  /** To be read only: flag 0 is the highest bit of word 0. */
  readonly words: Uint32Array
  /** Which words have something. */
  readonly summary: Uint32Array
  has (index: number): boolean
  /** @returns whether it was not set before */
  add (index: number): boolean
  /** @returns whether it was set before */
  delete (index: number): boolean
  /** Whether any is set from `first` on and before `end`. */
  any (first: number, end: number): boolean
  /** The first that is set from `first` on, in others of the same length, too, if given; `length` when there is none. */
  next (first: number, others?: Bits): number
  /** How many are set here and in others of the same length. */
  shared (others: Bits): number
  /** Those that are set, from `first` on and in rising order. What is behind the place reached may change meanwhile. */
  from (first: number): Generator<number>
}

const maskOf = (index: number): number => 0x8000_0000 >>> (index & 31)

/** Counts by adding in parallel: pairs, fours, bytes, and the bytes by one multiplication. */
const ones = (word: number): number => {
  const pairs = word - (word >>> 1 & 0x5555_5555)
  const fours = (pairs & 0x3333_3333) + (pairs >>> 2 & 0x3333_3333)
  return Math.imul(fours + (fours >>> 4) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

/** @param packed as on the wire: flag 0 is the highest bit of byte 0. @throws RangeError when it has another size or a spare bit set */
export const bits = (length: number, packed?: Uint8Array): Bits => {
  const words = new Uint32Array(Math.ceil(length / 32))
  const summary = new Uint32Array(Math.ceil(words.length / 32))
  let count = 0
  if (packed !== undefined) {
    const bytes = Math.ceil(length / 8)
    if (packed.byteLength !== bytes) throw new RangeError(`${length} flags take ${bytes} bytes, not ${packed.byteLength}.`)
    if (length % 8 !== 0 && ((packed[bytes - 1] ?? 0) & (0xff >> (length % 8))) !== 0) throw new RangeError('A spare bit is set.')
    for (let at = 0; at < bytes; at++) words[at >> 2] = (words[at >> 2] ?? 0) | ((packed[at] ?? 0) << (24 - 8 * (at & 3)))
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? 0
      count += ones(word)
      if (word !== 0) summary[at >> 5] = (summary[at >> 5] ?? 0) | maskOf(at)
    }
  }
  const has = (index: number): boolean => ((words[index >> 5] ?? 0) & maskOf(index)) !== 0
  const next = (first: number, { words: theirWords, summary: theirSummary }: Pick<Bits, 'words' | 'summary'> = own): number => {
    let at = first >> 5
    let word = (words[at] ?? 0) & (theirWords[at] ?? 0) & (0xffff_ffff >>> (first & 31))
    if (word === 0) {
      at++
      let row = at >> 5
      let set = (summary[row] ?? 0) & (theirSummary[row] ?? 0) & (0xffff_ffff >>> (at & 31))
      while (word === 0) {
        while (set === 0) {
          if (++row >= summary.length) return length
          set = (summary[row] ?? 0) & (theirSummary[row] ?? 0)
        }
        at = row * 32 + Math.clz32(set)
        set &= ~maskOf(at)
        word = (words[at] ?? 0) & (theirWords[at] ?? 0)
      }
    }
    return at * 32 + Math.clz32(word)
  }
  const own: Bits = {
    length,
    words,
    summary,
    get count () { return count },
    has,
    next,
    add (index) {
      if (has(index)) return false
      words[index >> 5] = (words[index >> 5] ?? 0) | maskOf(index)
      summary[index >> 10] = (summary[index >> 10] ?? 0) | maskOf(index >> 5)
      count++
      return true
    },
    delete (index) {
      if (!has(index)) return false
      words[index >> 5] = (words[index >> 5] ?? 0) & ~maskOf(index)
      if (words[index >> 5] === 0) summary[index >> 10] = (summary[index >> 10] ?? 0) & ~maskOf(index >> 5)
      count--
      return true
    },
    any (first, end) {
      for (let at = first >> 5; at * 32 < end; at++) {
        const before = at * 32 < first ? 0xffff_ffff >>> (first & 31) : 0xffff_ffff
        const behind = end - at * 32 < 32 ? ~(0xffff_ffff >>> (end & 31)) : 0xffff_ffff
        if (((words[at] ?? 0) & before & behind) !== 0) return true
      }
      return false
    },
    shared (others) {
      let both = 0
      for (let at = 0; at < words.length; at++) both += ones((words[at] ?? 0) & (others.words[at] ?? 0))
      return both
    },
    * from (first) { for (let index = next(first); index < length; index = next(index + 1)) yield index }
  }
  return own
}
