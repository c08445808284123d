/** `createShoal` in Node: what a peer is given here is files, folders, names of hosts and the default plugins. How it is assembled is in assemble.ts. */
import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { assembleShoal } from './assemble.ts'
import type { PeerOptions } from './assemble.ts'
import type { Shoal } from './contract/index.ts'
import { hostFiles } from './files/index.ts'
import { makeFolder } from './make-folder.ts'
import { preset } from './preset.ts'

export type { PeerMemory, PeerOptions } from './assemble.ts'

export interface ShoalOptions extends PeerOptions {
  /**
   * Plugins, in order of preference. Several transports and integrity schemes may be given; of the other kinds, one.
   * @default for each kind that is missing: tcp, quic and webrtc, those that load; rarest-first; sha256, sha1 and blake3; file; sqlite (memory without a home); owner
   */
  readonly use?: NonNullable<PeerOptions['use']>
  /** Folder of the peer's own state, made with mode 0700. @default none: everything but files is in memory */
  readonly home?: string
}

/** @throws ShoalError PLUGIN_SHAPE, PLUGIN_VERSION, PORT_IN_USE, ADDRESS_UNAVAILABLE, STATE_FAILED, and what a plugin throws */
export const createShoal = async ({ home, ...options }: ShoalOptions): Promise<Shoal> => assembleShoal(options, {
  preset: kind => preset(kind, { ...home === undefined ? {} : { home }, ...options.log === undefined ? {} : { log: options.log } }),
  async folder ({ kind, name }) {
    if (home === undefined) return undefined
    const folder = join(home, `${kind}-${name}`)
    await makeFolder(folder, 0o700)
    return folder
  },
  files: hostFiles,
  lookup: async name => (await lookup(name)).address
})
