/** TCP with TLS 1.3 and yamux: the transport that works everywhere. Owns the choice of encryption; window sizes and limits are in src/plugin/bounded-yamux.ts. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp as libp2pTcp } from '@libp2p/tcp'
import { TCP } from '@multiformats/multiaddr-matcher'
import { boundedYamux, definePlugin, integerOption, knownOptions } from 'shoal/plugin'
import type { Transport } from 'shoal/plugin'
import { tls } from './tls.ts'

export interface TcpOptions {
  /** Connections that the operating system holds until we take them: 1 … 65535; Linux has a limit of its own, too. @default 511 */
  readonly backlog?: number
}

export const tcp = (options: TcpOptions = {}): Transport => {
  knownOptions('transport-tcp', options, ['backlog'])
  const backlog = integerOption('transport-tcp', 'backlog', options.backlog, { min: 1, max: 65_535, otherwise: 511 })
  return {
    name: 'tcp',
    runs: ['node'],
    libp2p: () => ({
      transports: [libp2pTcp({ backlog })],
      connectionEncrypters: [tls(), noise()], // TLS first: AES-GCM in hardware is half as fast again as noise's ChaCha20
      streamMuxers: [boundedYamux(yamux)]
    }),
    listen: (host, port) => [`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}`],
    matches: address => TCP.exactMatch(address)
  }
}

export default definePlugin('transport', 'tcp', (options: TcpOptions) => tcp(options))
