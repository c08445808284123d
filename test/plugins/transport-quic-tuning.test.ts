import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { quic as packaged } from '@chainsafe/libp2p-quic'
import { multiaddr } from '@multiformats/multiaddr'
import type { Connection, Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { afterEach, describe, expect, it } from 'vitest'
import plugin, { quic } from '../../plugins/transport-quic/index.ts'
import type { QuicOptions } from '../../plugins/transport-quic/index.ts'
import { checkedStream, connectionOf, openListener, testedVersion } from '../../plugins/transport-quic/native.ts'
import type { Network } from '../../src/contract/index.ts'
import { listenTo, within } from '../../src/testing/link-ear.ts'
import { networkOf } from '../network/networks.ts'

const deadlineMs = 10_000
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const open: { stop (): Promise<void> | void }[] = []
afterEach(async () => { for (const each of open.splice(0)) await each.stop() })

const ours = async (options?: QuicOptions): Promise<Network> => {
  const network = await networkOf(quic(options))
  open.push(network)
  return network
}

/** libp2p with our transport, or the package as it is. */
const node = async (transports = quic().libp2p().transports): Promise<Libp2p> => {
  const made = await createLibp2p({ transports: [...transports], addresses: { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] }, connectionMonitor: { enabled: false } })
  open.push(made)
  return made
}

const echo = (network: Network): void => {
  network.accept(link => { link.listen({ data (chunk) { link.send([chunk]) }, drained () {}, closed () {} }) })
}
const dial = (from: Network, to: Network) => from.dial(to.peer, to.addresses(), AbortSignal.timeout(deadlineMs))

/** A pair of streams of one protocol, over one connection. */
const streams = async (): Promise<{ readonly near: Stream, readonly far: Stream, readonly connection: Connection }> => {
  const [dialer, listener] = [await node(), await node()]
  const arrived = Promise.withResolvers<Stream>()
  await listener.handle('/test/1', arrived.resolve)
  const connection = await dialer.dial(listener.getMultiaddrs())
  return { near: await connection.newStream('/test/1'), far: await arrived.promise, connection }
}
const closing = (stream: Stream): Promise<{ readonly error?: Error, readonly local?: boolean }> => new Promise(resolve => { stream.addEventListener('close', resolve) })

describe('a stream', () => {
  it('that the other side aborts ends as reset, not as closed', async () => {
    const { near, far } = await streams()
    const end = closing(far)
    near.abort(new Error('Enough.'))
    expect(await within(deadlineMs, 'it ends', end)).toMatchObject({ local: false, error: { name: 'StreamResetError' } })
    expect(far.status).toBe('reset')
  })

  it('whose connection is lost ends with an error', async () => {
    const { near, far, connection } = await streams()
    const ends = Promise.all([closing(near), closing(far)])
    connection.abort(new Error('Cut.'))
    for (const { error } of await within(deadlineMs, 'both end', ends)) expect(error).toBeInstanceOf(Error)
  })

  it('that nobody listens to yet holds its sender, and loses nothing', async () => {
    const { near, far } = await streams()
    const total = 32 * 1024 * 1024
    const sending = (async () => {
      for (let sent = 0; sent < total; sent += 262_144) {
        if (!near.send(new Uint8Array(262_144))) await new Promise(resolve => { near.addEventListener('drain', resolve, { once: true }) })
      }
    })()
    expect(await Promise.race([sending.then(() => 'all is sent'), new Promise(resolve => { setTimeout(resolve, 1_000, 'it waits') })])).toBe('it waits')
    expect([near.status, far.status]).toEqual(['open', 'open'])
    let heard = 0
    await within(deadlineMs, 'all is heard', new Promise<void>(resolve => {
      far.addEventListener('message', ({ data }) => { heard += data.byteLength; if (heard === total) resolve() })
    }))
    await sending
  })

  it('is opened no longer than its signal says when the other side allows no more', async () => {
    const [dialer, listener] = [await node(), await node()]
    await listener.handle('/test/1', () => undefined, { maxInboundStreams: 100 })
    const connection = await dialer.dial(listener.getMultiaddrs())
    const opening = () => connection.newStream('/test/1', { maxOutboundStreams: 100, signal: AbortSignal.timeout(300) })
    const first = []
    for (let i = 0; i < 16; i++) first.push(await connection.newStream('/test/1', { maxOutboundStreams: 100 }))
    await expect(within(deadlineMs, 'it ends', opening())).rejects.toMatchObject({ name: 'TimeoutError' })
    for (const each of first.slice(8)) each.abort(new Error('Room for others.')) // told not for each alone, but for an eighth of them
    expect((await connection.newStream('/test/1', { maxOutboundStreams: 100, signal: AbortSignal.timeout(deadlineMs) })).status).toBe('open')
  })
})

