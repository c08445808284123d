/** What may be typed after a command's name, and its reading. The same for the shell and for the command line of the system. */
import { assert, ShoalError } from '../contract/index.ts'
import { usage } from './exit.ts'
import { didYouMean } from './suggest.ts'

/** What an argument names: decides its completion and what is said when its name was typed with spaces and without quotes. */
export type ArgumentKind = 'user' | 'group' | 'file' | 'path' | 'destination' | 'password' | 'command' | 'text'

export interface Argument { readonly name: string, readonly kind: ArgumentKind, readonly optional?: boolean }

export interface Option {
  /** With its dashes: `--name`. */
  readonly name: string
  /** What it takes, for people; none: a switch. */
  readonly value?: string
  /** Whether it may be given several times, or a list with commas. */
  readonly many?: true
  readonly summary: string
}

export interface Grammar {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly arguments: readonly Argument[]
  readonly options?: readonly Option[]
  /** One line, from a small letter, without a full stop. */
  readonly summary: string
  /** What else is worth knowing, in lines. */
  readonly details?: readonly string[]
}

/** `download_file GROUP FILE DESTINATION` */
export const shortForm = (grammar: Grammar, name = grammar.name): string =>
  [name, ...grammar.arguments.map(argument => argument.optional === true ? `[${argument.name}]` : argument.name)].join(' ')

/** `download_file GROUP FILE DESTINATION [--overwrite]` */
export const synopsis = (grammar: Grammar, name = grammar.name): string =>
  [shortForm(grammar, name), ...(grammar.options ?? []).map(option => `[${option.name}${option.value === undefined ? '' : ` ${option.value}`}]`)].join(' ')

/** What was typed, by name. */
export interface Arguments {
  /** An argument that is not optional. */
  text (argument: string): string
  maybe (argument: string): string | undefined
  /** The last value of an option. */
  option (option: string): string | undefined
  /** All values of an option, split at commas. */
  list (option: string): readonly string[]
  has (option: string): boolean
}

/** More words than there are arguments. */
export class TooManyWords extends ShoalError {
  readonly words: readonly string[]
  constructor (message: string, words: readonly string[]) {
    super('USAGE', message)
    this.words = words
  }
}

/** What every command has. */
export const commonOptions: readonly Option[] = [
  { name: '--help', summary: 'shows this help' },
  { name: '--json', summary: 'prints the result as JSON' }
]

/**
 * Words beginning with `--` are options, up to a `--` alone; but those of a command that takes a password come after it, so that a password may begin in
 * any way.
 * @throws ShoalError USAGE, BAD_OPTION
 */
export const readArguments = (grammar: Grammar, words: readonly string[]): Arguments & { readonly help: boolean } => {
  const values = new Map<string, string[]>()
  const given: string[] = []
  const options = [...grammar.options ?? [], ...commonOptions]
  const optionless = grammar.options === undefined && grammar.arguments.some(argument => argument.kind === 'password')
  const help = words.includes('--help') && (!optionless || words.length === 1)
  let rest = false
  for (let at = 0; at < words.length && !help; at++) {
    const word = words[at] ?? ''
    const raw = rest || (optionless && given.length < grammar.arguments.length)
    if (raw || !word.startsWith('--')) { given.push(word); continue }
    if (word === '--') { rest = true; continue }
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    const option = options.find(candidate => candidate.name === name)
    if (option === undefined) {
      const others = [...new Set(options.map(candidate => candidate.name))]
      throw new ShoalError('BAD_OPTION', `${grammar.name} has no option ${name}.${didYouMean(name, others)} It has ${others.join(', ')}. Write -- before a name that begins so.`)
    }
    if (option.value === undefined && equals >= 0) throw new ShoalError('BAD_OPTION', `${name} takes no value. Leave out "=".`)
    const value = option.value === undefined ? '' : equals >= 0 ? word.slice(equals + 1) : words[++at]
    if (value === undefined) throw new ShoalError('BAD_OPTION', `${name} needs ${option.value ?? 'a value'}. Type: ${shortForm(grammar)}`)
    if (option.many === true && value.split(',').includes('')) throw new ShoalError('BAD_OPTION', `${name} has "${value}", in which a value is empty. Write ${name} ${option.value ?? 'VALUE'}, without a comma at its ends, or leave it out.`)
    values.set(name, [...values.get(name) ?? [], value])
  }
  if (!help) checkCount(grammar, given)
  const byName = new Map(grammar.arguments.map((argument, i) => [argument.name, given[i] === undefined ? undefined : nfc(argument.kind, given[i])]))
  const known = (name: string): void => { assert(options.some(option => option.name === name), `${grammar.name} reads the option ${name} that it does not have`) }
  return {
    help,
    text: name => {
      const text = byName.get(name)
      assert(text !== undefined, `${grammar.name} reads the argument ${name} that it does not need`)
      return text
    },
    maybe: name => byName.get(name),
    option: name => { known(name); return values.get(name)?.at(-1) },
    list: name => { known(name); return (values.get(name) ?? []).flatMap(value => value.split(',')) },
    has: name => { known(name); return values.has(name) }
  }
}

/** Names of users and groups are NFC; a keyboard may give another form. */
const nfc = (kind: ArgumentKind, text: string): string => kind === 'user' || kind === 'group' ? text.normalize('NFC') : text

const checkCount = (grammar: Grammar, given: readonly string[]): void => {
  const missing = grammar.arguments.filter((argument, i) => argument.optional !== true && given[i] === undefined).map(argument => argument.name)
  if (missing.length > 0) throw usage(`${grammar.name} needs ${missing.join(' and ')}. Type: ${shortForm(grammar)}`)
  if (given.length > grammar.arguments.length) {
    const count = grammar.arguments.length === 0 ? 'no words' : grammar.arguments.length === 1 ? 'one word' : `${grammar.arguments.length} words`
    const hint = grammar.arguments.length === 0 ? '' : ' Quote a name that contains spaces.'
    throw new TooManyWords(`${grammar.name} takes ${count}, not ${given.length}.${hint} Type: ${shortForm(grammar)}`, given)
  }
}
