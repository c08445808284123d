/** The baseline of a transport: bytes from memory to memory through one libp2p stream, over the same transport plugin that a peer uses. */
import { randomFillSync } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { loadPlugin } from 'shoal'
import type { RoleOptions, Stage } from '../role.ts'
import { numberOf, textOf } from './options.ts'

const protocol = '/shoal/benchmark/1'
const chunkBytes = 256 * 1024

/** `onDrain` of a stream resolves at once for ever after its first drain; its event does not. */
const drained = (stream: Stream): Promise<void> => new Promise((resolve, reject) => {
  if (!stream.writableNeedsDrain) { resolve(); return }
  const off = (): void => { stream.removeEventListener('drain', ok); stream.removeEventListener('close', bad) }
  const ok = (): void => { off(); resolve() }
  const bad = (): void => { off(); reject(new Error('The stream closed.')) }
  stream.addEventListener('drain', ok)
  stream.addEventListener('close', bad)
})

const sendAll = async (stream: Stream, bytes: number): Promise<void> => {
  const buffer = randomFillSync(new Uint8Array(16 * chunkBytes))
  for (let sent = 0; sent < bytes;) {
    const at = sent % buffer.byteLength
    const part = buffer.subarray(at, at + Math.min(chunkBytes, bytes - sent))
    sent += part.byteLength
    if (!stream.send(part)) await drained(stream)
  }
  await stream.close()
}

const createNode = async (spec: string, at?: { readonly host: string, readonly port: number }): Promise<Libp2p> => {
  const plugin = await loadPlugin('transport', spec)
  const transport = await plugin.create({ log (line) { process.stderr.write(`${line}\n`) } })
  const { transports, connectionEncrypters = [], streamMuxers = [] } = transport.libp2p()
  return createLibp2p({
    transports: [...transports], connectionEncrypters: [...connectionEncrypters], streamMuxers: [...streamMuxers],
    addresses: { listen: at === undefined ? [] : [...transport.listen(at.host, at.port)].filter(address => address !== '/webrtc') },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false }
  })
}

const serving = async (node: Libp2p, bytes: number): Promise<void> => {
  await node.handle(protocol, stream => sendAll(stream, bytes).catch((error: unknown) => { process.stderr.write(`${String(error)}\n`) }))
}

const fetching = async (node: Libp2p, address: string): Promise<number> => {
  const stream = await node.dialProtocol(multiaddr(address), protocol)
  let bytes = 0
  const over = new Promise<void>((resolve, reject) => {
    stream.addEventListener('remoteCloseWrite', () => { resolve() })
    stream.addEventListener('close', event => { if (event.error === undefined) resolve(); else reject(event.error) })
  })
  stream.addEventListener('message', ({ data }) => { bytes += data.byteLength })
  await over
  await stream.close()
  return bytes
}

const ofStrings = (node: Libp2p): readonly string[] => node.getMultiaddrs().map(String)

/** Options: transport, host, port (0: a free one), bytes. */
export const serve = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const node = await createNode(textOf(options, 'transport'), { host: textOf(options, 'host'), port: numberOf(options, 'port') })
  await serving(node, numberOf(options, 'bytes'))
  say({ address: ofStrings(node)[0] })
  while (await cue() !== undefined);
}

/** Options: transport, address. Dials and fetches at a line of input, and says how many bytes came. */
export const fetch = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const node = await createNode(textOf(options, 'transport'))
  say({ ready: true })
  while (await cue() !== undefined) say({ bytes: await fetching(node, textOf(options, 'address')) })
}

/** Both ends in this process, for transports that do not leave it. Options: transport, bytes. */
export const inMemory = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const spec = textOf(options, 'transport')
  const [from, to] = await Promise.all([createNode(spec, { host: '127.0.0.1', port: 0 }), createNode(spec)])
  await serving(from, numberOf(options, 'bytes'))
  say({ ready: true })
  while (await cue() !== undefined) say({ bytes: await fetching(to, ofStrings(from)[0] ?? '') })
}
