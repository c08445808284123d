/**
 * The configuration: `config.json`, whose keys are the long options of `shoal peer`, and under `plugins` the options of plugins by kind and name. What is typed
 * wins. Owns its reading and what is wrong with it; what an option means is in open-peer.ts. Nothing secret belongs in it.
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { kinds, ShoalError } from '../contract/index.ts'
import type { PluginOptions } from '../loader.ts'
import type { Arguments, Option } from './grammar.ts'
import { configFileOf } from './homes.ts'
import type { Io } from './io.ts'
import { peerOptions, shellOptions } from './peer-options.ts'
import { didYouMean } from './suggest.ts'

/** Where an option's value comes from the configuration. */
export interface Configuration {
  /** Its path; none: there is no configuration. */
  readonly file: string | undefined
  /** Values of options by their name with dashes; of a switch that is on, one empty text. */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly plugins: PluginOptions
}

/** Arguments as typed, and what the configuration adds. */
export interface Settings extends Arguments {
  /** The folder that paths in the value of this option begin from: of the configuration if it says so, else the working directory. */
  from (option: string): string
  /** What comes of the value of this option. What is wrong with one from the configuration is told with the file and the key. */
  read<T> (option: string, work: () => Promise<T> | T): Promise<T>
  readonly plugins: PluginOptions
}

const configurable: readonly Option[] = [...peerOptions, ...shellOptions].filter(({ name }) => name !== '--config')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
/** Nothing is named by a number. */
const isText = (value: unknown, option: Option): value is string | number => typeof value === 'string' || (typeof value === 'number' && option.value?.startsWith('NAME') !== true)

/** @param wrong makes the error about this file */
const readPlugins = (value: unknown, wrong: (why: string) => ShoalError): PluginOptions => {
  if (!isObject(value)) throw wrong('"plugins" is to be an object, such as { "transport-tcp": { "backlog": 100 } }.')
  for (const [name, options] of Object.entries(value)) {
    if (!kinds.some(kind => name.startsWith(`${kind}-`) && name.length > kind.length + 1)) throw wrong(`"plugins" has "${name}", which is no KIND-NAME. Kinds are ${kinds.join(', ')}.`)
    if (!isObject(options)) throw wrong(`the options of ${name} are to be an object, such as { "level": 3 }.`)
  }
  return value as PluginOptions
}

const readValue = (key: string, option: Option, value: unknown, wrong: (why: string) => ShoalError): readonly string[] | undefined => {
  if (option.value === undefined) {
    if (typeof value !== 'boolean') throw wrong(`"${key}" is to be true or false.`)
    return value ? [''] : undefined
  }
  if (option.many === true && Array.isArray(value) && value.every(each => isText(each, option))) return value.map(String)
  if (!isText(value, option)) throw wrong(`"${key}" is to be a text${option.many === true ? ', or a list of texts' : ''}: ${option.value}.`)
  if (option.many !== true) return [String(value)]
  const parts = String(value).split(',')
  if (parts.includes('')) throw wrong(`"${key}" has "${value}", in which a value is empty. Write ${option.value}, without a comma at its ends, or leave it out.`)
  return parts
}

/** @throws ShoalError BAD_OPTION */
export const parseConfiguration = (text: string, file: string): Configuration => {
  const wrong = (why: string, cause?: unknown): ShoalError => new ShoalError('BAD_OPTION', `In the configuration ${file}, ${why}`, { cause })
  let parsed: unknown
  try { parsed = JSON.parse(text) } catch (cause) { throw wrong(`there is a mistake: ${cause instanceof Error ? cause.message : String(cause)}. Write it as JSON.`, cause) }
  if (!isObject(parsed)) throw wrong('there is no object. Write { "transport": "tcp" }, for example.')
  const values = new Map<string, readonly string[]>()
  let plugins: PluginOptions = {}
  for (const [key, value] of Object.entries(parsed)) {
    if (key === 'plugins') { plugins = readPlugins(value, wrong); continue }
    if (/^pass(word|phrase)?$|secret|token/.test(key)) throw wrong(`"${key}" looks like a secret, and none belongs there. Use "password-file", or SHOAL_PASSWORD.`)
    const option = configurable.find(({ name }) => name === `--${key}`)
    if (option === undefined) {
      const keys = ['plugins', ...configurable.map(({ name }) => name.slice(2))]
      throw wrong(`"${key}" is not known.${didYouMean(key, keys)} There are ${keys.join(', ')}.`)
    }
    const read = readValue(key, option, value, wrong)
    if (read !== undefined) values.set(option.name, read)
  }
  return { file, values, plugins }
}

/** @param given the value of --config. A file that is not given may be missing. @throws ShoalError BAD_OPTION, FILE_NOT_FOUND, FILE_UNREADABLE */
export const readConfiguration = async (given: string | undefined, io: Io): Promise<Configuration> => {
  const file = given === undefined ? configFileOf(io.env) : resolve(given)
  let text: string
  try { text = await readFile(file, 'utf8') } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (isMissing && given === undefined) return { file: undefined, values: new Map(), plugins: {} }
    const why = isMissing ? 'there is no such file' : cause instanceof Error ? cause.message : String(cause)
    throw new ShoalError(isMissing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE', `Cannot read the configuration ${file}: ${why}. Check the path.`, { cause })
  }
  return parseConfiguration(text, file)
}

/** What was typed, then what the configuration says. */
export const settingsOf = (args: Arguments, { file, values, plugins }: Configuration): Settings => {
  /** The file that the value is from; none: it was typed, or is nowhere. */
  const fileOf = (option: string): string | undefined => args.has(option) || !values.has(option) ? undefined : file
  const from = (option: string): string => {
    const origin = fileOf(option)
    return origin === undefined ? process.cwd() : dirname(origin)
  }
  const path = (option: string, value: string | undefined): string | undefined => value !== undefined && option === '--password-file' ? resolve(from(option), value) : value
  return {
    ...args, from, plugins,
    async read (option, work) {
      try { return await work() } catch (cause) {
        const origin = fileOf(option)
        if (origin === undefined || !ShoalError.is(cause)) throw cause
        throw new ShoalError(cause.code, `In the configuration ${origin}, at "${option.slice(2)}": ${cause.message}`, { cause })
      }
    },
    option: option => args.has(option) ? args.option(option) : path(option, values.get(option)?.at(-1)),
    list: option => args.has(option) ? args.list(option) : values.get(option) ?? [],
    has: option => args.has(option) || values.has(option)
  }
}

/** The settings of a command that starts a peer. */
export const readSettings = async (args: Arguments, io: Io): Promise<Settings> => settingsOf(args, await readConfiguration(args.option('--config'), io))
