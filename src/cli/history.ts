/** Lines typed before, newest first, in a file of the user's alone. Lines that hold a password, or may hold one, are never kept. */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { findCommand } from './command.ts'
import type { Command } from './command.ts'
import { splitWords } from './words.ts'

const mostLines = 1000

/** Only a line that is understood: in one that is not, a word may be a password all the same. */
export const isKeepable = (line: string, commands: readonly Command[]): boolean => {
  try {
    const [name] = splitWords(line, '~')
    const command = name === undefined ? undefined : findCommand(commands, name)
    return command !== undefined && !command.arguments.some(argument => argument.kind === 'password')
  } catch { return false }
}

export interface History {
  readonly lines: readonly string[]
  /** Adds a line, if it may be kept. Failing to write it loses only the line. */
  add (line: string): Promise<void>
}

export const openHistory = async (path: string, commands: readonly Command[]): Promise<History> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  const stored = text.split('\n').filter(line => line !== '')
  let lines = stored.slice(-mostLines).reverse()
  if (stored.length > 2 * mostLines) {
    const shorter = `${path}.new`
    await writeFile(shorter, `${lines.toReversed().join('\n')}\n`, { mode: 0o600 }).then(() => rename(shorter, path)).catch(() => undefined)
  }
  return {
    get lines () { return lines },
    add: async line => {
      if (!isKeepable(line, commands) || lines[0] === line) return
      lines = [line, ...lines].slice(0, mostLines)
      await appendFile(path, `${line}\n`, { mode: 0o600 }).catch(() => undefined)
    }
  }
}
