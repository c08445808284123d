/**
 * `createShoal` in a browser. It is dialed through a relay at most, has no folder of its own, and keeps its state and its files where the chosen plugins keep them.
 * Published as `shoal/browser`; imports nothing of Node.
 */
import { assembleShoal } from './assemble.ts'
import type { PeerOptions } from './assemble.ts'
import { ShoalError } from './contract/index.ts'
import type { Kind, Plugin, Shoal } from './contract/index.ts'

export * from './contract/index.ts'
export { version } from './version.ts'
export type { PeerMemory } from './assemble.ts'

export interface BrowserShoalOptions extends Omit<PeerOptions, 'listen' | 'announce'> {
  /**
   * Plugins: one transport or more, a state, a storage that has files of its own (opfs), and others in order of preference.
   * @default for each kind that is missing: rarest-first; sha256, sha1 and blake3; owner. Transport, state and storage must be given
   */
  readonly use: readonly Plugin[]
}

/** The policies, which are the same everywhere. A port touches the world: which, says the one who runs in it. */
const policies: { readonly [K in Kind]?: () => Promise<readonly Plugin<K>[]> } = {
  selector: async () => [(await import('../plugins/selector-rarest-first/index.ts')).default()],
  integrity: async () => [
    (await import('../plugins/integrity-sha256/index.ts')).default(), (await import('../plugins/integrity-sha1/index.ts')).default(),
    (await import('../plugins/integrity-blake3/index.ts')).default()
  ],
  admission: async () => [(await import('../plugins/admission-owner/index.ts')).default()]
}

const preset = async <K extends Kind>(kind: K): Promise<readonly Plugin<K>[]> => {
  const load: (() => Promise<readonly Plugin<K>[]>) | undefined = policies[kind]
  if (load === undefined) throw new ShoalError('BAD_OPTION', `A peer in a browser needs a ${kind} plugin. Give one in \`use\`.`)
  return load()
}

/** @throws ShoalError BAD_OPTION for a kind that is missing, STATE_FAILED, and what a plugin throws */
export const createShoal = async (options: BrowserShoalOptions): Promise<Shoal> => assembleShoal(options, { preset })
