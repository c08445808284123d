/**
 * Flags, one per piece, in words of 32, with a second row of one flag per word: what is asked millions of times is answered without a copy, and the few that
 * are set among a million are found in a thousand steps at most.
 */

export interface Bits {
  readonly length: number
  readonly count: number
  has (index: number): boolean
  /** @returns whether it was not set before */
  add (index: number): boolean
  /** @returns whether it was set before */
  delete (index: number): boolean
  /** Those that are set, from `first` on and in rising order. What is behind the place reached may change meanwhile. */
  from (first: number): Generator<number>
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
  /** Which words have something. */
  const summary = new Uint32Array(Math.ceil(words.length / 32))
  let count = 0
  if (packed !== undefined) {
    const bytes = Math.ceil(length / 8)
    if (packed.byteLength !== bytes) throw new RangeError(`${length} flags take ${bytes} bytes, not ${packed.byteLength}.`)
    if (length % 8 !== 0 && ((packed[bytes - 1] ?? 0) & (0xff >> (length % 8))) !== 0) throw new RangeError('A spare bit is set.')
    for (let at = 0; at < bytes; at++) words[at >> 2] = (words[at >> 2] ?? 0) | ((packed[at] ?? 0) << (24 - 8 * (at & 3)))
    for (const [at, word] of words.entries()) {
      count += ones(word)
      if (word !== 0) summary[at >> 5] = (summary[at >> 5] ?? 0) | maskOf(at)
    }
  }
  const has = (index: number): boolean => ((words[index >> 5] ?? 0) & maskOf(index)) !== 0
  function * from (first: number): Generator<number> {
    let summaryKeep = 0xffff_ffff >>> ((first >> 5) & 31)
    for (let row = first >> 10; row < summary.length; row++) {
      let set = (summary[row] ?? 0) & summaryKeep
      summaryKeep = 0xffff_ffff
      while (set !== 0) {
        const zeros = Math.clz32(set)
        set &= ~(0x8000_0000 >>> zeros)
        const at = row * 32 + zeros
        let word = (words[at] ?? 0) & (at === first >> 5 ? 0xffff_ffff >>> (first & 31) : 0xffff_ffff)
        while (word !== 0) {
          const index = Math.clz32(word)
          word &= ~(0x8000_0000 >>> index)
          yield at * 32 + index
        }
      }
    }
  }
  return {
    length,
    from,
    get count () { return count },
    has,
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
    }
  }
}
