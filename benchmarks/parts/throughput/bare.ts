/** The baselines in a throughput run: two processes of role.ts, ready when the clock starts, that connect, move the bytes and count them. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startRole } from '../../drive/role.ts'
import type { Role } from '../../drive/role.ts'
import { since } from '../../measure.ts'
import type { Contestant, Round, Timed } from './contest.ts'

/** Most transports take the port that they are told; webrtc keeps one of its own, unless it is an option. */
export const atPort = (transport: string, port: number): string => port !== 0 && transport === 'webrtc' ? `webrtc?port=${port}` : transport

const timed = async (fetcher: Role, bytes: number): Promise<number> => {
  const from = performance.now()
  fetcher.type('go')
  const { bytes: came } = await fetcher.answer()
  const seconds = (performance.now() - from) / 1000
  if (came !== bytes) throw new Error(`${String(came)} bytes came of ${bytes}.`)
  return seconds
}

const between = async (server: Role, fetcher: Role, { bytes, started }: Round, copy?: string): Promise<Timed> => {
  await fetcher.answer()
  const [ofServer, ofFetcher] = [since(server.pid), since(fetcher.pid)]
  started(fetcher.pid)
  const seconds = await timed(fetcher, bytes)
  const used = { sharer: ofServer(), downloader: ofFetcher() }
  await Promise.all([fetcher.end(), server.end()])
  return { seconds, used, netBytes: used.downloader?.netBytes, ...copy === undefined ? {} : { copy } }
}

/** Through a socket of Node alone. */
export const socket = (over: 'net' | 'tls', withFiles: boolean): Contestant => ({
  label: `node:${over}, ${withFiles ? 'file to file' : 'memory to memory'}`,
  name: withFiles ? `${over}-files` : over,
  async run (round) {
    const { file, bytes, folder, place: { host, port: wanted, dialHost = host, sharer, downloader }, processes } = round
    await mkdir(folder, { recursive: true })
    const copy = withFiles ? join(folder, 'copy') : undefined
    const server = startRole(processes, 'socket-serve', { over, host, port: wanted, ...withFiles ? { file } : { bytes } }, { through: sharer })
    const { port } = await server.answer()
    const fetcher = startRole(processes, 'socket-fetch', { over, host: dialHost, port, ...copy === undefined ? {} : { file: copy } }, { through: downloader })
    return between(server, fetcher, round, copy)
  }
})

/** Through one libp2p stream over the transport plugin of that name. */
export const stream = (transport: string): Contestant => ({
  label: 'bare libp2p stream, memory to memory',
  name: 'stream',
  async run (round) {
    const { bytes, place: { host, port, dialHost = host, sharer, downloader }, processes } = round
    const server = startRole(processes, 'stream-serve', { transport: atPort(transport, port), host, port, bytes }, { through: sharer })
    const { address } = await server.answer()
    const dialed = String(address).replace(`/${host}/`, `/${dialHost}/`)
    return between(server, startRole(processes, 'stream-fetch', { transport, address: dialed }, { through: downloader }), round)
  }
})

/** The same inside one process. */
export const streamInOneProcess = (transport: string): Contestant => ({
  label: 'bare libp2p stream, one process',
  name: 'stream',
  async run ({ bytes, place, processes }) {
    const role = startRole(processes, 'stream-memory', { transport, bytes }, { through: place.sharer })
    await role.answer()
    const of = since(role.pid)
    const seconds = await timed(role, bytes)
    const used = { both: of() }
    await role.end()
    return { seconds, used, netBytes: undefined }
  }
})
