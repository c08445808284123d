/** Throughput across transports: the whole path (read, encrypt, send, verify, store) between two processes, beside bare sockets and streams in the same rounds. */
import { formatSize } from '../../quantities.ts'
import type { Report, Section } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { socket, stream, streamInOneProcess } from './bare.ts'
import { transferMetrics } from './metrics.ts'
import { shoal, shoalInOneProcess } from './ours.ts'
import { runRounds } from './rounds.ts'
import type { Lane } from './rounds.ts'
import { place } from './place.ts'

const staysInside = (transport: string): boolean => transport.split('?')[0] === 'memory'

const lanesOf = ({ processes, transports }: Run, size: string): readonly Lane[] => {
  const lane = (transport: string, contestant: Lane['contestant']): Lane => ({ id: `${transport}/${size}/${contestant.name}`, labels: [transport, contestant.label], contestant })
  return [
    ...[socket(processes, 'net', false), socket(processes, 'tls', false), socket(processes, 'tls', true)].map(contestant => lane('tcp, no libp2p', contestant)),
    ...transports.flatMap(transport => staysInside(transport)
      ? [streamInOneProcess(processes, transport), shoalInOneProcess(processes, transport)].map(contestant => lane(transport, contestant))
      : [stream(processes, transport), shoal(processes, transport)].map(contestant => lane(transport, contestant)))
  ]
}

export const throughput = async (run: Run): Promise<Report> => {
  const sections: Section[] = []
  const failures: string[] = []
  await using where = await place()
  for (const bytes of run.sizes) {
    const size = formatSize(bytes)
    const outcome = await runRounds(run, { lanes: lanesOf(run, size).map(lane => ({ ...lane, id: lane.id.replace(', no libp2p', '') })), bytes, through: where.through })
    failures.push(...outcome.failures)
    sections.push({
      id: `throughput-${size}`, title: `${size} from one process to another`, labels: ['transport', 'what'], metrics: transferMetrics, rows: outcome.rows,
      plot: { metric: 'rate', title: `${size} between two processes`, unit: 'MB/s' },
      notes: [
        `The whole path: from the command to the finished file, with the defaults that users get; a new tracker, sharer and downloader each run, both logged in before the clock starts.`,
        'Source and copy on the same file system, the source fresh random bytes and warm. Shoal and the file-to-file baseline have the copy on disk (fdatasync) at the end; each copy is compared after the clock has stopped.',
        where.note
      ]
    })
  }
  return { part: 'throughput', sections, skipped: [], failures }
}
