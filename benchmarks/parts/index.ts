/** The parts of the benchmarks, in the order in which they run. What one needs is loaded when it runs. */
import type { Part } from './part.ts'

export const parts: readonly Part[] = [
  { name: 'throughput', summary: 'a sharer and a downloader, by transport, beside bare sockets and streams', run: async run => (await import('./throughput/index.ts')).throughput(run) },
  { name: 'neighbours', summary: 'other tools that are installed, beside Shoal, in the same rounds', run: async run => (await import('./neighbours/index.ts')).neighbours(run) },
  { name: 'swarm', summary: 'one sharer and eight downloaders as real processes with narrow uplinks, over the least possible time, and simulated', run: async run => (await import('./swarm/index.ts')).swarm(run) },
  { name: 'selectors', summary: 'swarms in virtual time: rounds over the optimum, a mixed swarm, with --full a large one', run: async run => (await import('./selectors/index.ts')).selectors(run) },
  { name: 'micro', summary: 'small things by themselves: piece choice, have, frames, integrity, sealing, starting', run: async run => (await import('./micro/index.ts')).micro(run) }
]
