/** Dials over UDP to ports where nobody listens. */
import { createSocket } from 'node:dgram'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { quic } from '../../plugins/transport-quic/index.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { PeerId } from '../../src/contract/index.ts'
import { unlessRefused } from '../../src/plugin/udp-refusal.ts'
import { within } from '../../src/testing/link-ear.ts'
import { networkOf } from '../network/networks.ts'

const closedPort = (host: string, type: 'udp4' | 'udp6'): Promise<number> => new Promise(resolve => {
  const socket = createSocket(type)
  socket.bind(0, host, () => {
    const { port } = socket.address()
    socket.close(() => { resolve(port) })
  })
})

const peer = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN' as PeerId
const certhash = `u${Buffer.from([0x12, 32, ...new Uint8Array(32)]).toString('base64url')}`

it.each([
  ['quic', '127.0.0.1', 'quic-v1'], ['quic', '::1', 'quic-v1'], ['webrtc', '127.0.0.1', `webrtc-direct/certhash/${certhash}`]
] as const)('a dial over %s to %s is refused at once where nobody listens, as over TCP', async (name, host, rest) => {
  const family = host === '::1' ? 'ip6' : 'ip4'
  const port = await closedPort(host, family === 'ip6' ? 'udp6' : 'udp4')
  const network = await networkOf(name === 'quic' ? quic() : await webrtc({}, { log () {} }), { listen: undefined })
  const dialing = network.dial(peer, [`/${family}/${host}/udp/${port}/${rest}`], AbortSignal.timeout(20_000))
  await expect(within(3_000, 'it is refused', dialing)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', message: expect.stringContaining('(connection refused)') as string })
  await network.stop()
})

it('where there is no way to an address, or the dial is over first, the dial says what comes of it', async () => {
  for (const address of ['/ip6/2001:db8::7/udp/9/quic-v1', '/ip4/255.255.255.255/udp/9/quic-v1', '/ip4/127.0.0.1/udp/0/quic-v1', '/memory/x', '/dns/there.invalid/udp/9/quic-v1']) {
    expect(await unlessRefused(multiaddr(address), AbortSignal.timeout(9_000), () => Promise.resolve(1))).toBe(1)
    const slow = unlessRefused(multiaddr(address), AbortSignal.timeout(9_000), () => new Promise((_resolve, reject) => { setTimeout(() => { reject(new Error('its own')) }, 100) }))
    await expect(slow).rejects.toThrow('its own')
  }
})
