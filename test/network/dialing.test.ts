import { multiaddr } from '@multiformats/multiaddr'
import { Circuit, WebRTC, WebRTCDirect } from '@multiformats/multiaddr-matcher'
import { describe, expect, it } from 'vitest'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import type { PeerId, Transport } from '../../src/contract/index.ts'
import { dialError, failure, lanesOf } from '../../src/network/dialing.ts'
import type { Choice } from '../../src/network/dialing.ts'

const peer = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5' as PeerId
const other = '12D3KooWD1ecc7W4dE9vdK7kdotuHYgfgmshuHkztJ7aDBhyhnbk'
const dialed = (addresses: string[], transports = [tcp(), memoryTransport()], choice: Choice = {}): string[] =>
  lanesOf(peer, addresses, transports, choice).flatMap(lane => lane.addresses.map(String))

describe('the addresses that are dialed', () => {
  it('come in our order of transports, then in the order of the peer, loopback last', () => {
    const addresses = ['/memory/a', '/ip4/127.0.0.1/tcp/1', '/ip4/192.0.2.2/tcp/1', '/dns/peer.example/tcp/1']
    expect(dialed(addresses)).toEqual(['/ip4/192.0.2.2/tcp/1', '/dns/peer.example/tcp/1', '/ip4/127.0.0.1/tcp/1', '/memory/a'])
    expect(dialed(addresses, [memoryTransport(), tcp()])[0]).toBe('/memory/a')
  })

  it('leave out what cannot be read, is of no transport, too long, looked up elsewhere, or of another peer', () => {
    expect(dialed(['', 'x', '/ip4/1.2.3.4/udp/1/quic-v1', `/dns/${'a'.repeat(600)}/tcp/1`, '/dnsaddr/peer.example/tcp/1', `/ip4/192.0.2.2/tcp/1/p2p/${other}`])).toEqual([])
  })

  it('are each dialed once, with or without the peer id', () => {
    expect(dialed(['/ip4/192.0.2.2/tcp/1', `/ip4/192.0.2.2/tcp/1/p2p/${peer}`, '/ip4/192.0.2.2/tcp/1'])).toEqual(['/ip4/192.0.2.2/tcp/1'])
  })

  it('are at most 8 of a transport, however many a stranger gives, and leave a place for each other one', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `/ip4/192.0.2.2/tcp/${i % 60_000}`)
    expect(dialed(many)).toHaveLength(8)
    expect(dialed([...many.slice(0, 40), '/memory/a'])).toHaveLength(9)
  })

  it('are those of the transports that are wanted, in the order that is wanted', () => {
    const addresses = ['/memory/a', '/ip4/192.0.2.2/tcp/1']
    expect(dialed(addresses, undefined, { order: ['memory'] })).toEqual(['/memory/a', '/ip4/192.0.2.2/tcp/1'])
    expect(dialed(addresses, undefined, { only: ['memory'] })).toEqual(['/memory/a'])
    expect(dialed(addresses, undefined, { only: [] })).toEqual([])
  })

  it('through relays come last, of each kind, and not at all where a direct link is wanted', () => {
    const relay: Transport = { ...memoryTransport(), name: 'relay', matches: address => Circuit.exactMatch(address) }
    const webrtc: Transport = { ...memoryTransport(), name: 'webrtc', matches: address => WebRTC.exactMatch(address) || WebRTCDirect.exactMatch(address) }
    const [through, behind, direct] = [`/ip4/192.0.2.3/tcp/1/p2p/${other}/p2p-circuit`, `/ip4/192.0.2.3/tcp/1/p2p/${other}/p2p-circuit/webrtc`, '/ip4/192.0.2.2/tcp/1']
    expect(dialed([behind, through, direct], [webrtc, tcp(), relay])).toEqual([direct, through, behind])
    expect(dialed([behind, through, direct], [webrtc, tcp(), relay], { direct: true })).toEqual([direct, behind])
    expect(dialed([behind, through, direct], [webrtc, tcp(), { ...relay, matches: () => false }])).toEqual([direct])
  })
})

describe('what is said when no address worked', () => {
  const at = multiaddr('/ip4/192.0.2.2/tcp/1')
  const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

  it('lists each address with its cause, in words', () => {
    const failures = [
      failure(at, new Error('connection error 192.0.2.2:1: connect ECONNREFUSED 192.0.2.2:1')),
      failure(at, new Error('connect EHOSTUNREACH')),
      failure(at, new Error('no answer within 2 s')),
      failure(at, 'odd\u001b[31m\n')
    ]
    expect(failures.map(({ why }) => why)).toEqual(['connection refused', 'no route', 'no answer within 2 s', 'odd [31m '])
    expect(dialError(peer, 4, failures, [tcp()])).toMatchObject({ code: 'PEER_UNREACHABLE', message: expect.stringContaining('/ip4/192.0.2.2/tcp/1 (connection refused), /ip4') as string })
  })

  it('is a refusal when somebody else answered at every address', () => {
    const wrong = failure(at, named('EncryptionFailedError', 'Unexpected Peer'))
    const old = failure(at, named('UnsupportedProtocolError', 'Protocol selection failed'))
    expect([wrong.why, old.why]).toEqual(['another peer answered', 'it does not speak this protocol'])
    expect(dialError(peer, 2, [wrong, old], [tcp()])).toMatchObject({ code: 'PEER_REFUSED' })
    expect(dialError(peer, 2, [wrong, failure(at, new Error('ECONNREFUSED'))], [tcp()])).toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  it('names our transports when none of the addresses is theirs', () => {
    expect(dialError(peer, 0, [], [tcp()]).message).toContain('no address of it is known')
    expect(dialError(peer, 3, [], [tcp(), memoryTransport()]).message).toContain('its 3 addresses are for none of tcp, memory')
  })
})
