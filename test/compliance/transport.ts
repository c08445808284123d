/** Runs libp2p's published suite for transports on one of ours, whole: nothing of it is removed, patched or skipped. */
import tests from '@libp2p/interface-compliance-tests/transport'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { describe } from 'vitest'
import type { Transport } from '../../src/contract/index.ts'

/** @param make the transport, afresh for each case */
export const complies = (name: string, make: () => Transport | Promise<Transport>): void => {
  describe(`libp2p's transport suite on ${name}`, () => {
    const matching = (matches: (address: Multiaddr) => boolean) => ({ matches, exactMatch: matches, matchers: [] })
    tests({
      async setup () {
        const transport = await make()
        const { transports, connectionEncrypters = [], streamMuxers = [], services = {}, connectionGater = {} } = transport.libp2p()
        const node = {
          transports: [...transports], connectionEncrypters: [...connectionEncrypters], streamMuxers: [...streamMuxers], services, connectionGater,
          connectionMonitor: { enabled: false }
        }
        // the first address of a transport has a port; the suite wants two to dial
        const listen = [...transport.listen('127.0.0.1', 0).slice(0, 1), ...transport.listen('127.0.0.1', 0).slice(0, 1)]
        const matcher = matching(address => transport.matches(multiaddr(address.toString())))
        return { dialer: node, listener: { ...node, addresses: { listen } }, dialMultiaddrMatcher: matcher, listenMultiaddrMatcher: matcher }
      },
      teardown: () => Promise.resolve()
    })
  })
}
