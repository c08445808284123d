/** Carries bytes between peers: any transport of libp2p will do. As it stands: TCP, with noise and yamux on it. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp } from '@libp2p/tcp'
import { TCP } from '@multiformats/multiaddr-matcher'
import { boundedYamux, definePlugin, knownOptions } from 'shoal/plugin'

export default definePlugin('transport', 'my-name', options => {
  knownOptions('transport-my-name', options, [])
  return {
    name: 'my-name',
    runs: ['node'],
    // leave out what your transport brings by itself; what encrypts must prove the other side's key, as noise and tls do
    libp2p: () => ({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [boundedYamux(yamux)] }),
    listen: (host, port) => [`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}`],
    matches: address => TCP.exactMatch(address)
  }
})
