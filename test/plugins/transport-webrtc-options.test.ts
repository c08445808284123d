import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import plugin, { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { WebrtcOptions } from '../../plugins/transport-webrtc/index.ts'

const context = { log () {} }
const peer = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
const hash = 'certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g'

describe('the plugin', () => {
  it('is a transport named webrtc, for Node and browsers', async () => {
    expect(plugin.kind).toBe('transport')
    expect(await plugin().create(context)).toMatchObject({ name: 'webrtc', runs: ['node', 'browser'] })
  })

  it('listens at its own port and through relays, and knows its addresses from those of others', async () => {
    expect((await webrtc({}, context)).listen('0.0.0.0', 4000)).toEqual(['/ip4/0.0.0.0/udp/0/webrtc-direct', '/webrtc'])
    const transport = await webrtc({ port: 7500 }, context)
    expect(transport.listen('::', 4000)).toEqual(['/ip6/::/udp/7500/webrtc-direct', '/webrtc'])
    const known = (text: string): boolean => transport.matches(multiaddr(text))
    const ours = [
      '/ip4/192.0.2.1/udp/1/webrtc-direct', `/ip4/192.0.2.1/udp/1/webrtc-direct/${hash}`, `/dns/a.example/udp/1/webrtc-direct/${hash}/p2p/${peer}`, `/webrtc/p2p/${peer}`,
      `/ip4/192.0.2.1/tcp/1/p2p/${peer}/p2p-circuit/webrtc`, `/ip4/192.0.2.1/udp/1/webrtc-direct/${hash}/p2p/${peer}/p2p-circuit/webrtc/p2p/${peer}`
    ]
    expect(ours.filter(known)).toEqual(ours)
    const others = ['/ip4/192.0.2.1/udp/1/quic-v1', '/ip4/192.0.2.1/tcp/1', `/ip4/192.0.2.1/tcp/1/p2p/${peer}/p2p-circuit`, `/ip4/192.0.2.1/udp/1/webrtc-direct/${hash}/p2p/${peer}/p2p-circuit/p2p/${peer}`]
    expect(others.filter(known)).toEqual([])
  })

  it.each<[string, object]>([
    ['prot', { prot: 1 }], ['port', { port: 0 }], ['port', { port: 65_536 }], ['port', { port: 'x' }],
    ['stun', { stun: '' }], ['stun', { stun: 'a.example' }], ['stun', { stun: 'a.example:3478,' }], ['stun', { stun: 'a b:1' }], ['stun', { stun: 7 }], ['stun', { stun: 'stun:a.example:3478' }], ['stun', { stun: 'a.example:0' }],
    ['stun', { stun: 'a.example:65536' }], ['stun', { stun: '[::1]3478' }]
  ])('refuses an option that makes no sense: %s in %j', async (name, options) => {
    await expect(webrtc(options as WebrtcOptions, context)).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining(name) as string })
  })

  it.each(['a.example:3478', '192.0.2.1:3478', '[2001:db8::1]:3478', 'a.example:3478,b.example:1'])('takes STUN servers: %s', async stun => {
    expect(await webrtc({ stun }, context)).toMatchObject({ name: 'webrtc' })
  })
})
