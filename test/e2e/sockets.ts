/** The internet sockets that a process holds, as the kernel tells: what its links are made of, whatever it says itself. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Socket {
  readonly protocol: 'tcp' | 'udp'
  readonly localPort: number
  /** 0: it is connected to nobody. */
  readonly remotePort: number
  readonly isListening: boolean
}

const listening = '0A'

/** Inodes of the sockets among its descriptors. */
const inodes = (pid: number): ReadonlySet<string> => {
  const folder = `/proc/${pid}/fd`
  const found = new Set<string>()
  for (const name of readdirSync(folder)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1]
      if (inode !== undefined) found.add(inode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // closed since it was listed
    }
  }
  return found
}

const port = (address = ''): number => parseInt(address.split(':')[1] ?? '', 16)

/** Those of the network namespace that the process is in, and of these its own. */
export const sockets = (pid: number): readonly Socket[] => {
  const own = inodes(pid)
  return (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap(table => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(([, , , , , , , , , inode]) => inode !== undefined && own.has(inode))
    .map(([, local, remote, state]): Socket => ({
      protocol: table.startsWith('tcp') ? 'tcp' : 'udp', localPort: port(local), remotePort: port(remote), isListening: table.startsWith('tcp') && state === listening
    })))
}

/** What it has open beside its connections to the tracker: `tcp`, `udp`, each once. */
export const protocolsBetweenPeers = (pid: number, trackerPort: number): readonly string[] =>
  [...new Set(sockets(pid).filter(({ remotePort }) => remotePort !== trackerPort).map(({ protocol }) => protocol))]
