/** One line becomes one command, run and printed. What surrounds it (reading lines, the answer, the prompt) is of pipe-shell.ts and terminal-shell.ts. */
import { ShoalError } from '../contract/index.ts'
import type { Shoal } from '../contract/index.ts'
import { commandNames, findCommand } from './command.ts'
import type { Command, Face, Result } from './command.ts'
import { usage } from './exit.ts'
import { readArguments, TooManyWords } from './grammar.ts'
import { commandHelp } from './help.ts'
import { missingQuotes } from './missing-quotes.ts'
import { printResult } from './render.ts'
import type { Style } from './render.ts'
import { didYouMean } from './suggest.ts'
import { splitWords } from './words.ts'

export interface ShellOptions {
  readonly shoal: Shoal
  readonly commands: readonly Command[]
  readonly face: Face
  /** What `~` stands for. */
  readonly home: string
  readonly style: Exclude<Style, 'json'>
  readonly print: (line: string) => Promise<void>
  /** Runs around the work of each command. */
  readonly during?: <T>(work: Promise<T>) => Promise<T>
}

export interface Ran { readonly command: Command, readonly result: Result | undefined, readonly json: boolean }

export interface Shell {
  /** Finds, checks and runs the command of a line; its result is not printed yet. @throws ShoalError */
  run (line: string, signal: AbortSignal): Promise<Ran>
  /** Prints a result as it comes. @throws ShoalError of a list that breaks off */
  print (ran: Ran, signal: AbortSignal): Promise<void>
}

export const namedCommand = (commands: readonly Command[], name: string): Command => {
  const command = findCommand(commands, name)
  if (command !== undefined) return command
  throw new ShoalError('UNKNOWN_COMMAND', `There is no command "${name.length > 80 ? `${name.slice(0, 80)}…` : name}".${didYouMean(name, commandNames(commands))} Type help for the list.`)
}

/** The work, or the reason of the signal as soon as it is aborted: a part that does not listen cannot hold up the shell. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => { reject(signal.reason instanceof Error ? signal.reason : new ShoalError('INTERRUPTED', 'The command was interrupted.')) }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  promise.catch(() => undefined)
  try { return await Promise.race([work, promise]) } finally { signal.removeEventListener('abort', abort) }
}

/** What a cancelled command still does is no longer of interest. */
const until = (signal: AbortSignal, face: Face): Face => ({
  ...face,
  note: text => { if (!signal.aborted) face.note(text) },
  progress: text => { if (!signal.aborted) face.progress(text) }
})

export const createShell = ({ shoal, commands, face, home, style, print, during = work => work }: ShellOptions): Shell => {
  const perform = async (line: string, signal: AbortSignal): Promise<Ran> => {
    const [name, ...words] = splitWords(line, home)
    if (name === undefined) throw usage('The line has no command. Type help for the list.')
    const command = namedCommand(commands, name)
    try {
      const args = readArguments(command, words)
      if (args.help) return { command: { ...command, ends: false }, result: { type: 'text', lines: commandHelp(command), json: commandHelp(command) }, json: args.has('--json') }
      if (command.login !== false && shoal.user === undefined) {
        throw new ShoalError('NOT_LOGGED_IN', `${command.name} needs a user, and nobody is logged in. Type: login USER PASSWORD`)
      }
      return { command, result: await command.run({ shoal, args, signal, face: until(signal, face), commands }), json: args.has('--json') }
    } catch (error) {
      if (!(error instanceof TooManyWords)) throw error
      throw await missingQuotes(command, error, command.name, shoal, signal)
    }
  }
  return {
    run: (line, signal) => during(unlessAborted(perform(line, signal), signal)),
    print: ({ result, json }, signal) => during(unlessAborted(
      printResult(result, json ? 'json' : style, async text => { if (!signal.aborted) await print(text) }), signal
    ))
  }
}
