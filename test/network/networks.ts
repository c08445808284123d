/** Networks for tests: a new identity each, the log kept. */
import { lookup } from 'node:dns/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createNetwork } from '../../src/network/index.ts'
import type { NetworkOptions } from '../../src/network/index.ts'
import type { Network, Transport } from '../../src/contract/index.ts'

export const networkOf = async (transport: Transport | readonly Transport[], options: Partial<NetworkOptions> = {}): Promise<Network> => createNetwork({
  key: await generateKeyPair('Ed25519'),
  transports: 'name' in transport ? [transport] : transport,
  listen: { host: '127.0.0.1', port: 0 },
  lookup: async name => (await lookup(name)).address,
  log () {},
  ...options
})
