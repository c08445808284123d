/** Throughput across transports: the whole path (read, encrypt, send, verify, store) between two processes, beside bare sockets and streams in the same rounds. */
import { whyNoNamespaces } from '../../namespaces.ts'
import { formatSize } from '../../quantities.ts'
import type { Report, Section } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { socket, stream, streamInOneProcess } from './bare.ts'
import type { Contestant } from './contest.ts'
import { lineMetrics, transferMetrics } from './metrics.ts'
import { shoal, shoalInOneProcess, staysInside } from './ours.ts'
import { onLine, onLoopback } from './place.ts'
import { runRounds } from './rounds.ts'
import type { Lane } from './rounds.ts'
import { lineUse } from './watch-line.ts'

const conditions = [
  'The whole path: from the command to the finished file, with the defaults that users get; a new tracker, sharer and downloader each run, both logged in before the clock starts.',
  'Source and copy on the same file system, the source fresh random bytes and warm. Shoal and the file-to-file baseline have what they wrote brought to the disk every 8 MiB (fdatasync, beside the writing) and at the end (fsync); each copy is compared after the clock has stopped.'
]

interface Measured { readonly section: Section, readonly failures: readonly string[] }

const lane = (transport: string, label: string, size: string, contestant: Contestant): Lane => ({ id: `${transport}/${size}/${contestant.name}`, labels: [label, contestant.label], contestant })

const ofSize = async (run: Run, bytes: number): Promise<Measured> => {
  const size = formatSize(bytes)
  await using place = onLoopback()
  const lanes = [
    ...[socket('net', false), socket('tls', false), socket('tls', true)].map(contestant => lane('tcp', 'tcp, no libp2p', size, contestant)),
    ...run.transports.flatMap(transport => (staysInside(transport) ? [streamInOneProcess(transport), shoalInOneProcess(transport)] : [stream(transport), shoal(transport)])
      .map(contestant => lane(transport, transport, size, contestant)))
  ]
  const { rows, failures } = await runRounds(run, { lanes, bytes, place })
  return {
    failures,
    section: {
      id: `throughput-${size}`, title: `${size} from one process to another`, labels: ['transport', 'what'], metrics: transferMetrics, rows, notes: [...conditions, place.note],
      plot: { metric: 'rate', title: `${size} from one process to another`, unit: 'MB/s' }
    }
  }
}

const lineRate = 100e6 / 8
const settledSeconds = 2
/** Takes 4 s at the line's rate. */
const lineBytes = 48 * 2 ** 20

const onShapedLine = async (run: Run, delayMs: number): Promise<Measured> => {
  await using place = await onLine(run.processes, '100mbit', delayMs)
  const name = `100mbit-${delayMs}ms`
  const lanes = [
    lane('tcp', 'tcp, no libp2p', name, socket('tls', false)),
    ...run.transports.filter(transport => !staysInside(transport)).map(transport => lane(transport, transport, name, shoal(transport)))
  ]
  const { rows, failures } = await runRounds(run, {
    lanes, bytes: lineBytes, place,
    also (samples, bytes) {
      const use = lineUse(samples, { fileBytes: bytes, rate: lineRate, after: settledSeconds })
      return use === undefined ? {} : { 'line-file': use.file, 'line-frames': use.frames }
    }
  })
  return {
    failures,
    section: {
      id: `throughput-${name}`, title: `${formatSize(lineBytes)} over a line of 100 Mbit/s, ${delayMs} ms there and back`, labels: ['transport', 'what'],
      metrics: [...transferMetrics, ...lineMetrics], rows, notes: [place.note, `The line's use is counted from ${settledSeconds} s on: what arrives as bytes of the file, and as frames with all their headers.`],
      plot: { metric: 'rate', title: `A line of 100 Mbit/s, ${delayMs} ms there and back`, unit: 'MB/s' }
    }
  }
}

export const throughput = async (run: Run): Promise<Report> => {
  const measured: Measured[] = []
  for (const bytes of run.sizes) measured.push(await ofSize(run, bytes))
  const why = whyNoNamespaces('tc')
  const delays = run.quick ? [] : run.delays
  if (why === undefined) for (const delay of delays) measured.push(await onShapedLine(run, delay))
  return {
    part: 'throughput', sections: measured.map(({ section }) => section), failures: measured.flatMap(({ failures }) => failures),
    skipped: why === undefined || delays.length === 0 ? [] : [{ what: 'a line of 100 Mbit/s with delay', why }]
  }
}
