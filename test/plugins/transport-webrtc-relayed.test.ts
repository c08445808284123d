import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { expect, it, onTestFinished } from 'vitest'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { Link } from '../../src/contract/index.ts'
import { listenTo } from '../../src/testing/link-ear.ts'
import { createNetwork } from '../../src/network/index.ts'
import type { RelayedNetwork } from '../../src/network/index.ts'

const MiB = 1024 * 1024
const deadlineMs = 20_000
const soon = (): AbortSignal => AbortSignal.timeout(deadlineMs)

/** Any libp2p relay: what it hands on is cut after 128 KiB. */
const startRelay = async (): Promise<Libp2p> => {
  const { transports, connectionEncrypters = [], streamMuxers = [] } = tcp().libp2p()
  const relay = await createLibp2p({
    transports: [...transports], connectionEncrypters: [...connectionEncrypters], streamMuxers: [...streamMuxers],
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, services: { identify: identify(), relay: circuitRelayServer() }
  })
  onTestFinished(async () => { await relay.stop() })
  await relay.handle('/here/1', stream => { stream.resume() })
  return relay
}

const peerAt = async (relay: Libp2p): Promise<RelayedNetwork> => {
  const network = await createNetwork({ key: await generateKeyPair('Ed25519'), transports: [await webrtc({}, { log () {} }), tcp()], listen: { host: '127.0.0.1', port: 0 }, log () {} })
  onTestFinished(() => network.stop())
  const address = String(relay.getMultiaddrs()[0])
  const link = await network.reach(address, '/here/1', soon())
  link.listen({ data () {}, drained () {}, closed () {} })
  await network.reserve(address)
  return network
}

it('two peers that meet through a relay are linked by WebRTC directly, make each other wait as ever, and go on when the relay is gone', async () => {
  const relay = await startRelay()
  const [near, far] = [await peerAt(relay), await peerAt(relay)]
  const addresses = far.addresses().filter(address => address.endsWith('/p2p-circuit/webrtc'))
  expect(addresses).toHaveLength(1)
  const accepted = new Promise<Link>(resolve => { far.accept(resolve) })
  const dialed = await near.dial(far.peer, addresses, soon())
  const link = await accepted
  expect([dialed.transport, link.transport]).toEqual(['webrtc', 'webrtc'])
  const [here, there] = [listenTo(dialed, { deadlineMs }), listenTo(link, { deadlineMs })]
  await Promise.all([here.sayAll(MiB), there.heard(MiB)])
  await relay.stop()
  link.pause()
  const all = here.sayAll(32 * MiB)
  for (let before = -1; before !== here.saidBytes;) { // nothing tells that nothing more will come: it is quiet for a while
    before = here.saidBytes
    await new Promise(resolve => { setTimeout(resolve, 200) })
  }
  expect(here.saidBytes).toBeLessThan(17 * MiB)
  link.resume()
  await Promise.all([all, there.heard(33 * MiB), there.sayAll(MiB), here.heard(MiB)])
  await dialed.close()
}, 60_000)
