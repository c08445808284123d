/**
 * A line into words and back, as in POSIX sh: blanks, backslash, '…', "…", $'…'. The only expansion is a leading unquoted `~/`.
 * `$`, `*`, `;`, `|` and their like are ordinary characters: there is nothing to run.
 */
import { usage } from './exit.ts'

export interface Word {
  readonly text: string
  /** Where it begins and ends in the line. */
  readonly from: number
  readonly to: number
  /** Whether it begins with `~/`, expanded in the text. */
  readonly tilde: boolean
  /** The quote that is not closed at the end of the line; `\` for a backslash that nothing follows. */
  readonly open?: '\'' | '"' | '$\'' | '\\'
}

const blank = (character: string): boolean => character === ' ' || character === '\t'
const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '\'': '\'', '"': '"', '?': '?'
}
const numericEscape = /^(?:x([0-9a-f]{1,2})|([0-7]{1,3})|u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\})/i

/** One escape of $'…', after its backslash. */
const dollarEscape = (rest: string): { text: string, length: number } => {
  const simple = simpleEscapes[rest.charAt(0)]
  if (simple !== undefined) return { text: simple, length: 1 }
  const match = numericEscape.exec(rest)
  if (match === null) return { text: `\\${rest.charAt(0)}`, length: 1 }
  const [whole, hex, octal, short, long] = match
  const code = Number.parseInt(hex ?? octal ?? short ?? long ?? '', octal === undefined ? 16 : 8)
  if (code > 0x10ffff) throw usage(`\\${whole} is not a character.`)
  return { text: String.fromCodePoint(code), length: whole.length }
}

/** The words of a line, the last one perhaps not finished. @param home what `~` stands for */
export const scanWords = (line: string, home: string): readonly Word[] => {
  const words: Word[] = []
  let at = 0
  while (at < line.length) {
    if (blank(line.charAt(at))) { at++; continue }
    const from = at
    let text = ''
    let open: Word['open']
    const tilde = line.startsWith('~/', at)
    if (tilde) { text = home; at++ }
    while (at < line.length && !blank(line.charAt(at))) {
      const character = line.charAt(at)
      if (character === '\\') {
        if (at + 1 === line.length) { open = '\\'; at++; break }
        text += line.charAt(at + 1)
        at += 2
      } else if (character === '\'' || character === '"' || line.startsWith('$\'', at)) {
        const quote = character === '$' ? '$\'' : character === '"' ? '"' : '\''
        const part = quoted(line, at + quote.length, quote)
        text += part.text
        at = part.next
        if (!part.closed) { open = quote; break }
      } else { text += character; at++ }
    }
    words.push({ text, from, to: at, tilde, ...open === undefined ? {} : { open } })
  }
  return words
}

const quoted = (line: string, start: number, quote: '\'' | '"' | '$\''): { text: string, next: number, closed: boolean } => {
  const end = quote === '"' ? '"' : '\''
  let text = ''
  let at = start
  while (at < line.length) {
    const character = line.charAt(at)
    if (character === end) return { text, next: at + 1, closed: true }
    if (character === '\\' && quote === '$\'' && at + 1 < line.length) {
      const escape = dollarEscape(line.slice(at + 1))
      text += escape.text
      at += 1 + escape.length
    } else if (character === '\\' && quote === '"' && '$`"\\'.includes(line.charAt(at + 1)) && at + 1 < line.length) {
      text += line.charAt(at + 1)
      at += 2
    } else { text += character; at++ }
  }
  return { text, next: at, closed: false }
}

/** Whether there is nothing to do in a line: blank, or a comment. */
export const isIdle = (line: string): boolean => /^[ \t]*(?:#|$)/.test(line)

/** @throws ShoalError USAGE when a quote is not closed */
export const splitWords = (line: string, home: string): readonly string[] => {
  const words = scanWords(line, home)
  const open = words.at(-1)?.open
  if (open === '\\') throw usage('The line ends in a backslash. Write two for a backslash itself.')
  if (open !== undefined) throw usage(`A quote (${open.slice(-1)}) is not closed. Close it, or write \\${open.slice(-1)} for the character itself.`)
  if (words.some(word => word.text.includes('\0'))) throw usage('The character NUL cannot be part of a name.')
  return words.map(word => word.text)
}

/** What would move a cursor, reorder text or end a line. Lone surrogates cannot be written at all. */
export const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const eachUnprintable = new RegExp(unprintable, 'gu')
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The unprintable characters of a text, written as backslash escapes. */
export const escapeUnprintable = (text: string): string => text.replace(eachUnprintable, character => {
  const code = character.codePointAt(0) ?? 0
  return named[character] ?? (code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
})

const plain = /^[\p{L}\p{M}\p{N}._+,:@%=/^-]+$/u

/** A word such that `splitWords` reads it back, and that is safe to print. */
export const quoteWord = (word: string): string => {
  if (unprintable.test(word)) return `$'${escapeUnprintable(word.replaceAll('\\', '\\\\').replaceAll('\'', '\\\''))}'`
  return plain.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`
}

export const quoteWords = (words: readonly string[]): string => words.map(quoteWord).join(' ')
