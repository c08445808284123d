/** Other tools that move a file between two machines, those that are installed, beside Shoal by each transport: the same file, the same rounds, the same loopback. */
import { formatSize } from '../../quantities.ts'
import type { Report, Section } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { transferMetrics } from '../throughput/metrics.ts'
import { shoal, staysInside } from '../throughput/ours.ts'
import { onLoopback } from '../throughput/place.ts'
import { runRounds } from '../throughput/rounds.ts'
import { aria2 } from './aria2.ts'
import { libtorrent } from './libtorrent.ts'
import { rsync, scp } from './ssh.ts'
import { syncthing } from './syncthing.ts'
import { transmission } from './transmission.ts'
import { webtorrent } from './webtorrent.ts'

const all = [scp, rsync, syncthing, aria2, libtorrent, webtorrent, transmission]

export const neighbours = async (run: Run): Promise<Report> => {
  const why = new Map(await Promise.all(all.map(async neighbour => [neighbour, await neighbour.missing()] as const)))
  const present = all.filter(neighbour => why.get(neighbour) === undefined)
  const versions = await Promise.all(present.map(async ({ contestant, version }) => `${contestant.name} ${await version()}`))
  const ours = run.transports.filter(transport => !staysInside(transport)).map(transport => ({ ...shoal(transport), label: `shoal, ${transport}`, name: transport === 'tcp' ? 'shoal' : `shoal-${transport}` }))
  const sections: Section[] = []
  const failures: string[] = []
  for (const bytes of run.sizes) {
    const size = formatSize(bytes)
    await using place = onLoopback()
    const contestants = [...ours, ...present.map(({ contestant }) => contestant)]
    const outcome = await runRounds(run, { lanes: contestants.map(contestant => ({ id: `${size}/${contestant.name}`, labels: [contestant.label], contestant })), bytes, place })
    failures.push(...outcome.failures)
    sections.push({
      id: `neighbours-${size}`, title: `${size} beside other tools`, labels: ['tool'], metrics: transferMetrics, rows: outcome.rows,
      plot: { metric: 'seconds', title: `${size} from one process to another`, unit: 'seconds, less is better' },
      notes: [
        'From the command to the whole file, on disk: Shoal and Syncthing bring it there by themselves (fsync), for all others fdatasync is called in the clock when the file is there.',
        'What runs as a daemon or in a window runs on both sides when the clock starts (shoal, Syncthing, libtorrent, WebTorrent, Transmission; Syncthing connected, its clock begins when the receiver takes the folder);',
        'what is a command is started in it (scp, rsync, and aria2 on the receiving side). shoal, scp, rsync and Syncthing encrypt. Defaults otherwise, without discovery, relays and DHT; uTP is switched off in favour of TCP, which is faster here; pieces of 512 KiB in torrents.',
        `CPU seconds and memory of scp, rsync, aria2, Syncthing and Transmission are those of the process with all its children. Versions: ${versions.join(', ')}.`, place.note
      ]
    })
  }
  return {
    part: 'neighbours', sections, failures,
    skipped: all.flatMap(neighbour => { const reason = why.get(neighbour); return reason === undefined ? [] : [{ what: neighbour.contestant.label, why: reason }] })
  }
}
