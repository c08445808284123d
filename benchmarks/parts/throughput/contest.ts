/** Who takes part in the throughput runs: each is made ready, then runs when it is its turn. Owns what a timed run of one is, and what it counted. */
import type { Processes } from '../../drive/processes.ts'
import type { Reading } from '../../measure.ts'
import type { Place } from './place.ts'

export interface Timed {
  readonly seconds: number
  /** By the name of the process: sharer, downloader, tracker. */
  readonly used: Readonly<Record<string, Reading | undefined>>
  /** What came over the network that the processes are in, if they use one. */
  readonly netBytes: number | undefined
  /** A file to compare with the source after the clock has stopped. */
  readonly copy?: string
}

export interface Round {
  readonly number: number
  readonly file: string
  readonly bytes: number
  /** New, for this contestant in this round. */
  readonly folder: string
  readonly place: Place
  /** Of this run alone. */
  readonly processes: Processes
  /** Of this run alone, too: it was interrupted, or takes too long. */
  readonly signal: AbortSignal
  /** Told when the clock starts, with the process that receives. */
  started (pid: number): void
}

export interface Contestant {
  /** What it is, for people. */
  readonly label: string
  /** For ids: `shoal`, `stream`, `net`, … */
  readonly name: string
  /** Starts what it takes, runs once with the clock, and ends all of it. */
  run (round: Round): Promise<Timed>
}
