/** The baselines in a throughput run: two processes of role.ts, ready when the clock starts, that connect, move the bytes and count them. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Processes } from '../../drive/processes.ts'
import { startRole } from '../../drive/role.ts'
import type { Role } from '../../drive/role.ts'
import { since } from '../../measure.ts'
import type { Contestant, Timed } from './contest.ts'

const host = '127.0.0.1'

const timed = async (fetcher: Role, bytes: number): Promise<number> => {
  const from = performance.now()
  fetcher.type('go')
  const { bytes: came } = await fetcher.answer()
  const seconds = (performance.now() - from) / 1000
  if (came !== bytes) throw new Error(`${String(came)} bytes came of ${bytes}.`)
  return seconds
}

const between = async (server: Role, fetcher: Role, bytes: number, copy?: string): Promise<Timed> => {
  await fetcher.answer()
  const [ofServer, ofFetcher] = [since(server.pid), since(fetcher.pid)]
  const seconds = await timed(fetcher, bytes)
  const used = { sharer: ofServer(), downloader: ofFetcher() }
  await Promise.all([fetcher.end(), server.end()])
  return { seconds, used, netBytes: used.downloader?.netBytes, ...copy === undefined ? {} : { copy } }
}

/** Through a socket of Node alone. */
export const socket = (processes: Processes, over: 'net' | 'tls', withFiles: boolean): Contestant => ({
  label: `node:${over}, ${withFiles ? 'file to file' : 'memory to memory'}`,
  name: withFiles ? `${over}-files` : over,
  async run ({ file, bytes, folder, through }) {
    await mkdir(folder, { recursive: true })
    const copy = withFiles ? join(folder, 'copy') : undefined
    const server = startRole(processes, 'socket-serve', { over, host, ...withFiles ? { file } : { bytes } }, { through })
    const { port } = await server.answer()
    const fetcher = startRole(processes, 'socket-fetch', { over, host, port, ...copy === undefined ? {} : { file: copy } }, { through })
    return between(server, fetcher, bytes, copy)
  }
})

/** Through one libp2p stream over the transport plugin of that name. */
export const stream = (processes: Processes, transport: string): Contestant => ({
  label: 'bare libp2p stream, memory to memory',
  name: 'stream',
  async run ({ bytes, through }) {
    const server = startRole(processes, 'stream-serve', { transport, host, bytes }, { through })
    const { address } = await server.answer()
    return between(server, startRole(processes, 'stream-fetch', { transport, address }, { through }), bytes)
  }
})

/** The same inside one process. */
export const streamInOneProcess = (processes: Processes, transport: string): Contestant => ({
  label: 'bare libp2p stream, one process',
  name: 'stream',
  async run ({ bytes, through }) {
    const role = startRole(processes, 'stream-memory', { transport, bytes }, { through })
    await role.answer()
    const of = since(role.pid)
    const seconds = await timed(role, bytes)
    const used = { both: of() }
    await role.end()
    return { seconds, used, netBytes: undefined }
  }
})