/** Passes on the packets of a dialer until the listener answers, and no answer: what is behind it sees a handshake that goes no further. The first packet need not be of QUIC: a dial also asks with a byte whether the port is refused. */
const halfWay = async (to: number): Promise<{ readonly address: string, readonly passed: Promise<void> }> => {
  const [front, back] = [createSocket('udp4'), createSocket('udp4')]
  const bound = (socket: Socket): Promise<void> => new Promise(resolve => { socket.bind(0, '127.0.0.1', resolve) })
  await Promise.all([bound(front), bound(back)])
  open.push({ stop () { front.close(); back.close() } })
  const passed = new Promise<void>(resolve => {
    const pass = (packet: Buffer): void => { back.send(packet, to, '127.0.0.1') }
    front.on('message', pass)
    back.once('message', () => { front.off('message', pass); resolve() }) // the listener answered: its handshake is under way
  })
  return { address: `/ip4/127.0.0.1/udp/${front.address().port}/quic-v1`, passed }
}

describe('a listener', () => {
  it('lets others in while a handshake goes no further', async () => {
    const [far, lame, near] = [await ours(), await ours(), await ours()]
    echo(far)
    const { address, passed } = await halfWay(far.port ?? 0)
    const stuck = new AbortController()
    const dialing = lame.dial(far.peer, [address], stuck.signal).catch(() => 'given up')
    await within(deadlineMs, 'its handshake begins', passed)
    await within(2_000, 'another is linked', dial(near, far))
    stuck.abort(new Error('It is known by now.'))
    expect(await dialing).toBe('given up')
  })
})

describe('a dial', () => {
  it('to an address that says nothing ends at its signal', async () => {
    const silent = createSocket('udp4')
    await new Promise<void>(resolve => { silent.bind(0, '127.0.0.1', resolve) })
    open.push({ stop () { silent.close() } })
    const dialing = (await node()).dial(multiaddr(`/ip4/127.0.0.1/udp/${silent.address().port}/quic-v1`), { signal: AbortSignal.timeout(300) })
    await expect(within(2_000, 'it ends', dialing)).rejects.toMatchObject({ name: expect.stringMatching(/AbortError|TimeoutError/) as string })
  })

  it('that another peer answers is refused as such, and leaves it no connection', async () => {
    const [dialer, listener, absent] = [await node(), await node(), await node()]
    const address = String(listener.getMultiaddrs()[0]).replace(/\/p2p\/.*/, `/p2p/${String(absent.peerId)}`)
    await expect(dialer.dial(multiaddr(address))).rejects.toThrow(/unexpected peer/i)
    expect(dialer.getConnections()).toEqual([])
  })
})

describe('a link', () => {
  it('on which nothing is said outlives the time after which a silent peer is gone', async () => {
    const [near, far] = [await ours({ silenceMs: 2_000 }), await ours()]
    echo(far)
    const ear = listenTo(await dial(near, far), { deadlineMs })
    await new Promise(resolve => { setTimeout(resolve, 3_500) }) // the time is the fact
    ear.say(1000)
    await ear.heard(1000)
    expect(ear.ends).toEqual([])
  })
})

