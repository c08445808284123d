/** Small things by themselves, for finding regressions: each run in a process of its own, all in turns, so that what disturbs the machine disturbs all. */
import { join } from 'node:path'
import { listPlugins } from 'shoal'
import { writeRandom } from '../../drive/files.ts'
import { launcher } from '../../package-folder.ts'
import { formatSize } from '../../quantities.ts'
import type { Report } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { askRole, metric, runTrials } from '../trials.ts'
import type { Family, Trial } from '../trials.ts'

const MiB = 2 ** 20
const peak = metric('peak', 'peak MB', 0, 'max')

const choices = (run: Run): Family => {
  const [peers, sizes] = run.quick ? [100, [1_000, 10_000]] : [1_000, [10_000, 100_000, 1_000_000]]
  const trial = (selector: string, pieces: number): Trial => ({
    id: `choice/${selector}/${pieces}x${peers}`, labels: [selector, String(pieces), String(peers)],
    once: () => askRole(run, 'micro', { measure: 'choice', selector, pieces, peers, steps: run.quick ? 500 : 5_000 })
  })
  const others = listPlugins('selector').filter(name => name !== 'rarest-first').map(name => trial(name, sizes[1] ?? 0))
  return {
    id: 'micro-choice', title: 'A session among many peers', labels: ['selector', 'pieces', 'peers'],
    metrics: [metric('us-choice', 'µs per choice', 2), metric('us-have', 'µs per have', 2), metric('us-piece', 'µs per piece, all of it', 0, 'median'), metric('ms-peer', 'ms per new peer', 2, 'median'), peak],
    notes: ['Of fifty peers five have everything, one half of it, the others a fiftieth each. "All of it" is one piece from request to stored, with the news of it to every peer, without network, hash and disk.'],
    trials: [...sizes.map(pieces => trial('rarest-first', pieces)), ...others]
  }
}

const frames = (run: Run): Family => ({
  id: 'micro-frames', title: 'Frames', labels: ['block'],
  metrics: [metric('us-block', 'µs per request and block', 2), metric('us-have-frame', 'µs per have', 2)],
  notes: ['Encoded and decoded, both sides in one process. A block is copied once, into the memory that its receiver gives.'],
  trials: [16 * 1024, 512 * 1024].map(bytes => ({ id: `frames/${formatSize(bytes)}`, labels: [formatSize(bytes)], once: () => askRole(run, 'micro', { measure: 'frames', bytes, count: run.quick ? 200 : 2_000 }) }))
})

const integrity = (run: Run): Family => {
  const bytes = (run.quick ? 16 : 256) * MiB
  return {
    id: 'micro-integrity', title: `Integrity schemes, ${formatSize(bytes)} in memory`, labels: ['scheme'],
    metrics: [metric('rate-verify', 'MB/s verified', 0), metric('rate-seal', 'MB/s sealed', 0), metric('rate-hash', 'MB/s node:crypto', 0, 'median'), peak],
    notes: ['Pieces of 512 KiB, eight under way at a time; node:crypto is the plain hash of the same bytes on one thread.'],
    plot: { metric: 'rate-verify', title: 'Verified by each integrity scheme', unit: 'MB/s' },
    trials: listPlugins('integrity').map(scheme => ({ id: `integrity/${scheme}`, labels: [scheme], once: () => askRole(run, 'micro', { measure: 'integrity', scheme, bytes }) }))
  }
}

const sealing = async (run: Run): Promise<Family> => {
  const bytes = (run.quick ? 16 : 512) * MiB
  const file = join(run.folder, 'to-seal.bin')
  await writeRandom(file, bytes, run.signal)
  return {
    id: 'micro-sealing', title: `Sealing a file of ${formatSize(bytes)} to share it`, labels: ['scheme'],
    metrics: [metric('rate-seal', 'MB/s', 0), metric('rate-read', 'MB/s read alone', 0, 'median'), metric('rate-hash', 'MB/s hash alone', 0, 'median'), metric('of-slower', 'of the slower of both', 2, 'median'), peak],
    notes: ['Warm in the page cache. Reading and hashing alone are on one thread; sealing uses several.'],
    trials: listPlugins('integrity').map(scheme => ({ id: `sealing/${scheme}`, labels: [scheme], once: number => askRole(run, 'sealing', { file, scheme, folder: join(run.folder, `${scheme}-${number}`) }) }))
  }
}

const starting = ({ processes }: Run): Family => {
  const trial = (label: string, id: string, command: readonly string[]): Trial => ({
    id, labels: [label],
    async once () {
      const from = performance.now()
      const status = await processes.start(command).ended
      if (status !== 0) throw new Error(`${label} ended with ${String(status)}.`)
      return { ms: performance.now() - from }
    }
  })
  return {
    id: 'micro-start', title: 'Starting', labels: ['what'], metrics: [metric('ms', 'ms', 0)], notes: ['From the start of the process to its end.'],
    trials: [trial('node, which does nothing', 'start/node', [process.execPath, '-e', '0']), trial('shoal --help', 'start/help', [...launcher, '--help'])]
  }
}

export const micro = async (run: Run): Promise<Report> => {
  const families = [starting(run), frames(run), integrity(run), await sealing(run), choices(run)]
  return { part: 'micro', skipped: [], ...await runTrials(run, families) }
}
