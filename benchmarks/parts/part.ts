/** What a part of the benchmarks is, and what it is given. */
import type { Processes } from '../drive/processes.ts'
import type { BenchOptions } from '../options.ts'
import type { Report } from '../report/report.ts'

export interface Run extends Omit<BenchOptions, 'parts' | 'json' | 'write' | 'check' | 'results'> {
  /** A folder of this part alone. */
  readonly folder: string
  readonly processes: Processes
  readonly signal: AbortSignal
  /** One line of progress for people. */
  say (line: string): void
}

export interface Part {
  readonly name: string
  /** One line, for the help. */
  readonly summary: string
  run (run: Run): Promise<Report>
}
