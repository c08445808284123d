/** "Did you mean …?": the nearest of the words that exist. */

/** Number of insertions, deletions, replacements and swaps of neighbours between two words. */
const distance = (a: string, b: string): number => {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1)
      row.push(best)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** The word meant, if one is near enough: the only one that begins so, or one slip in three letters. */
export const nearest = (typed: string, words: readonly string[]): string | undefined => {
  const longer = words.filter(word => word.startsWith(typed))
  if (typed.length >= 3 && longer.length === 1) return longer[0]
  let best: string | undefined
  let least = Math.min(3, Math.ceil(typed.length / 3)) + 1
  for (const word of words) {
    const far = distance(typed.toLowerCase(), word.toLowerCase())
    if (far < least) { best = word; least = far }
  }
  return best
}

/** ` Did you mean X?`, or nothing. To be put behind a sentence. */
export const didYouMean = (typed: string, words: readonly string[]): string => {
  const word = nearest(typed, words)
  return word === undefined ? '' : ` Did you mean ${word}?`
}
