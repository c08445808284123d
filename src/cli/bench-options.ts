/** The words and options of `shoal bench`. What they mean is in benchmarks/options.ts. */
import type { Option } from './grammar.ts'

/** Any of them, in any order: the place of a word does not matter. */
export const benchParts = ['throughput', 'neighbours', 'swarm', 'selectors', 'micro'] as const

export const benchOptions: readonly Option[] = [
  { name: '--transport', value: 'NAME,…', many: true, summary: 'what is measured (default tcp,quic,webrtc,memory)' },
  { name: '--sizes', value: 'SIZE,…', many: true, summary: 'of the files (default 16MiB,256MiB)' },
  { name: '--runs', value: 'N', summary: 'of each (default 5; of selectors 20; fewer are marked)' },
  { name: '--delays', value: 'MS,…', many: true, summary: 'of a line of 100 Mbit/s, there and back; root alone may lay it (default 0,20,50,100, or with no part 100; or none)' },
  { name: '--quick', summary: 'small sizes: done in two minutes' },
  { name: '--full', summary: 'of selectors, the largest swarms, too: an hour' },
  { name: '--json', summary: 'one JSON document in place of tables' },
  { name: '--results', value: 'FOLDER', summary: 'where JSON and plots are written (default benchmarks/results)' },
  { name: '--write', summary: 'updates benchmarks/RESULTS.md, too' },
  { name: '--check', summary: 'ends with 1 when a target is missed' }
]
