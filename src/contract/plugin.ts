/** What a plugin is: one kind, one name, and a function that makes the part when the peer or tracker starts. */
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

/** Raised when a contract changes in a way that breaks plugins. */
export const contractVersion = 1

/** What a plugin is given beside its own options. */
export interface Context {
  /** An existing folder for the plugin's own durable files, absolute. Absent in a browser and for peers without a home. */
  readonly folder?: string
  /**
   * Opens a link over the peer's own network: its transports, its identity. For plugins that speak with others than members, such as a tracker over libp2p.
   * Absent where there is no network. See Network.reach.
   */
  readonly reach?: (address: string, protocol: string, signal: AbortSignal) => Promise<Link>
  /** Writes one line to the log. Never pass a secret. */
  log (line: string): void
}

export interface Plugin<K extends Kind = Kind> {
  readonly shoal: typeof contractVersion
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
    shoal: contractVersion, kind, name,
    create: async context => create(options ?? {} as O, context)
  })
  return Object.assign(factory, { shoal: contractVersion, kind, pluginName: name } as const)
}

export interface PluginFactory<K extends Kind = Kind, O extends object = object> {
  (options?: O): Plugin<K>
  readonly shoal: typeof contractVersion
  readonly kind: K
  readonly pluginName: string
}
