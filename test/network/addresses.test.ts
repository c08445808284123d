import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { atHostPort, circuitOf, formatHostPort, hostPortOf, parseHostPort, parseRelay } from '../../src/network/index.ts'

describe('HOST:PORT', () => {
  for (const [text, host, port] of [
    ['192.0.2.7:4000', '192.0.2.7', 4000],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['[2001:db8::7]:65535', '2001:db8::7', 65_535],
    ['[::]:1', '::', 1],
    ['[::ffff:192.0.2.1]:1', '::ffff:192.0.2.1', 1],
    ['localhost:4000', 'localhost', 4000],
    ['peer-1.example:4000', 'peer-1.example', 4000],
    ['my_host:4000', 'my_host', 4000],
    ['4.peers.example.:1', '4.peers.example.', 1]
  ] as const) {
    it(`reads ${text}, and writes it back`, () => {
      expect(parseHostPort(text)).toEqual({ host, port })
      expect(formatHostPort({ host, port })).toBe(text)
    })
  }

  for (const [text, why] of [
    ['', 'the port is missing'],
    ['192.0.2.7', 'the port is missing'],
    ['host', 'the port is missing'],
    [':4000', 'the host is missing'],
    ['[]:4000', 'the host is missing'],
    ['2001:db8::7', 'an IPv6 address stands in brackets'],
    ['2001:db8::7:4000', 'an IPv6 address stands in brackets'],
    ['[2001:db8::7]', 'it is not HOST:PORT'],
    ['http://peer.example:4000', 'it is not HOST:PORT'],
    ['[192.0.2.7]:4000', '"192.0.2.7" is no address'],
    ['[peer.example]:4000', '"peer.example" is no address'],
    ['256.0.0.1:4000', '"256.0.0.1" is no address'],
    ['1.2.3:4000', '"1.2.3" is no address'],
    ['a..b:4000', '"a..b" is no address'],
    ['-a.b:4000', '"-a.b" is no address'],
    ['a b:4000', '"a b" is no address'],
    ['a/b:4000', '"a/b" is no address'],
    ['[fe80::1%eth0]:1', 'is no address'],
    [`${'a'.repeat(64)}:1`, 'is no address'],
    ['host:65536', '"65536" is no port'],
    ['host:-1', '"-1" is no port'],
    ['host:0x10', '"0x10" is no port'],
    ['host:', '"" is no port'],
    ['host:4000 ', '"4000 " is no port']
  ] as const) {
    it(`refuses "${text.slice(0, 40)}": ${why}`, () => {
      expect(() => parseHostPort(text)).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(why) as string }))
      expect(() => parseHostPort(text, 'BAD_OPTION')).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('such as 192.0.2.7:4000') as string }))
    })
  }
})

describe('a multiaddr', () => {
  const hash = 'uEiCrWSSsf-kTQPTZQSzKg8Z3vYh0dHCXbbgzLg7uTKBGSA'
  for (const [from, at, to] of [
    ['/ip4/0.0.0.0/tcp/4001', '192.0.2.7:80', '/ip4/192.0.2.7/tcp/80'],
    ['/ip4/0.0.0.0/tcp/4001', '[2001:db8::7]:80', '/ip6/2001:db8::7/tcp/80'],
    ['/ip6/::/udp/4001/quic-v1', 'peer.example:80', '/dns/peer.example/udp/80/quic-v1'],
    ['/ip6/::/udp/4001/quic-v1', 'peer.example.:80', '/dns/peer.example/udp/80/quic-v1'],
    [`/ip4/10.0.0.1/udp/1/webrtc-direct/certhash/${hash}`, '192.0.2.7:2', `/ip4/192.0.2.7/udp/2/webrtc-direct/certhash/${hash}`],
    ['/dns4/old.example/tcp/443/tls/ws', 'new.example:8443', '/dns/new.example/tcp/8443/tls/ws'],
    ['/memory/a', '192.0.2.7:2', undefined]
  ] as const) {
    it(`${from.slice(0, 50)} at ${at} is ${to?.slice(0, 50) ?? 'none'}`, () => { expect(atHostPort(multiaddr(from), parseHostPort(at))?.toString()).toBe(to) })
  }

  for (const [from, to] of [['/ip4/192.0.2.7/tcp/80', '192.0.2.7:80'], ['/ip6/::1/udp/80/quic-v1', '[::1]:80'], ['/dns6/a.example/tcp/1', 'a.example:1'], ['/memory/a', undefined], ['/ip4/192.0.2.7', undefined]] as const) {
    it(`${from} has ${to ?? 'no host and port'}`, () => {
      const found = hostPortOf(multiaddr(from))
      expect(found === undefined ? undefined : formatHostPort(found)).toBe(to)
    })
  }
})

describe('addresses of relays', () => {
  const relay = '/ip4/192.0.2.1/tcp/7500/p2p/12D3KooWSbFhrxHpvCrdSA5XYyNwJMrgx6vBcFcXdxgLgYKbMJmS'

  it.each([
    [relay, undefined],
    [`${relay}/p2p-circuit`, `${relay}/p2p-circuit`],
    [`${relay}/p2p-circuit/webrtc`, `${relay}/p2p-circuit`],
    [`${relay}/p2p-circuit/p2p/12D3KooWA1TjnpjbFfkhPkqqmQ14Nf7bSLnYQx7cW1hHeaBvwM8D`, `${relay}/p2p-circuit`]
  ])('%s leads through %s', (text, through) => {
    expect(circuitOf(multiaddr(text))?.toString()).toBe(through)
  })

  it('end with a peer id', () => {
    expect(parseRelay(relay)).toBe(relay)
    for (const text of ['', 'relay.example:7500', '/ip4/192.0.2.1/tcp/7500', `${relay}/p2p-circuit`]) expect(() => parseRelay(text)).toThrow(/is no address of a relay/)
  })
})
