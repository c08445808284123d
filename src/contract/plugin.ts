/** What a plugin is: one kind, one name, and a function that makes the part when the peer or tracker starts. */
import { ShoalError } from './errors.ts'
import type { Admission } from './group.ts'
import type { Integrity } from './integrity.ts'
import type { Link } from './network.ts'
import type { Selector } from './selector.ts'
import type { State } from './state.ts'
import type { Storage } from './storage.ts'
import type { Tracker } from './tracker.ts'
import type { Transport } from './transport.ts'

/** The parts that can be replaced, by kind. */
export interface Kinds {
  transport: Transport
  selector: Selector
  integrity: Integrity
  storage: Storage
  tracker: Tracker
  state: State
  admission: Admission
}
export type Kind = keyof Kinds
export const kinds = ['transport', 'selector', 'integrity', 'storage', 'tracker', 'state', 'admission'] as const satisfies readonly Kind[]

/** The version of each kind's contract. Raised, for that kind alone, when a change breaks the plugins that are there. */
export const contractVersions: Readonly<Record<Kind, number>> = { transport: 1, selector: 1, integrity: 1, storage: 1, tracker: 1, state: 1, admission: 1 }

/** What a plugin is given beside its own options. */
export interface Context {
  /** An existing folder for the plugin's own durable files, absolute. Absent in a browser and for peers without a home. */
  readonly folder?: string
  /**
   * Opens a link over the peer's own network: its transports, its identity. For plugins that speak with others than members, such as a tracker over libp2p.
   * Absent where there is no network. See Network.reach.
   */
  readonly reach?: (address: string, protocol: string, signal: AbortSignal) => Promise<Link>
  /** STUN servers, HOST:PORT, that the tracker told of at the last login, if any. For transports that find a way through NATs. */
  readonly stun?: () => readonly string[]
  /** Writes one line to the log. Never pass a secret. */
  log (line: string): void
}

export interface Plugin<K extends Kind = Kind> {
  /** The version of its kind's contract that it is made for. */
  readonly shoal: number
  readonly kind: K
  readonly name: string
  create (context: Context): Promise<Kinds[K]>
}

/**
 * Defines a plugin. The result is a factory: call it with options, pass what it returns to `createShoal({ use: [...] })`, or
 * export it as default of a module that is named at run time.
 *
 * @param create called once per peer or tracker; what it throws is reported as PLUGIN_FAILED, unless it is a ShoalError
 */
export const definePlugin = <K extends Kind, O extends object>(
  kind: K, name: string, create: (options: O, context: Context) => Kinds[K] | Promise<Kinds[K]>
): PluginFactory<K, O> => {
  const factory = (options?: O): Plugin<K> => ({
    shoal: contractVersions[kind], kind, name,
    create: async context => create(options ?? {} as O, context)
  })
  return Object.assign(factory, { shoal: contractVersions[kind], kind, pluginName: name } as const)
}

export interface PluginFactory<K extends Kind = Kind, O extends object = object> {
  (options?: O): Plugin<K>
  readonly shoal: number
  readonly kind: K
  readonly pluginName: string
}

/**
 * Whether a plugin is for this Shoal, as its own word says: it may be made by another copy of this module, of another version.
 * @throws ShoalError PLUGIN_VERSION
 */
export const checkContract = ({ kind, name, shoal }: { readonly kind: Kind, readonly name: string, readonly shoal: unknown }): void => {
  const ours = contractVersions[kind]
  if (shoal === ours) return
  const remedy = typeof shoal === 'number' && shoal > ours ? 'Update Shoal, or use an older version of the plugin.' : 'Update the plugin, or use the Shoal that it is made for.'
  throw new ShoalError('PLUGIN_VERSION', `The ${kind} plugin "${name}" is made for version ${String(shoal)} of the ${kind} contract, and this Shoal has version ${ours}. ${remedy}`)
}

/** Whether that is a plugin that can be used here: code without types may give anything. @throws ShoalError PLUGIN_SHAPE, PLUGIN_VERSION */
export const checkPlugin = (plugin: Partial<Record<keyof Plugin, unknown>>): void => {
  const { kind, name, create, shoal } = plugin
  const known = kinds.find(each => each === kind)
  if (known === undefined || typeof name !== 'string' || typeof create !== 'function') {
    throw new ShoalError('PLUGIN_SHAPE', `${typeof plugin === 'function' ? 'A function was given where a plugin is needed' : 'What was given is no plugin'}. Give what definePlugin's function returns, as in use: [sequential()].`)
  }
  checkContract({ kind: known, name, shoal })
}
