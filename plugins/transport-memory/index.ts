/** Links inside one process, without sockets: for tests, examples and peers that live together. Identity is proved all the same. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { memory as libp2pMemory } from '@libp2p/memory'
import { Memory } from '@multiformats/multiaddr-matcher'
import { definePlugin, ShoalError } from 'shoal/plugin'
import type { Transport } from 'shoal/plugin'

export interface MemoryTransportOptions {
  /** Added to every message on its way, 0 … 60000. @default 0 */
  readonly latencyMs?: number
}

const MiB = 1024 * 1024

export const memoryTransport = ({ latencyMs = 0, ...others }: MemoryTransportOptions = {}): Transport => {
  for (const unknown of Object.keys(others)) throw new ShoalError('BAD_OPTION', `The transport "memory" has no option "${unknown}". It has: latencyMs.`)
  if (!(latencyMs >= 0 && latencyMs <= 60_000)) {
    throw new ShoalError('BAD_OPTION', `The option latencyMs of the transport "memory" cannot be ${String(latencyMs)}. Give a number of 0 … 60000.`)
  }
  return {
    name: 'memory',
    runs: ['node', 'browser'],
    libp2p: () => ({
      transports: [libp2pMemory({ latency: latencyMs })],
      connectionEncrypters: [noise()], // it runs in a browser, too, and its handshake is twice as fast as that of TLS
      streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 4 * MiB, maxReadBufferLength: 8 * MiB } })]
    }),
    listen: () => [`/memory/${crypto.randomUUID()}`],
    matches: address => Memory.exactMatch(address)
  }
}

export default definePlugin('transport', 'memory', (options: MemoryTransportOptions) => memoryTransport(options))