it('speaks with the package as it is, whoever dials', async () => {
  for (const tunedDials of [true, false]) {
    const [tuned, stock] = [await node(), await node([packaged()])]
    const [from, to] = tunedDials ? [tuned, stock] : [stock, tuned]
    await to.handle('/test/1', stream => {
      stream.addEventListener('message', ({ data }) => { stream.send(data) })
      stream.addEventListener('remoteCloseWrite', () => { void stream.close() })
    })
    const stream = await from.dialProtocol(to.getMultiaddrs(), '/test/1')
    let heard = 0
    stream.addEventListener('message', ({ data }) => { heard += data.byteLength })
    const end = closing(stream)
    stream.send(new Uint8Array(1_000_000))
    await stream.close()
    expect(await within(deadlineMs, 'it ends', end)).toMatchObject({ error: undefined })
    expect(heard).toBe(1_000_000)
  }
})

describe('the plugin', () => {
  it('is a transport named quic, for Node', async () => {
    expect(await plugin().create({ log () {} })).toMatchObject({ name: 'quic', runs: ['node'] })
    expect(plugin.kind).toBe('transport')
  })

  it('refuses options that it does not know, and values that make no sense', () => {
    expect(() => quic({ windowBytes: 1_000_000, ...{ windowbytes: 5 } })).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('"windowbytes"') as string }))
    for (const windowBytes of [0, 1.5, 20_000_000, Number.NaN]) expect(() => quic({ windowBytes })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    for (const silenceMs of [0, 1_999, 60_001]) expect(() => quic({ silenceMs })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  it('listens on IPv4 and IPv6, and knows its addresses from those of others', () => {
    const transport = quic()
    expect(transport.listen('0.0.0.0', 0)).toEqual(['/ip4/0.0.0.0/udp/0/quic-v1'])
    expect(transport.listen('::', 80)).toEqual(['/ip6/::/udp/80/quic-v1'])
    const known = (text: string): boolean => transport.matches(multiaddr(text))
    expect(['/ip4/192.0.2.1/udp/1/quic-v1', '/dns/a.example/udp/1/quic-v1', '/ip6/::1/udp/1/quic-v1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'].filter(known)).toHaveLength(3)
    expect(['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.1/udp/1/webrtc-direct', '/ip4/192.0.2.1/udp/1', '/ip4/192.0.2.1/udp/1/quic-v1/webtransport'].filter(known)).toEqual([])
  })

  it('names the native library that is not there', async () => {
    const script = `import { loadPlugin } from ${JSON.stringify(here('../../src/loader.ts'))}\nawait loadPlugin('transport', 'quic').catch(error => { console.log(error.code, error.message) })`
    const without = 'data:text/javascript,' + encodeURIComponent(`import { registerHooks } from 'node:module'
      registerHooks({ resolve (name, context, next) {
        if (/libp2p-quic[.-](?:linux|darwin|win32|wasm|wasi)/.test(name)) throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: 'MODULE_NOT_FOUND' })
        return next(name, context)
      } })`)
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', here('../testing/source-hooks.ts'), '--import', without, '--input-type=module', '-e', script], { cwd: here('../..') })
    expect(stdout).toMatch(/^PLUGIN_FAILED .*needs \S*libp2p-quic[.-]\S+, which is not there/)
  })

  it('names the version of a package that is made otherwise inside', () => {
    for (const use of [() => connectionOf({ init: {} }), () => connectionOf(undefined), () => checkedStream({ id () {} }), () => openListener({} as never)]) {
      expect(use).toThrow(expect.objectContaining({ code: 'PLUGIN_FAILED', message: expect.stringMatching(new RegExp(`@chainsafe/libp2p-quic ${testedVersion.replaceAll('.', '\\.')}: it has no `)) as string }))
    }
  })
})
