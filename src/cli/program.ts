/** The command line of the system: which command, its words, its help; and what an error looks like there. */
import { exitStatus, ShoalError } from '../contract/index.ts'
import { findCommand } from './command.ts'
import type { Command } from './command.ts'
import { commands } from './commands/index.ts'
import { detailsOf, failureOf } from './exit.ts'
import { readArguments, TooManyWords } from './grammar.ts'
import type { Grammar } from './grammar.ts'
import { commandHelp, commandList } from './help.ts'
import { write } from './io.ts'
import type { Io } from './io.ts'
import { missingQuotes } from './missing-quotes.ts'
import { errorLine, jsonLine } from './render.ts'
import type { Ending } from './signals.ts'
import { subcommands } from './subcommands.ts'
import { didYouMean } from './suggest.ts'
import { version } from '../version.ts'

const aloneCommands = commands.filter(command => command.alone !== undefined)

const shown = (command: Command): Grammar => ({ ...command, name: command.aliases?.[0] ?? command.name, arguments: command.arguments.filter(({ kind }) => kind !== 'password') })

const overview = (): readonly string[] => [
  'shoal: files shared inside groups, from machine to machine.',
  '',
  ...commandList([...subcommands, ...aloneCommands.filter(command => command.alone !== 'done').map(shown)]),
  '',
  'Each of these runs one command of the shell, and ends:',
  ...commandList(aloneCommands.filter(command => command.alone === 'done').map(shown)),
  '',
  'shoal COMMAND --help shows the options of one; shoal --version the version.',
  'Begin with: shoal tracker, and in another terminal: shoal peer',
  'Exit status: 0 done, 1 bug, 2 usage, 3 not logged in or wrong password, 4 forbidden or absent, 5 conflict, 6 network or tracker, 7 storage, 8 integrity, 130 interrupted.'
]

const perform = async (name: string, words: readonly string[], io: Io, ending: Ending): Promise<number> => {
  const help = (lines: readonly string[]): Promise<void> => write(io.stdout, `${lines.join('\n')}\n`)
  const read = async (grammar: Grammar): Promise<ReturnType<typeof readArguments>> => {
    try { return readArguments(grammar, words) } catch (error) {
      throw error instanceof TooManyWords ? await missingQuotes(grammar, error, `shoal ${name}`, undefined, ending.signal) : error
    }
  }
  const subcommand = subcommands.find(candidate => candidate.name === name)
  if (subcommand !== undefined) {
    const args = await read(subcommand)
    if (!args.help) return subcommand.run(args, io, ending)
    await help(commandHelp(subcommand, `shoal ${name}`))
    return exitStatus.done
  }
  const command = findCommand(aloneCommands, name)
  if (command === undefined) {
    const inShell = findCommand(commands, name)
    const names = [...subcommands, ...aloneCommands.map(shown)].map(grammar => grammar.name)
    throw inShell === undefined
      ? new ShoalError('UNKNOWN_COMMAND', `There is no command "${name}".${didYouMean(name, names)} Type: shoal --help`)
      : new ShoalError('UNKNOWN_COMMAND', `${inShell.name} is a command of the shell. Type: shoal peer, then: ${inShell.name}`)
  }
  const { aloneGrammar, runAlone } = await import('./alone.ts')
  const grammar = aloneGrammar(command)
  const args = await read(grammar)
  if (!args.help) return runAlone(command, args, io, ending)
  await help(commandHelp(grammar, `shoal ${grammar.name}`))
  return exitStatus.done
}

/** Of `shoal tracker reset-password`, the same as of everything else: one line, and the status. */
const report = async (error: unknown, name: string, words: readonly string[], io: Io): Promise<number> => {
  const failure = failureOf(error)
  if (words.includes('--debug')) await write(io.stderr, `${detailsOf(error)}\n`)
  if (words.includes('--json')) await write(io.stdout, `${jsonLine({ command: findCommand(commands, name)?.name ?? name, ok: false, error: { code: failure.code, message: failure.message, exitStatus: failure.status } })}\n`)
  await write(io.stderr, `shoal: ${errorLine(failure)}\n`)
  return failure.status
}

/** @returns the exit status. Never throws. */
export const runProgram = async (argv: readonly string[], io: Io, ending: Ending): Promise<number> => {
  const [name = '--help', ...words] = argv
  if (name === '--version' || name === '-V') { await write(io.stdout, `${version}\n`); return exitStatus.done }
  if (name === '--help' || name === '-h' || (name === 'help' && words.length === 0)) {
    await write(io.stdout, `${overview().join('\n')}\n`)
    return exitStatus.done
  }
  try {
    return name === 'help' ? await perform(words[0] ?? '', ['--help'], io, ending) : await perform(name, words, io, ending)
  } catch (error) { return await report(error, name, words, io) }
}
