/** Too many words for a command: if some of them, joined by spaces, are the name of something, quotes were forgotten. */
import { access } from 'node:fs/promises'
import type { Shoal } from '../contract/index.ts'
import { usage } from './exit.ts'
import type { Grammar, TooManyWords } from './grammar.ts'
import { quoteWords } from './words.ts'

/** A hint is worth that much waiting, and that many names. */
const patienceMs = 2000
const mostNames = 10_000

const isThere = async (path: string): Promise<boolean> => {
  try { await access(path); return true } catch { return false }
}

const groupHas = async (shoal: Shoal, group: string, file: string, signal: AbortSignal): Promise<boolean> => {
  let seen = 0
  try {
    for await (const { name } of shoal.listFiles(group, { signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) })) {
      if (name === file) return true
      if (++seen === mostNames) return false
    }
  } catch { /* no hint, then: the error about the words is given all the same */ }
  return false
}

/** @returns the same error, with the line that was meant if it can be told. @param name how the command was called */
export const missingQuotes = async (grammar: Grammar, error: TooManyWords, name: string, shoal: Shoal | undefined, signal: AbortSignal): Promise<Error> => {
  const { words } = error
  const extra = words.length - grammar.arguments.length
  const groupAt = grammar.arguments.findIndex(argument => argument.kind === 'group')
  for (const [at, { kind }] of grammar.arguments.entries()) {
    const joined = words.slice(at, at + extra + 1).join(' ')
    const meant = [...words.slice(0, at), joined, ...words.slice(at + extra + 1)]
    const found = kind === 'path' || kind === 'destination'
      ? await isThere(joined)
      : kind === 'file' && shoal?.user !== undefined && await groupHas(shoal, meant[groupAt] ?? '', joined, signal)
    if (found) return usage(`The name "${joined}" contains spaces and needs quotes. Type: ${name} ${quoteWords(meant)}`)
  }
  return error
}
