/** A swarm of real processes, each on a host of its own whose uplink is narrow: time until the last one has the file, over the least that is possible; and the same swarm simulated. */
import { join } from 'node:path'
import { listPlugins } from 'shoal'
import { leastSeconds } from '../../bounds.ts'
import { writeRandom } from '../../drive/files.ts'
import { whyNoNamespaces } from '../../namespaces.ts'
import { formatSize } from '../../quantities.ts'
import type { Report } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { askRole, metric, runTrials } from '../trials.ts'
import type { Family, Trial } from '../trials.ts'
import { runSwarm } from './once.ts'

const downloaders = 8
const bitRate = 40e6
const byteRate = bitRate / 8

const least = (file: number): number =>
  leastSeconds({ file, sharerUp: byteRate, ups: Array<number>(downloaders).fill(byteRate), downs: Array<number>(downloaders).fill(Infinity) })

const family = (run: Run, bytes: number): Family => {
  const size = formatSize(bytes)
  const [transport = 'tcp'] = run.transports
  const file = join(run.folder, 'random.bin')
  const real = (selector: string): Trial => ({
    id: `${size}/${selector}`, labels: [selector, 'real'],
    async once (number) {
      await writeRandom(file, bytes, run.signal)
      const values = await runSwarm({ folder: join(run.folder, `${selector}-${number}`), file, bytes, downloaders, bitRate, transport, selector, signal: run.signal })
      return { ...values, 'over-bound': (values['seconds'] ?? 0) / least(bytes) }
    }
  })
  const simulated = (selector: string): Trial => ({
    id: `${size}/${selector}/simulated`, labels: [selector, 'simulated'],
    async once (seed) {
      const values = await askRole(run, 'swarms', { scene: 'equal', selector, downloaders, bytes, byteRate, seed })
      return { ...values, 'over-bound': (values['seconds'] ?? 0) / least(bytes) }
    }
  })
  return {
    id: `swarm-${size}`, title: `${size} from one to ${downloaders}, each sending at most ${bitRate / 1e6} Mbit/s`, labels: ['selector', 'how'],
    metrics: [
      metric('over-bound', 'last over bound', 2), metric('seconds', 'seconds', 2, 'median'), metric('mean-seconds', 'mean seconds', 2, 'median'), metric('up-use', 'uplinks used', 2, 'median'),
      metric('copies', 'copies sent by the sharer', 2), metric('useful-copies', 'of use', 2, 'median'), metric('cpu-sharer', 'CPU s sharer', 1, 'median'), metric('cpu-downloader', 'most CPU s of a downloader', 1, 'median'),
      metric('peak-sharer', 'peak MB sharer', 0, 'max'), metric('peak-downloader', 'peak MB of a downloader', 0, 'max'), metric('peak', 'peak MB', 0, 'max')
    ],
    notes: [
      `Over ${transport}. Real: processes in network namespaces on one bridge, what each sends shaped by tc tbf; from the commands, given to all at once, to the last finished copy; copies sent are counted as frames, with all headers.`,
      `Simulated: the same in virtual time, at the rate that is left for blocks. The bound is max(F/u_s, F/d_min, N F/(u_s+sum u_i)) (Kumar and Ross 2006), here ${least(bytes).toFixed(2)} s, without any header.`
    ],
    plot: { metric: 'over-bound', title: `${size} from one to ${downloaders}: last one over the bound`, unit: 'ratio' },
    trials: (run.quick ? ['rarest-first'] : listPlugins('selector')).flatMap(selector => [real(selector), simulated(selector)])
  }
}

export const swarm = async (run: Run): Promise<Report> => {
  const why = whyNoNamespaces('tc')
  if (why !== undefined) return { part: 'swarm', sections: [], failures: [], skipped: [{ what: 'swarms of real processes', why }] }
  const MiB = 2 ** 20
  const sizes = run.sizesGiven ? run.sizes : run.quick ? [8 * MiB] : run.full ? [32 * MiB, 128 * MiB] : [32 * MiB]
  return { part: 'swarm', skipped: [], ...await runTrials(run, sizes.map(bytes => family(run, bytes))) }
}
