/**
 * Plugins by name at run time: a first-party word, a path, or a package of the user's. Locates first and imports second, so that a plugin that crashes while
 * it loads is not reported as missing. Owns the errors of loading; what a plugin is, is in contract/plugin.ts.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire, findPackageJSON, isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { checkContract, kinds, ShoalError } from './contract/index.ts'
import type { Kind, Plugin, PluginFactory } from './contract/index.ts'
import { answerToOwnName, isSource, packageFolder } from './own-name.ts'

const pluginsFolder = (): string => join(packageFolder(), isSource ? 'plugins' : 'dist/plugins')
const entryName = isSource ? 'index.ts' : 'index.js'

/** First-party plugins of a kind, by name. */
export const listPlugins = (kind: Kind): readonly string[] =>
  readdirSync(pluginsFolder(), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name.startsWith(`${kind}-`) && existsSync(join(pluginsFolder(), entry.name, entryName)))
    .map(entry => entry.name.slice(kind.length + 1)).sort()

/** `NAME?key=value&…`: what follows the question mark are the plugin's options. Numbers and booleans are read as such. */
const splitSpec = (spec: string): { readonly word: string, readonly options: Record<string, unknown> } => {
  const at = spec.indexOf('?')
  if (at === -1) return { word: spec, options: {} }
  // what would not be the same when written again, such as a number with a leading zero, is text
  const typed = (text: string): unknown => text === 'true' ? true : text === 'false' ? false : /\d/.test(text) && String(Number(text)) === text ? Number(text) : text
  return { word: spec.slice(0, at), options: Object.fromEntries([...new URLSearchParams(spec.slice(at + 1))].map(([key, value]) => [key, typed(value)])) }
}

const isPath = (word: string): boolean => word === '.' || word === '..' || word.startsWith('./') || word.startsWith('../') || word.startsWith('/') || word.startsWith('file:')

/** @returns undefined for a `file:` that names no file of this machine, such as one with a host */
const pathOf = (word: string, from: string): string | undefined => {
  if (!word.startsWith('file:')) return resolve(from, word)
  try { return fileURLToPath(word) } catch { return undefined }
}

const locatePath = (word: string, from: string): string | undefined => {
  const path = pathOf(word, from)
  if (path === undefined) return undefined
  return [path, join(path, 'index.js'), join(path, 'index.ts')].find(candidate => existsSync(candidate) && statSync(candidate).isFile())
}

/** The file that conditions choose, of those that a package gives for itself. */
const chosen = (target: unknown): string | undefined => {
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map(chosen).find(file => file !== undefined)
  if (typeof target !== 'object' || target === null) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    const file = ['node', 'import', 'module-sync', 'default'].includes(condition) ? chosen(inner) : undefined
    if (file !== undefined) return file
  }
  return undefined
}

/** Where an installed package is. */
const packageOf = (word: string, from: URL): string | undefined => {
  try { return findPackageJSON(word, from) } catch { return undefined } // it is not installed
}

/**
 * The file that an installed package names for this: for one that is for `import` only, which `require` does not find, and for one whose file is not there. Node resolves
 * so only for the module that asks, and we ask for another folder.
 */
const namedByPackage = (word: string, from: URL): string | undefined => {
  const packagePath = packageOf(word, from)
  if (packagePath === undefined) return undefined
  const { name, exports: given, main } = JSON.parse(readFileSync(packagePath, 'utf8')) as { readonly name?: string, readonly exports?: unknown, readonly main?: string }
  const key = `.${word.slice(name?.length)}`
  const byKey = typeof given === 'object' && given !== null && key in given ? (given as Readonly<Record<string, unknown>>)[key] : key === '.' ? given : undefined
  const file = chosen(byKey) ?? (key === '.' && given === undefined ? main ?? 'index.js' : undefined)
  return file === undefined ? undefined : join(dirname(packagePath), file)
}

