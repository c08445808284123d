/** What a peer is made of when nothing else is said. Owns the list of defaults; loads only what is used. */
import { join } from 'node:path'
import type { Kind, Plugin } from './contract/index.ts'
import { loadPlugin } from './loader.ts'
import { chooseTransports } from './transports.ts'

interface PresetOptions {
  readonly home?: string
  /** Is told which of the usual plugins do not load here. @default nobody */
  readonly log?: (line: string) => void
}

const loaders: { readonly [K in Kind]: (options: PresetOptions) => Promise<readonly Plugin<K>[]> } = {
  transport: async ({ log }) => (await chooseTransports([], { load: spec => loadPlugin('transport', spec), leftOut: line => { log?.(line) } })).plugins,
  selector: async () => [(await import('../plugins/selector-rarest-first/index.ts')).default()],
  integrity: async () => [
    (await import('../plugins/integrity-blake3/index.ts')).default(), (await import('../plugins/integrity-sha256/index.ts')).default(),
    (await import('../plugins/integrity-sha1/index.ts')).default()
  ],
  storage: async () => [(await import('../plugins/storage-file/index.ts')).default()],
  state: async ({ home }) => home === undefined
    ? [(await import('../plugins/state-memory/index.ts')).default()]
    : [(await import('../plugins/state-sqlite/index.ts')).default({ path: join(home, 'profile.sqlite') })],
  admission: async () => [(await import('../plugins/admission-owner/index.ts')).default()],
  /** There is no tracker that would fit everybody. */
  tracker: () => Promise.resolve([])
}

/** The plugins of a kind that a peer uses by default, in order of preference. */
export const preset = <K extends Kind>(kind: K, options: PresetOptions = {}): Promise<readonly Plugin<K>[]> => loaders[kind](options)

