/** Several transports in one network: real sockets of this machine. */
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { quic } from '../../plugins/transport-quic/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { Network, Transport } from '../../src/contract/index.ts'
import type { NetworkOptions } from '../../src/network/index.ts'
import { networkOf } from './networks.ts'

const open: { stop (): unknown }[] = []
afterEach(async () => { await Promise.all(open.splice(0).map(each => each.stop())) })

const make = async (transports: readonly Transport[], options: Partial<NetworkOptions> = {}): Promise<Network> => {
  const network = await networkOf(transports, options)
  open.push(network)
  return network
}
const dialOnly = { listen: undefined }
const rtc = (port?: number): Promise<Transport> => webrtc(port === undefined ? {} : { port }, { log () {} })

/** A UDP port that takes everything and says nothing. */
const silentPort = async (host = '127.0.0.1', port = 0): Promise<number> => {
  const socket: Socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) => { socket.on('error', reject); socket.bind(port, host, resolve) })
  open.push({ stop: () => { socket.close() } })
  return socket.address().port
}
const ports = (network: Network): Readonly<Record<string, string>> =>
  Object.fromEntries(network.addresses().map(address => [address.includes('/quic') ? 'quic' : address.includes('/webrtc') ? 'webrtc' : address.split('/')[3] ?? '', address.split('/')[4] ?? '']))
const of = (network: Network, part: string): string[] => network.addresses().filter(address => address.includes(part))
const dial = async (from: Network, to: Network, addresses = to.addresses()): Promise<{ readonly transport: string, readonly ms: number, readonly failed: readonly string[] }> => {
  const since = performance.now()
  const failed: string[] = []
  const { transport } = await from.dial(to.peer, addresses, AbortSignal.timeout(10_000), { failed: name => { failed.push(name) } })
  return { transport, ms: performance.now() - since, failed }
}

