/** User and password for a command of the system's shell: from a file, standard input, the environment or a person. Never from an argument. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { ShoalError } from '../contract/index.ts'
import { usage } from './exit.ts'
import type { Arguments, Option } from './grammar.ts'
import type { Io } from './io.ts'
import { askLine, askSecret } from './prompt.ts'

export const userOption: Option = { name: '--user', value: 'USER', summary: 'who logs in; else SHOAL_USER, else it is asked for' }
export const passwordFileOption: Option = { name: '--password-file', value: 'FILE', summary: 'reads the password from a file; else SHOAL_PASSWORD, else it is asked for' }
export const passwordInputOption: Option = { name: '--password-stdin', summary: 'reads the password from standard input' }

const canAsk = (io: Io): boolean => io.stdin.isTTY === true && io.stderr.isTTY === true

const oneLine = (content: string): string => content.replace(/\r?\n$/, '')

export const readUser = async (args: Arguments, io: Io): Promise<string> => {
  const given = args.option('--user') ?? io.env.SHOAL_USER
  if (given !== undefined && given !== '') return given.normalize('NFC')
  if (canAsk(io)) return (await askLine(io.stdin, io.stderr, 'User: ')).trim().normalize('NFC')
  throw usage('No user is given. Use --user USER or SHOAL_USER.')
}

/** Where a password may come from, as the options say. */
export interface PasswordSource { readonly file: string | undefined, readonly fromInput: boolean }

/** Of a command that has both options. */
export const passwordSource = (args: Arguments): PasswordSource => ({ file: args.option('--password-file'), fromInput: args.has('--password-stdin') })

/** @param questions asked of a person; the answers must agree */
export const readPassword = async ({ file, fromInput }: PasswordSource, io: Io, questions: readonly string[] = ['Password: ']): Promise<string> => {
  if (file !== undefined && fromInput) throw usage('--password-file and --password-stdin exclude each other. Leave one out.')
  if (file !== undefined) {
    try { return oneLine(await readFile(file, 'utf8')) } catch (cause) {
      throw new ShoalError('FILE_UNREADABLE', `Cannot read the password from "${file}": ${cause instanceof Error ? cause.message : String(cause)}. Check the path and its permissions.`, { cause })
    }
  }
  if (fromInput) return oneLine(await text(io.stdin))
  if (io.env.SHOAL_PASSWORD !== undefined) return io.env.SHOAL_PASSWORD
  if (!canAsk(io)) throw usage('No password is given. Use --password-file FILE, --password-stdin or SHOAL_PASSWORD.')
  const answers: string[] = []
  for (const question of questions) answers.push(await askSecret(io.stdin, io.stderr, question))
  if (new Set(answers).size > 1) throw usage('The two passwords differ. Run the command again.')
  return answers[0] ?? ''
}
