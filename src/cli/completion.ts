/** What the Tab key adds: commands, options, groups, files of a group, who asked to join, paths. Quotes what needs quotes. */
import { readdir } from 'node:fs/promises'
import type { Shoal } from '../contract/index.ts'
import { commandNames, findCommand } from './command.ts'
import type { Command } from './command.ts'
import { commonOptions } from './grammar.ts'
import type { ArgumentKind } from './grammar.ts'
import { quoteWord, scanWords } from './words.ts'
import type { Word } from './words.ts'

/** Tab must not hang, nor print a catalog. */
const patienceMs = 1000
const mostNames = 1000

/** As readline wants it: whole replacements for the end of the line, and that end. */
export type Completion = [string[], string]

/** A candidate, and whether the word ends there (a folder goes on). */
interface Candidate { readonly text: string, readonly ends: boolean }

const finished = (texts: readonly string[]): readonly Candidate[] => texts.map(text => ({ text, ends: true }))

const specials = /[^\p{L}\p{M}\p{N}._+,:@%=/^-]/gu

/** The word as the user began to write it: after `~/`, in the quote that is open, or with backslashes. */
const written = ({ text, ends }: Candidate, { open, tilde }: Word, home: string): string => {
  if (tilde) return `~${text.slice(home.length).replace(specials, '\\$&')}`
  const quoted = quoteWord(text)
  if (quoted.startsWith('$\'')) return quoted
  if (open === '\'') return `'${text.replaceAll('\'', '\'\\\'\'')}${ends ? '\'' : ''}`
  if (open === '"') return `"${text.replace(/[$`"\\]/g, '\\$&')}${ends ? '"' : ''}`
  return text.replace(specials, '\\$&')
}

const pathCandidates = async (typed: string): Promise<readonly Candidate[]> => {
  const cut = typed.lastIndexOf('/') + 1
  const folder = typed.slice(0, cut)
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true })
  return entries
    .filter(entry => typed.length > cut || !entry.name.startsWith('.'))
    .map(entry => entry.isDirectory() ? { text: `${folder}${entry.name}/`, ends: false } : { text: `${folder}${entry.name}`, ends: true })
}

/** The words without options and what they take. */
const withoutOptions = (words: readonly string[], command: Command | undefined): readonly string[] => {
  const takesNext = (word: string): boolean => command?.options?.some(option => option.name === word && option.value !== undefined) === true
  return words.filter((word, i) => !word.startsWith('--') && !takesNext(words[i - 1] ?? ''))
}

export const createCompleter = (shoal: Shoal, commands: readonly Command[], home: string): (line: string) => Promise<Completion> => {
  const candidates = async (kind: ArgumentKind | undefined, typed: Word, before: readonly string[]): Promise<readonly Candidate[]> => {
    const signal = AbortSignal.timeout(patienceMs)
    const group = before[1] ?? ''
    switch (kind) {
      case 'command': return finished(commandNames(commands))
      case 'path': case 'destination': return pathCandidates(typed.text)
      case 'group': return shoal.user === undefined ? [] : finished((await shoal.listGroups({ signal })).map(({ name }) => name))
      case 'user': return shoal.user === undefined || group === '' ? [] : finished((await shoal.listRequests(group, { signal })).map(({ user }) => user))
      case 'file': {
        if (shoal.user === undefined) return []
        const names: string[] = []
        for await (const { name } of shoal.listFiles(group, { signal })) if (names.push(name) === mostNames) break
        return finished(names.sort())
      }
      case 'password': case 'text': case undefined: return []
    }
  }

  return async line => {
    const words = scanWords(line, home)
    const last = words.at(-1)
    const unfinished = last?.to === line.length
    const typed: Word = unfinished ? last : { text: '', from: line.length, to: line.length, tilde: false }
    const before = (unfinished ? words.slice(0, -1) : words).map(word => word.text)
    const end = line.slice(typed.from)
    const command = findCommand(commands, before[0] ?? '')
    const plain = withoutOptions(before, command)
    try {
      const found = before.length === 0
        ? finished(commandNames(commands))
        : typed.text.startsWith('--') && command !== undefined
          ? finished([...command.options ?? [], ...commonOptions].map(option => option.name))
          : await candidates(command?.arguments[plain.length - 1]?.kind, typed, plain)
      const fitting = found.filter(candidate => candidate.text.startsWith(typed.text))
      const only = fitting.length === 1
      return [fitting.map(candidate => written(candidate, typed, home) + (only && candidate.ends ? ' ' : '')), end]
    } catch { return [[], end] } // a name that cannot be looked up is typed by hand
  }
}