describe('a network of several transports', () => {
  it('listens on one port with those that take HOST:PORT, and tells that; webrtc has its own', async () => {
    const network = await make([await rtc(), quic(), tcp()])
    const { tcp: tcpPort, quic: quicPort, webrtc: webrtcPort } = ports(network)
    expect([tcpPort, quicPort]).toEqual([String(network.port), String(network.port)])
    expect(Number(webrtcPort)).toBeGreaterThan(0)
    expect(webrtcPort).not.toBe(quicPort)
    const again = await make([tcp(), quic()], { listen: { host: '127.0.0.2', port: network.port ?? 0 } })
    expect(ports(again)).toEqual({ tcp: tcpPort, quic: tcpPort })
  })

  it('takes another port where the one that TCP was given is in use for UDP', async () => {
    // whoever is given a port first finds its UDP port taken
    const taken: number[] = []
    const inner = tcp()
    const grudging: Transport = {
      ...inner,
      libp2p: () => ({
        ...inner.libp2p(),
        transports: inner.libp2p().transports.map(factory => components => {
          const made = factory(components)
          const createListener = made.createListener.bind(made)
          made.createListener = options => {
            const listener = createListener(options)
            const listen = listener.listen.bind(listener)
            listener.listen = async address => {
              await listen(address)
              const port = Number(listener.getAddrs()[0]?.toString().split('/')[4])
              if (taken.length < 2) taken.push(await silentPort('127.0.0.1', port))
            }
            return listener
          }
          return made
        })
      })
    }
    const network = await make([grudging, quic()])
    expect(taken).toHaveLength(2)
    expect(taken).not.toContain(network.port)
    expect(ports(network)).toEqual({ tcp: String(network.port), quic: String(network.port) })
    // and lets go of those that it tried
    for (const port of taken) await make([tcp()], { listen: { host: '127.0.0.1', port } })
  })

  it('has no port to tell where none takes HOST:PORT', async () => {
    expect((await make([await rtc(), memoryTransport()])).port).toBeUndefined()
  })

  it('announces HOST:PORT for those that take it, and the port of its own for webrtc', async () => {
    const network = await make([tcp(), quic(), await rtc()], { announce: ['203.0.113.5:4000'] })
    expect(network.addresses()).toEqual([
      '/ip4/203.0.113.5/tcp/4000', '/ip4/203.0.113.5/udp/4000/quic-v1', expect.stringMatching(/^\/ip4\/203\.0\.113\.5\/udp\/(?!4000\/)\d+\/webrtc-direct\/certhash\/\w+/)
    ])
  })

  it('tells a UDP port in use, and an address of another machine, as such', async () => {
    const port = await silentPort()
    const inUse = { code: 'PORT_IN_USE', message: expect.stringContaining(`127.0.0.1:${port} over UDP: another program listens there`) as string }
    const at = { listen: { host: '127.0.0.1', port } }
    await expect(make([quic()], at)).rejects.toMatchObject(inUse)
    await expect(make([tcp(), quic()], at)).rejects.toMatchObject(inUse)
    await expect(make([tcp(), await rtc(port)])).rejects.toMatchObject(inUse)
    for (const transport of [quic(), await rtc()]) await expect(make([transport], { listen: { host: '192.0.2.1', port: 0 } })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
    // nothing of what failed is left
    await make([tcp()], at)
  })

  it('frees its port at once when it stops', async () => {
    const network = await make([tcp(), quic(), await rtc()])
    const port = network.port ?? 0
    await network.stop()
    expect((await make([tcp(), quic()], { listen: { host: '127.0.0.1', port } })).port).toBe(port)
  })
})

describe('a dial', () => {
  it('takes the transport that both have, preferred by who dials', async () => {
    const all = await make([tcp(), quic(), await rtc()])
    for (const first of ['tcp', 'quic', 'webrtc']) {
      const three = [tcp(), quic(), await rtc()]
      const [preferred] = three.filter(({ name }) => name === first)
      const others = three.filter(({ name }) => name !== first)
      if (preferred === undefined) throw new Error('It is one of the three.')
      expect((await dial(await make([preferred], dialOnly), all)).transport).toBe(first)
      expect((await dial(await make([preferred, ...others], dialOnly), all)).transport).toBe(first)
    }
    await expect(dial(await make([memoryTransport()], dialOnly), all)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  it('goes on within 2 s when the preferred transport swallows what is sent, at however many addresses', async () => {
    const far = await make([tcp(), await rtc()])
    const port = await silentPort()
    const others = await Promise.all(Array.from({ length: 9 }, (_, i) => silentPort(`127.0.0.${i + 2}`, port)))
    const dead = ['127.0.0.1', ...others.map((_, i) => `127.0.0.${i + 2}`)].map(host => `/ip4/${host}/udp/${port}/quic-v1`)
    const result = await dial(await make([quic(), tcp()], dialOnly), far, [...dead, ...far.addresses()])
    expect(result).toMatchObject({ transport: 'tcp', failed: ['quic'] })
    expect(result.ms).toBeLessThan(2_000)

    const certhash = of(far, 'webrtc')[0]?.split('/certhash/')[1] ?? ''
    const silentRtc = `/ip4/127.0.0.1/udp/${port}/webrtc-direct/certhash/${certhash}`
    const both = await dial(await make([quic(), await rtc(), tcp()], dialOnly), far, [...dead, silentRtc, ...of(far, 'tcp')])
    expect(both).toMatchObject({ transport: 'tcp', failed: ['quic', 'webrtc'] })
    expect(both.ms).toBeLessThan(2_000)
  })

  it('goes on at once when the preferred transport refuses', async () => {
    const far = await make([quic()])
    const closed = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => { closed.once('listening', resolve) })
    const address = closed.address()
    const port = typeof address === 'object' ? address?.port ?? 0 : 0
    await new Promise(resolve => { closed.close(resolve) })
    const { transport, ms } = await dial(await make([tcp(), quic()], dialOnly), far, [`/ip4/127.0.0.1/tcp/${port}`, ...far.addresses()])
    expect(transport).toBe('quic')
    expect(ms).toBeLessThan(900)
  })

  it('finds the host of a name over UDP, too', async () => {
    const far = await make([quic()])
    const named = far.addresses().map(address => address.replace('/ip4/127.0.0.1/', '/dns/peer.example/'))
    const names: string[] = []
    const lookup = (name: string): Promise<string> => { names.push(name); return Promise.resolve('127.0.0.1') }
    expect((await dial(await make([quic()], { ...dialOnly, lookup }), far, named)).transport).toBe('quic')
    expect(names).toEqual(['peer.example'])
  })

  it('tries no more than a few of ten thousand addresses, and is over in its time', async () => {
    const far = await make([tcp()])
    const port = await silentPort()
    const near = await make([quic(), tcp()], dialOnly)
    const many = Array.from({ length: 10_000 }, (_, i) => `/ip4/127.${1 + (i >> 8)}.${i & 255}.1/udp/${port}/quic-v1`)
    await expect(near.dial(far.peer, many, AbortSignal.timeout(9_000))).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', message: expect.stringMatching(/^(?:[^(]*\([^)]*\)){8}[^(]*$/) as string })
    expect(near.carriers(far.peer, [...many.slice(0, 20), ...far.addresses()])).toEqual(['quic', 'tcp'])
  })

  it('of one transport only, or in another order, is one', async () => {
    const [near, far] = [await make([tcp(), quic()], dialOnly), await make([tcp(), quic()])]
    const over = async (options: Parameters<Network['dial']>[3]): Promise<string> => (await near.dial(far.peer, far.addresses(), AbortSignal.timeout(10_000), options)).transport
    expect(await Promise.all([over({}), over({ only: ['quic'] }), over({ order: ['quic'] }), over({ direct: true })])).toEqual(['tcp', 'quic', 'quic', 'tcp'])
    await expect(over({ only: ['webrtc'] })).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })
})

it('the name of a link is told by its connection on both sides', async () => {
  const far = await make([tcp(), quic(), await rtc()])
  const heard: string[] = []
  far.accept(link => { heard.push(link.transport) })
  const near = await make([tcp(), quic(), await rtc()], dialOnly)
  for (const only of ['webrtc', 'tcp', 'quic']) {
    const link = await near.dial(far.peer, far.addresses(), AbortSignal.timeout(10_000), { only: [only] })
    expect(link.transport).toBe(only)
    await link.close()
  }
  expect(heard).toEqual(['webrtc', 'tcp', 'quic'])
})
