/** Selectors in the simulator: the session of a real peer in virtual time, which knows what its links told it, and nothing more. A run is a seed. */
import { listPlugins } from 'shoal'
import type { Report } from '../../report/report.ts'
import type { Run } from '../part.ts'
import { askRole, metric, runTrials } from '../trials.ts'
import type { Family, Trial } from '../trials.ts'

const cost = [metric('run-seconds', 'seconds to simulate', 1, 'median'), metric('peak', 'peak MB', 0, 'max')]
const copies = metric('copies', 'copies by the sharer', 2)

const rounds = (run: Run): Family => {
  const trial = (selector: string, peers: number, pieces: number, degree: number, most = Infinity): Trial => ({
    id: `rounds/${selector}/${peers}x${pieces}`, labels: [selector, String(peers), String(pieces)], most: Math.min(run.runs, most),
    once: seed => askRole(run, 'swarms', { scene: 'rounds', selector, peers, pieces, degree, seed })
  })
  const [peers, pieces] = run.quick ? [16, 32] : [50, 100]
  return {
    id: 'selectors-rounds', title: 'Rounds until everybody has everything', labels: ['selector', 'peers', 'pieces'],
    metrics: [metric('over-optimum', 'over the optimum', 3), metric('rounds', 'rounds', 0, 'median'), copies, ...cost],
    notes: [
      'Each peer sends one piece per round, without limit to what it receives; one has everything at first; a random graph of 20 links per peer, 40 for 1,000 peers. Messages without data take no time. A piece is one block;',
      'settings: uploadSlots 1, turnBytes one piece (who sends serves another peer with each piece), maxOwedBytes one piece (nothing is asked ahead).',
      'The optimum is k-1+ceil(log2 n), random choice in step with everybody known takes 1.01k+4.4 log2 n+3.2 (Ganesan and Seshadri 2005); here a peer knows what its links told it.'
    ],
    plot: { metric: 'over-optimum', title: 'Time until the last one has everything, over the optimum', unit: 'ratio' },
    trials: [
      ...listPlugins('selector').map(selector => trial(selector, peers, pieces, 20)),
      ...run.full ? ['rarest-first', 'random'].map(selector => trial(selector, 1000, 1000, 40, 1)) : []
    ]
  }
}

const mixed = (run: Run): Family => {
  const [peers, pieces] = run.quick ? [16, 16] : run.full ? [300, 400] : [30, 40]
  const trial = (selector: string, label: string, sharerKbit: number): Trial => ({
    id: `mixed/${selector}/${label}`, labels: [selector, `${label}, ${sharerKbit} kbit/s`], most: Math.min(run.runs, run.full ? 1 : Infinity),
    once: seed => askRole(run, 'swarms', { scene: 'mixed', selector, peers, pieces, degree: 20, sharerKbit, seed })
  })
  return {
    id: 'selectors-mixed', title: `${peers} downloaders of ${pieces} pieces over lines of four kinds`, labels: ['selector', 'sharer'],
    metrics: [metric('mean-seconds', 'mean seconds', 0), metric('over-bound', 'last over bound', 2), metric('up-use', 'upload used', 3), copies, ...cost],
    notes: [
      'After Bharambe et al. (2006): pieces of 256 KiB, at most 20 links each, all come within 10 s and leave when done; down and up 784/128 (20 %), 1500/384 (40 %), 3000/1000 (25 %), 10000/5000 (15 %) kbit/s. These classes could not be compared with the table of the paper.',
      'The bound is that of Kumar and Ross for peers that stay.'
    ],
    trials: (run.full ? ['rarest-first', 'random'] : listPlugins('selector')).flatMap(selector => [trial(selector, 'fast', 6000), trial(selector, 'slow', 800)])
  }
}

const large = (run: Run): Family => ({
  id: 'selectors-large', title: '10,000 peers that come and go, 1,000 pieces', labels: ['selector'],
  metrics: [metric('run-seconds', 'seconds to simulate', 0), metric('peak', 'peak MB', 0, 'max'), metric('mean-seconds', 'mean seconds', 0), copies, metric('complete', 'complete', 0)],
  notes: ['Nine of ten come within a minute, two of ten leave 30 s after they came. Pieces of one block, 10 per second and peer; about 10 links each, one request at a time on each. On one core.'],
  trials: [{ id: 'large/rarest-first', labels: ['rarest-first'], most: 1, once: seed => askRole(run, 'swarms', { scene: 'churning', selector: 'rarest-first', peers: 10_000, pieces: 1000, degree: 10, seed }) }]
})

export const selectors = async (given: Run): Promise<Report> => {
  const run = given.runsGiven ? given : { ...given, runs: given.quick ? 5 : 20 }
  return {
    part: 'selectors', ...await runTrials(run, [rounds(run), mixed(run), ...run.full ? [large(run)] : []]),
    skipped: run.full ? [] : [{ what: '1,000 peers with 1,000 pieces, the mixed swarm of 300 peers and 400 pieces, 10,000 peers with churn', why: 'they take long; add --full' }]
  }
}
