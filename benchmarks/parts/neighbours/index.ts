/** Other tools that move a file between two machines, those that are installed, beside Shoal over TCP: the same file, the same rounds, the same loopback. */
import { formatSize } from '../../quantities.ts'
import type { Report, Section } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { transferMetrics } from '../throughput/metrics.ts'
import { shoal } from '../throughput/ours.ts'
import { onLoopback } from '../throughput/place.ts'
import { runRounds } from '../throughput/rounds.ts'
import { aria2 } from './aria2.ts'
import { libtorrent } from './libtorrent.ts'
import { rsync, scp } from './ssh.ts'

const all = [scp, rsync, aria2, libtorrent]

export const neighbours = async (run: Run): Promise<Report> => {
  const why = new Map(all.map(neighbour => [neighbour, neighbour.missing()]))
  const present = all.filter(neighbour => why.get(neighbour) === undefined)
  const [transport = 'tcp'] = run.transports
  const sections: Section[] = []
  const failures: string[] = []
  for (const bytes of run.sizes) {
    const size = formatSize(bytes)
    await using place = onLoopback()
    const contestants = [{ ...shoal(transport), label: `shoal, ${transport}` }, ...present.map(({ contestant }) => contestant)]
    const outcome = await runRounds(run, { lanes: contestants.map(contestant => ({ id: `${size}/${contestant.name}`, labels: [contestant.label], contestant })), bytes, place })
    failures.push(...outcome.failures)
    sections.push({
      id: `neighbours-${size}`, title: `${size} beside other tools`, labels: ['tool'], metrics: transferMetrics, rows: outcome.rows,
      plot: { metric: 'seconds', title: `${size} from one process to another`, unit: 'seconds, less is better' },
      notes: [
        'From the command to the file on disk (fdatasync, by us where a tool does not). A daemon runs before the clock starts; a tool that is a command is started in it. What encrypts by default: shoal, scp, rsync over ssh. Defaults otherwise; pieces of 512 KiB in torrents.',
        'CPU seconds and memory of scp and rsync are those of the command and the server with all their children.', place.note
      ]
    })
  }
  return {
    part: 'neighbours', sections, failures,
    skipped: [
      ...all.flatMap(neighbour => { const reason = why.get(neighbour); return reason === undefined ? [] : [{ what: neighbour.contestant.label, why: reason }] }),
      ...['Transmission', 'Syncthing', 'WebTorrent'].map(what => ({ what, why: 'this harness does not drive it yet' }))
    ]
  }
}
