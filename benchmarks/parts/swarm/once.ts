/** One run of a swarm: a new tracker, a new sharer and new downloaders on hosts of their own, all members, all asked for the file at the same moment. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeCopy } from '../../drive/files.ts'
import { createProcesses } from '../../drive/processes.ts'
import { fetchFile, startPeer, startTracker } from '../../drive/shoal.ts'
import type { Peer } from '../../drive/shoal.ts'
import { since } from '../../measure.ts'
import { createNamespaces } from '../../namespaces.ts'
import { createHosts } from './hosts.ts'

export interface SwarmOptions {
  readonly folder: string
  readonly file: string
  readonly bytes: number
  readonly downloaders: number
  /** Of each host, bits per second. */
  readonly bitRate: number
  readonly transport: string
  readonly selector: string
  readonly signal: AbortSignal
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Bytes that a downloader had verified from the sharer. */
const fromSharer = async (peer: Peer): Promise<number> => {
  const [text = '[]'] = await peer.run('show_downloads', '--json')
  const [status] = JSON.parse(text) as { readonly bytesByPeer: readonly { readonly user?: string, readonly bytes: number }[] }[]
  return status?.bytesByPeer.find(({ user }) => user === 'sharer')?.bytes ?? 0
}

export const runSwarm = async ({ folder, file, bytes, downloaders, bitRate, transport, selector, signal }: SwarmOptions): Promise<Readonly<Record<string, number>>> => {
  const namespaces = createNamespaces()
  const processes = createProcesses()
  const stop = (): void => { void processes.killAll() }
  signal.addEventListener('abort', stop)
  await mkdir(folder, { recursive: true })
  try {
    const rate = `${bitRate / 1e6}mbit`
    const [at, ...hosts] = createHosts(namespaces, [undefined, ...Array.from({ length: downloaders + 1 }, () => rate)])
    if (at === undefined) throw new Error('There are no hosts.')
    const tracker = await startTracker(processes, join(folder, 'tracker'), { through: at.space.through, listen: `${at.address}:0` })
    const users = hosts.map((_, i) => i === 0 ? 'sharer' : `downloader${i}`)
    const peers: Peer[] = []
    for (const [i, { space, address }] of hosts.entries()) { // one after another: their logins take a core each
      const user = users[i] ?? ''
      peers.push(await startPeer(processes, user, { home: join(folder, user), tracker: tracker.url, listen: `${address}:7001`, through: space.through, flags: ['--transport', transport, '--selector', selector] }))
    }
    const [sharer, ...others] = peers
    if (sharer === undefined) throw new Error('There is no sharer.')
    await sharer.run('create_group', 'bench', '--open')
    for (const peer of others) await peer.run('join_group', 'bench')
    await sharer.run('upload_file', file, 'bench')
    const counted = peers.map(({ pid }) => since(pid))
    const took = await Promise.all(others.map((peer, i) => fetchFile(peer, 'bench', 'random.bin', join(folder, `copy${i}`))))
    const used = counted.map(count => count())
    const [ofSharer, ...ofOthers] = used
    const useful = await Promise.all(others.map(fromSharer))
    for (const peer of peers) await peer.end()
    for (const i of others.keys()) {
      const wrong = await judgeCopy(file, join(folder, `copy${i}`))
      if (wrong !== undefined) throw new Error(wrong)
    }
    const last = Math.max(...took)
    const sent = used.map(reading => reading?.sentBytes ?? 0)
    return {
      seconds: last, 'mean-seconds': mean(took), copies: (sent[0] ?? 0) / bytes, 'useful-copies': useful.reduce((sum, count) => sum + count, 0) / bytes,
      'up-use': mean(sent) / (bitRate / 8 * last), 'cpu-sharer': ofSharer?.cpuSeconds ?? 0, 'cpu-downloader': Math.max(...ofOthers.map(reading => reading?.cpuSeconds ?? 0)),
      'peak-sharer': (ofSharer?.peakBytes ?? 0) / 1e6, 'peak-downloader': Math.max(...ofOthers.map(reading => reading?.peakBytes ?? 0)) / 1e6
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await processes.killAll()
    namespaces.removeAll()
    await rm(folder, { recursive: true, force: true })
  }
}
