/**
 * Two processes of one program that shares a torrent: they say a line when they are ready, the fetching one begins at a word, and says another line when it is done.
 * Both run when the clock starts, and the downloader is told where the other is. Owns that run; the program is the neighbour's.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { since } from '../../measure.ts'
import type { Round, Timed } from '../throughput/contest.ts'
import { freePort, toDisk } from './tool.ts'
import { torrentOf } from './torrent.ts'

/**
 * @param command the program; it is given: seed or fetch, the torrent, a folder, its own port, the other's port
 * @param cwd where it runs
 */
export const fetchTorrent = async ({ file, folder, place, processes }: Round, command: readonly string[], cwd?: string): Promise<Timed> => {
  const into = join(folder, 'to')
  await mkdir(into, { recursive: true })
  const torrent = join(folder, 'file.torrent')
  await writeFile(torrent, await torrentOf(file, 'http://127.0.0.1:1/announce'))
  const [port, other] = [String(await freePort()), String(await freePort())]
  const start = (words: readonly string[], through: readonly string[]) => processes.start([...command, ...words], { through, ...cwd === undefined ? {} : { cwd } })
  const seeder = start(['seed', torrent, dirname(file), port, other], place.sharer)
  await seeder.line()
  const client = start(['fetch', torrent, into, other, port], place.downloader)
  await client.line()
  const [ofSeeder, ofClient] = [since(seeder.pid), since(client.pid)]
  const from = performance.now()
  client.type('go')
  await client.line()
  const used = { sharer: ofSeeder(), downloader: ofClient() }
  const copy = join(into, basename(file))
  await toDisk(copy)
  const seconds = (performance.now() - from) / 1000
  await Promise.all([client.end(), seeder.end()])
  return { seconds, used, netBytes: used.downloader?.netBytes, copy }
}