const locate = (kind: Kind, word: string, from: string): string => {
  const listed = (): string => `There are: ${listPlugins(kind).join(', ')}; or a path that begins with "./" or "/", or an installed package.`
  if (/^[a-z0-9-]+$/.test(word)) {
    const own = join(pluginsFolder(), `${kind}-${word}`, entryName)
    if (existsSync(own)) return own
  }
  if (isPath(word)) {
    const path = locatePath(word, from)
    if (path !== undefined) return path
    throw new ShoalError('PLUGIN_NOT_FOUND', `There is no ${kind} plugin at "${word.startsWith('file:') ? word : resolve(from, word)}". ${listed()}`)
  }
  const absent = (cause?: unknown): ShoalError => new ShoalError('PLUGIN_NOT_FOUND', `There is no ${kind} plugin "${word}". ${listed()}`, { cause })
  if (isBuiltin(word)) throw absent()
  const base = pathToFileURL(join(resolve(from), 'package.json'))
  try { return createRequire(base).resolve(word) } catch (cause) {
    const path = namedByPackage(word, base)
    if (path === undefined) throw absent(cause)
    if (!existsSync(path)) throw new ShoalError('PLUGIN_FAILED', `The ${kind} plugin "${word}" is installed, but its file ${path} is not there. Build it, or install it again.`, { cause })
    return path
  }
}

/** A factory as it comes from outside: its contract may be another. */
type Foreign = Omit<PluginFactory, 'shoal'> & { readonly shoal: unknown, (options?: object): Plugin }

const isFactory = (value: unknown): value is Foreign =>
  typeof value === 'function' && 'shoal' in value && 'kind' in value && 'pluginName' in value && kinds.some(kind => kind === value.kind)

/** In one line: Node adds who required it. */
const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]?.replace(/\.$/, '') ?? ''

/** An error, what caused it, and what caused that. */
const causesOf = (error: unknown): readonly unknown[] => [
  error,
  ...error instanceof AggregateError ? error.errors.flatMap(causesOf) : [],
  ...error instanceof Error && error.cause !== undefined ? causesOf(error.cause) : []
]

/** The name of a native library or package that could not be opened, if that is why. */
const missing = (cause: unknown): string => {
  for (const each of causesOf(cause)) {
    const found = /(?:Cannot find (?:module|package) '([^']+)'|(\S+\.(?:so|node|dylib)\S*): cannot open|dlopen\((\S+\.(?:node|dylib)))/.exec(each instanceof Error ? each.message : String(each))
    const name = found?.[1] ?? found?.[2] ?? found?.[3]
    if (name !== undefined) return ` It needs ${name}, which is not there: install it.`
  }
  return ''
}

/** Options of plugins by kind and name, such as `transport-tcp`: what a configuration says. */
export type PluginOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface LoadOptions {
  /** The folder that paths and packages are looked up from. @default the working directory */
  readonly from?: string
  /** Options by kind and name; those in the spec win. @default none */
  readonly options?: PluginOptions
}

/**
 * @param spec `rarest-first`, `./mine.js`, `some-package?level=3`
 * @throws ShoalError PLUGIN_NOT_FOUND, PLUGIN_FAILED, PLUGIN_SHAPE, PLUGIN_KIND, PLUGIN_VERSION
 */
export const loadPlugin = async <K extends Kind>(kind: K, spec: string, { from = process.cwd(), options: given = {} }: LoadOptions = {}): Promise<Plugin<K>> => {
  const { word, options } = splitSpec(spec)
  const path = locate(kind, word, from)
  answerToOwnName()
  let module: unknown
  try { module = await import(pathToFileURL(path).href) } catch (cause) {
    if (ShoalError.is(cause)) throw cause // it says itself what it lacks
    throw new ShoalError('PLUGIN_FAILED', `The ${kind} plugin "${word}" failed to load: ${messageOf(cause)}.${missing(cause)}`, { cause })
  }
  const factory = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (!isFactory(factory)) throw new ShoalError('PLUGIN_SHAPE', `"${path}" is not a Shoal plugin. Export default what definePlugin('${kind}', ...) returns.`)
  if (factory.kind !== kind) throw new ShoalError('PLUGIN_KIND', `"${word}" is a ${factory.kind} plugin, not a ${kind} plugin. Give it to --${factory.kind}.`)
  checkContract({ kind, name: word, shoal: factory.shoal })
  return factory({ ...given[`${kind}-${factory.pluginName}`], ...options }) as Plugin<K>
}
