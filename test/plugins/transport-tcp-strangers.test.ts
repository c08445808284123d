import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Libp2p, Libp2pOptions } from 'libp2p'
import type { Connection } from '@libp2p/interface'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { frameGuard } from '../../src/plugin/bounded-yamux.ts'
import plugin, { tcp } from '../../plugins/transport-tcp/index.ts'
import { exchangeProtocol } from '../../src/network/index.ts'
import type { Link, Network } from '../../src/contract/index.ts'
import { within } from '../../src/testing/link-ear.ts'
import { networkOf } from '../network/networks.ts'

const open: { stop (): Promise<void> | void }[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const each of open.splice(0)) await each.stop()
})

const ours = async (): Promise<Network> => {
  const network = await networkOf(tcp())
  open.push(network)
  return network
}

/** Any other libp2p program. */
const stranger = async (changes: Libp2pOptions = {}): Promise<Libp2p> => {
  const { transports, connectionEncrypters = [], streamMuxers = [] } = tcp().libp2p()
  const node = await createLibp2p({ transports: [...transports], connectionEncrypters: [...connectionEncrypters], streamMuxers: [...streamMuxers], ...changes })
  open.push(node)
  return node
}
const connect = (from: Libp2p, to: Network): Promise<Connection> => from.dial(multiaddr(`${to.addresses()[0] ?? ''}/p2p/${to.peer}`))
const closing = (connection: Connection): Promise<unknown> => new Promise(resolve => { connection.addEventListener('close', resolve) })

describe('a stranger', () => {
  it('is met with TLS first, and with noise when it has no TLS', async () => {
    const network = await ours()
    expect(await connect(await stranger(), network)).toMatchObject({ encryption: '/tls/1.0.0', multiplexer: '/yamux/1.0.0' })
    expect(await connect(await stranger({ connectionEncrypters: [noise()] }), network)).toMatchObject({ encryption: '/noise' })
  })

  it('that has only noise and another identity is refused', async () => {
    const listening = await stranger({ connectionEncrypters: [noise()], addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
    const network = await ours()
    const wrong = (await ours()).peer
    await expect(network.dial(wrong, listening.getMultiaddrs().map(String).map(text => text.replace(/\/p2p\/.*/, '')), AbortSignal.timeout(10_000)))
      .rejects.toMatchObject({ code: 'PEER_REFUSED', message: expect.stringContaining('another peer answered') as string })
  })

  it('that does not speak our protocol is refused', async () => {
    const listening = await stranger({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
    await expect((await ours()).dial(String(peerIdFromString(String(listening.peerId))) as Link['peer'], listening.getMultiaddrs().map(String), AbortSignal.timeout(10_000)))
      .rejects.toMatchObject({ code: 'PEER_REFUSED', message: expect.stringContaining('does not speak this protocol') as string })
  })

  it('gets one link per connection', async () => {
    const network = await ours()
    const links: Link[] = []
    network.accept(link => { links.push(link) })
    const connection = await connect(await stranger(), network)
    await connection.newStream(exchangeProtocol, { maxOutboundStreams: 9 })
    const second = await connection.newStream(exchangeProtocol, { maxOutboundStreams: 9 }).catch(() => undefined)
    if (second?.status === 'open') await within(2_000, 'the second is cut', new Promise(resolve => { second.addEventListener('close', resolve) }))
    expect(links).toHaveLength(1)
  })

  it('that opens no link loses its connection after 10 s, one with a link does not', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout'] })
    const network = await ours()
    const [idle, busy] = await Promise.all([connect(await stranger(), network), connect(await stranger(), network)])
    await busy.newStream(exchangeProtocol)
    const ended = closing(idle)
    await vi.advanceTimersByTimeAsync(9_000)
    expect([idle.status, busy.status]).toEqual(['open', 'open'])
    await vi.advanceTimersByTimeAsync(1_100)
    await ended
    expect(busy.status).toBe('open')
  })

  it('that announces a frame of 4 GiB is cut before it can send it', async () => {
    const network = await ours()
    const connection = await connect(await stranger({
      streamMuxers: [() => ({
        protocol: '/yamux/1.0.0',
        createStreamMuxer (maConn) {
          const muxer = yamux()().createStreamMuxer(maConn)
          maConn.send(Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255, 1, 2, 3]))
          return muxer
        }
      })]
    }), network)
    await within(2_000, 'it is cut', closing(connection)) // long before it would be for want of a link
  })
})

describe('the guard of frames', () => {
  const frame = (type: number, length: number, body = 0): number[] => [0, type, 0, 0, 0, 0, 0, 1, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, ...new Array<number>(body).fill(255)]

  it('finds the header of each frame, however the bytes are cut', () => {
    const bytes = Uint8Array.from([...frame(0, 5, 5), ...frame(1, 0xffff_ffff), ...frame(2, 0xffff_ffff), ...frame(0, 0), ...frame(0, 100, 100), ...frame(0, 101)])
    for (let size = 1; size <= bytes.length; size++) {
      const within = frameGuard(100)
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
      const verdicts = chunks.map(within)
      expect(verdicts.indexOf(false), `cut every ${size} bytes`).toBe(chunks.length - 1)
    }
  })
})

describe('the plugin', () => {
  it('is a transport named tcp, for Node', async () => {
    expect(await plugin().create({ log () {} })).toMatchObject({ name: 'tcp', runs: ['node'] })
    expect(plugin.kind).toBe('transport')
  })

  it('refuses options that it does not know, and values that make no sense', () => {
    expect(() => tcp({ backlog: 1, ...{ baklog: 5 } })).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('"baklog"') as string }))
    for (const backlog of [0, 1.5, 65_536, Number.NaN]) expect(() => tcp({ backlog })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  it('listens on IPv4 and IPv6, and knows its addresses from those of others', () => {
    const transport = tcp({ backlog: 1 })
    expect(transport.listen('0.0.0.0', 0)).toEqual(['/ip4/0.0.0.0/tcp/0'])
    expect(transport.listen('::', 80)).toEqual(['/ip6/::/tcp/80'])
    const known = (text: string): boolean => transport.matches(multiaddr(text))
    expect(['/ip4/192.0.2.1/tcp/1', '/dns/a.example/tcp/1', '/ip6/::1/tcp/1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'].filter(known)).toHaveLength(3)
    expect(['/ip4/192.0.2.1/tcp/1/ws', '/ip4/192.0.2.1/udp/1/quic-v1', '/memory/a'].filter(known)).toEqual([])
  })
})
