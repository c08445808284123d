/**
 * The UDP port of a peer's WebRTC listener: the one that was asked for, else the one of last time, else a free one. libjuice cannot listen twice on a port in the
 * life of a process, so one that was used is only taken again with the socket that was opened for it. Node only.
 */
import { ShoalError } from 'shoal/plugin'
import { keep, readKept } from './kept-file.ts'

export const fileName = 'port'

/** Ports that this process has listened on. */
const spent = new Set<number>()

/** @returns the port, free a moment ago. @throws the error of the operating system */
const bindable = (host: string, port: number): Promise<number> => new Promise((resolve, reject) => {
  const socket = process.getBuiltinModule('node:dgram').createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' })
  socket.once('error', error => { socket.close(); reject(error) })
  socket.bind({ port, address: host, exclusive: true }, () => {
    const free = socket.address().port
    socket.close(() => { resolve(free) })
  })
})

const inUse = (host: string, port: number, by: string): ShoalError =>
  new ShoalError('PORT_IN_USE', `WebRTC cannot listen on UDP port ${port} of ${host}: ${by} (EADDRINUSE). Choose another with webrtc?port=, or leave it out.`)

const isFree = async (host: string, port: number): Promise<boolean> => {
  try { return await bindable(host, port) === port } catch { return false } // why not is told by the next, which takes any port
}

const anyPort = async (host: string): Promise<number> => {
  for (;;) {
    const port = await bindable(host, 0)
    if (spent.has(port)) continue
    spent.add(port) // at once: the system gives a port that is free again to whoever asks next
    return port
  }
}

const remembered = async (folder: string | undefined): Promise<number | undefined> => {
  const text = folder === undefined ? undefined : await readKept(`${folder}/${fileName}`)
  const port = text !== undefined && /^\d{1,5}\n$/.test(text) ? Number(text) : 0
  return port > 0 && port < 65_536 ? port : undefined
}

/**
 * @param asked 0 for no port in particular
 * @param recall gives the socket that this process has there already, if nobody listens on it; of any port when that is undefined
 * @throws ShoalError PORT_IN_USE, STORAGE_FAILED; the error of the operating system when the host is no address of this machine
 */
export const claimPort = async <T extends { readonly port: number }>(host: string, asked: number, folder: string | undefined, recall: (port?: number) => T | undefined): Promise<T | number> => {
  if (asked !== 0) {
    const kept = recall(asked)
    if (kept !== undefined) return kept
    if (spent.has(asked)) throw inUse(host, asked, 'this process does, or did at another address')
    spent.add(asked)
    try { await bindable(host, asked) } catch (error) {
      spent.delete(asked)
      throw error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' ? inUse(host, asked, 'another program does') : error
    }
    return asked
  }
  const last = await remembered(folder)
  const isLastFree = last !== undefined && !spent.has(last) && await isFree(host, last)
  const claimed = (last === undefined ? undefined : recall(last)) ?? (isLastFree ? last : undefined) ?? recall() ?? await anyPort(host)
  const port = typeof claimed === 'number' ? claimed : claimed.port
  spent.add(port)
  if (folder !== undefined && port !== last) await keep(folder, fileName, `${port}\n`)
  return claimed
}
