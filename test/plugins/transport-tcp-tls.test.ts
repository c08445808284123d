import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { tcp as stockTcp } from '@libp2p/tcp'
import { tls as stockTls } from '@libp2p/tls'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { connect as connectSocket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Libp2p, Libp2pOptions } from 'libp2p'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { within } from '../../src/testing/link-ear.ts'

const open: { stop (): unknown }[] = []
afterEach(async () => { for (const each of open.splice(0).reverse()) await each.stop() })

const node = async (parts: Libp2pOptions): Promise<Libp2p> => {
  const made = await createLibp2p({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, ...parts, connectionManager: { inboundConnectionThreshold: 100, ...parts.connectionManager } })
  open.push(made)
  return made
}
const ours = (changes: Libp2pOptions = {}): Promise<Libp2p> => {
  const { transports, connectionEncrypters = [], streamMuxers = [] } = tcp().libp2p()
  return node({ transports: [...transports], connectionEncrypters: [...connectionEncrypters], streamMuxers: [...streamMuxers], ...changes })
}
const stock = (changes: Libp2pOptions = {}): Promise<Libp2p> => node({ transports: [stockTcp()], connectionEncrypters: [stockTls(), noise()], streamMuxers: [yamux()], ...changes })

const addressOf = (of: Libp2p): string => String(of.getMultiaddrs()[0])

const protocol = '/test/echo/1'
const sizes = [1, 16_384, 16_385, 300_000, 1_000_000]
const total = sizes.reduce((sum, size) => sum + size)

/** Says pieces of many sizes, and gives all that comes back. */
const echoed = async (from: Libp2p, to: Libp2p): Promise<{ readonly encryption: string | undefined, readonly same: boolean }> => {
  await to.handle(protocol, stream => { stream.addEventListener('message', ({ data }) => { stream.send(data) }) })
  const connection = await from.dial(multiaddr(addressOf(to)))
  const stream = await connection.newStream(protocol)
  const said = sizes.map((size, n) => new Uint8Array(size).fill(n + 1))
  const heard: Uint8Array[] = []
  const all = new Promise<void>(resolve => {
    let bytes = 0
    stream.addEventListener('message', ({ data }) => {
      heard.push(data.subarray())
      bytes += data.byteLength
      if (bytes === total) resolve()
    })
  })
  for (const part of said) stream.send(part)
  await within(10_000, 'all comes back', all)
  return { encryption: connection.encryption, same: Buffer.concat(heard).equals(Buffer.concat(said)) }
}

/** A line of multistream-select. */
const line = (text: string): Buffer => Buffer.from(`${String.fromCharCode(text.length + 1)}${text}\n`)
const asksForTls = Buffer.concat([line('/multistream/1.0.0'), line('/tls/1.0.0')])

const socketTo = (to: Libp2p): Socket => {
  const socket = connectSocket(Number(/tcp\/(\d+)/.exec(addressOf(to))?.[1]), '127.0.0.1')
  socket.on('error', () => undefined)
  open.push({ stop: () => socket.destroy() })
  return socket
}

const closing = (socket: Socket): Promise<void> => new Promise(resolve => { socket.on('close', () => { resolve() }) })

const heardAtLeast = (socket: Socket, bytes: number): Promise<Buffer> => within(5_000, `${bytes} bytes come`, new Promise(resolve => {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    const all = Buffer.concat(chunks)
    if (all.byteLength >= bytes) resolve(all)
  })
}))

describe('TLS on the socket', () => {
  it('is that of any other libp2p program, whoever dials', async () => {
    expect(await echoed(await stock(), await ours())).toEqual({ encryption: '/tls/1.0.0', same: true })
    expect(await echoed(await ours(), await stock())).toEqual({ encryption: '/tls/1.0.0', same: true })
  })

  it('leaves the muxer to the negotiation when the handshake names none that both have', async () => {
    const theirs = await stock({ streamMuxers: [() => Object.assign(yamux()(), { protocol: '/other/1.0.0' })] })
    await expect((await ours()).dial(multiaddr(addressOf(theirs)))).rejects.toMatchObject({ name: 'MuxerUnavailableError' })
    await expect(theirs.dial(multiaddr(addressOf(await ours())))).rejects.toMatchObject({ name: 'MuxerUnavailableError' })
  })

  it('refuses another identity than the one that was dialed, and than none at all', async () => {
    const [mine, theirs, third] = [await ours(), await stock(), await stock()]
    const at = addressOf(theirs).replace(/p2p\/.*/, `p2p/${String(third.peerId)}`)
    await expect(mine.dial(multiaddr(at))).rejects.toThrow()
    expect([mine.getConnections(), theirs.getConnections()]).toEqual([[], []])

    const nobody = socketTo(mine)
    nobody.write(asksForTls)
    await heardAtLeast(nobody, asksForTls.byteLength)
    nobody.removeAllListeners('data')
    const handshake = connectTls({ socket: nobody, rejectUnauthorized: false, ALPNProtocols: ['/yamux/1.0.0'] }).resume()
    handshake.on('error', () => undefined)
    await within(5_000, 'it is cut', closing(handshake))
    expect(mine.getConnections()).toEqual([])
  })

  it('takes the beginning of the handshake that came with the negotiation', async () => {
    const socket = socketTo(await ours())
    const hello = await new Promise<Buffer>(resolve => {
      connectTls({ socket: new Duplex({ read: () => undefined, write: resolve }), rejectUnauthorized: false }).on('error', () => undefined)
    })
    socket.write(Buffer.concat([asksForTls, hello]))
    const answer = await heardAtLeast(socket, asksForTls.byteLength + 3)
    expect(answer.subarray(asksForTls.byteLength, asksForTls.byteLength + 2)).toEqual(Buffer.from([22, 3])) // a handshake record
  })

  it('is cut when the handshake stops half way, and holds up nobody', async () => {
    const mine = await ours({ connectionManager: { inboundUpgradeTimeout: 500 } })
    const halves = Array.from({ length: 5 }, () => socketTo(mine))
    for (const half of halves) half.write(asksForTls)
    await Promise.all(halves.map(half => heardAtLeast(half, asksForTls.byteLength)))
    const cut = Promise.all(halves.map(half => closing(half)))
    expect(await (await stock()).dial(multiaddr(addressOf(mine)))).toMatchObject({ encryption: '/tls/1.0.0' })
    await within(5_000, 'they are cut', cut)
  })

  it('ends with the peer that hangs up or talks nonsense in the handshake', async () => {
    const mine = await ours({ connectionManager: { inboundUpgradeTimeout: 60_000, maxIncomingPendingConnections: 2 } })
    const [gone, mad] = [socketTo(mine), socketTo(mine)]
    for (const socket of [gone, mad]) socket.write(asksForTls)
    await Promise.all([gone, mad].map(socket => heardAtLeast(socket, asksForTls.byteLength)))
    mad.write('GET / HTTP/1.1\r\n\r\n')
    gone.end()
    await within(5_000, 'both are closed', Promise.all([closing(gone), closing(mad)]))
    expect(await (await stock()).dial(multiaddr(addressOf(mine)))).toMatchObject({ status: 'open' }) // their places are free again
  })
})
