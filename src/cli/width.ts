/** How many columns of a terminal a text takes: close enough to keep columns straight and a line within its row. */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

const widthOf = (grapheme: string): number => wide.test(grapheme) ? 2 : 1

export const textWidth = (text: string): number => {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += widthOf(segment)
  return width
}

export const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)))

/** As much from the beginning as fits. */
export const cutTo = (text: string, width: number): string => {
  let left = width
  let cut = ''
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) break
    cut += segment
  }
  return cut
}
