/** Shoal itself in a throughput run: a new sharer and a new downloader, of new users in a new group, both running when the clock starts. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startRole } from '../../drive/role.ts'
import { befriend, fetchFile, startPeer, startTracker } from '../../drive/shoal.ts'
import { since } from '../../measure.ts'
import { atPort } from './bare.ts'
import type { Contestant } from './contest.ts'

/** Of a transport: between peers of one process alone. */
export const staysInside = (transport: string): boolean => transport.split('?')[0] === 'memory'

/** The command line of two processes, as its users run it. */
export const shoal = (transport: string): Contestant => ({
  label: 'shoal, whole path',
  name: 'shoal',
  async run ({ file, folder, place, processes, started }) {
    const tracker = await startTracker(processes, join(folder, 'tracker'), { through: place.tracker, listen: `${place.trackerHost}:0` })
    const open = (user: string, through: readonly string[], listen: string, flags: readonly string[]): ReturnType<typeof startPeer> =>
      startPeer(processes, user, { home: join(folder, user), tracker: tracker.url, listen, flags: ['--transport', atPort(transport, place.port), ...flags], through })
    const [sharer, fetcher] = await Promise.all([
      open('sharer', place.sharer, `${place.host}:${place.port}`, place.dialHost === undefined ? [] : ['--announce', `${place.dialHost}:${place.port}`]),
      open('downloader', place.downloader, place.port === 0 ? `${place.host}:0` : `0.0.0.0:${place.port}`, [])
    ])
    await befriend(sharer, fetcher, 'downloader', 'bench')
    await sharer.run('upload_file', file, 'bench')
    const copy = join(folder, 'copy')
    const [ofSharer, ofFetcher, ofTracker] = [since(sharer.pid), since(fetcher.pid), since(tracker.pid)]
    started(fetcher.pid)
    const seconds = await fetchFile(fetcher, 'bench', 'random.bin', copy)
    const used = { sharer: ofSharer(), downloader: ofFetcher(), tracker: ofTracker() }
    await Promise.all([sharer.end(), fetcher.end()])
    await tracker.end()
    return { seconds, used, netBytes: used.downloader?.netBytes, copy }
  }
})

/** Both peers in one process, over a transport that does not leave it. */
export const shoalInOneProcess = (transport: string): Contestant => ({
  label: 'shoal, whole path, one process',
  name: 'shoal',
  async run ({ file, folder, place, processes }) {
    const copy = join(folder, 'copy')
    await mkdir(folder, { recursive: true })
    const role = startRole(processes, 'shoal-memory', { transport, file, folder, copy }, { through: place.sharer })
    await role.answer()
    const of = since(role.pid)
    const from = performance.now()
    role.type('go')
    await role.answer()
    const seconds = (performance.now() - from) / 1000
    const used = { both: of() }
    await role.end()
    return { seconds, used, netBytes: undefined, copy }
  }
})
