/** QUIC: encrypted, multiplexed links over UDP, in user space. Owns the options and what they are for the library; how that one is tuned is in tuned.ts. */
import { QUIC_V1 } from '@multiformats/multiaddr-matcher'
import { definePlugin, integerOption, knownOptions } from 'shoal/plugin'
import type { Transport } from 'shoal/plugin'
import { tunedQuic } from './tuned.ts'

export interface QuicOptions {
  /**
   * What one side may have under way on a link, and so what a link takes of memory while its reader is stopped: 262144 … 10485760. A link is no faster than
   * this per round trip; the library that sends keeps 10 MB at most, so more would be of no use. @default 8388608 (at most 84 MB/s at 100 ms)
   */
  readonly windowBytes?: number
  /** A peer from which nothing came for so long is gone: 2000 … 60000. The smaller one of both sides counts. @default 10000 */
  readonly silenceMs?: number
}

const MiB = 1024 * 1024

/** A connection carries one link, now and then a sign of life, and what other libp2p services need. */
const maxInboundStreams = 16

export const quic = (options: QuicOptions = {}): Transport => {
  knownOptions('transport-quic', options, ['windowBytes', 'silenceMs'])
  const window = integerOption('transport-quic', 'windowBytes', options.windowBytes, { min: MiB / 4, max: 10 * MiB, otherwise: 8 * MiB })
  const silence = integerOption('transport-quic', 'silenceMs', options.silenceMs, { min: 2_000, max: 60_000, otherwise: 10_000 })
  return {
    name: 'quic',
    runs: ['node'],
    libp2p: () => ({
      transports: [tunedQuic({
        maxIdleTimeout: silence,
        keepAliveInterval: Math.floor(silence / 3.3), // three may be lost
        maxConcurrentStreamLimit: maxInboundStreams,
        maxStreamData: window,
        maxConnectionData: window + MiB // a sign of life finds room beside a link whose reader is stopped
      })]
    }),
    listen: (host, port) => [`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/udp/${port}/quic-v1`],
    matches: address => QUIC_V1.exactMatch(address)
  }
}

export default definePlugin('transport', 'quic', (options: QuicOptions) => quic(options))
