/** What a part of the benchmarks is, and what it is given. */
import type { Processes } from '../drive/processes.ts'
import type { Report } from '../report/report.ts'

export interface Run {
  /** As `--transport` names them; plugins by path, too. */
  readonly transports: readonly string[]
  /** Bytes. */
  readonly sizes: readonly number[]
  readonly sizesGiven: boolean
  readonly runs: number
  /** Whether that is what was asked for: else a part may have its own number. */
  readonly runsGiven: boolean
  /** What takes long, too. */
  readonly full: boolean
  /** Of the line in throughput: milliseconds there and back. */
  readonly delays: readonly number[]
  readonly quick: boolean
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
