/** Rounds of a contest: in each, a fresh file, and every contestant once, so that what disturbs the machine disturbs all. Owns the check of every copy. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeCopy, writeRandom } from '../../drive/files.ts'
import { createProcesses } from '../../drive/processes.ts'
import type { Row } from '../../report/report.ts'
import type { Run } from '../part.ts'
import type { Contestant, Round, Timed } from './contest.ts'
import type { Place } from './place.ts'
import { watchLine } from './watch-line.ts'
import type { Sample } from './watch-line.ts'

export interface Lane { readonly id: string, readonly labels: readonly string[], readonly contestant: Contestant }

export interface Outcome { readonly rows: readonly Row[], readonly failures: readonly string[] }

export interface Contest {
  readonly lanes: readonly Lane[]
  readonly bytes: number
  readonly place: Place
  /** Further metrics of a run, from what came over the line and when. @default none, and the line is not watched */
  readonly also?: (samples: readonly Sample[], bytes: number) => Readonly<Record<string, number>>
}

const MB = 1e6
/** Longer than a run takes on a machine that is worth measuring. */
const patienceMs = (bytes: number): number => 90_000 + bytes / MB * 500

/** The metrics of one run, by key. */
export const valuesOf = ({ seconds, used }: Timed, bytes: number): Record<string, number> => {
  const values: Record<string, number> = { seconds, rate: bytes / MB / seconds }
  for (const [name, reading] of Object.entries(used)) {
    if (reading === undefined) continue
    values[`cpu-${name}`] = reading.cpuSeconds
    values[`peak-${name}`] = reading.peakBytes / MB
  }
  return values
}

/** Why a run does not count, or undefined. */
const objection = async (file: string, bytes: number, { netBytes, copy }: Timed, signal: AbortSignal): Promise<string | undefined> => {
  if (netBytes !== undefined && netBytes < bytes) return `only ${netBytes} bytes passed the network for a file of ${bytes}.`
  return copy === undefined ? undefined : judgeCopy(file, copy, signal)
}

const graceMs = 1_000

/** Resolves when the work is over, well or badly, or has had its time for that. */
const over = async (work: Promise<unknown>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => { resolve(undefined) }, graceMs)
  await Promise.race([Promise.allSettled([work]), promise])
  clearTimeout(timer)
}

/** One contestant's run, with processes of its own that are gone after it, whatever happened; and so is what it was doing, before its folder is removed. */
const runOnce = async (contestant: Contestant, round: Omit<Round, 'processes' | 'signal'>, interrupted: AbortSignal): Promise<Timed> => {
  const processes = createProcesses()
  const late = new AbortController()
  const timer = setTimeout(() => { late.abort(new Error('It took too long.')) }, patienceMs(round.bytes))
  const signal = AbortSignal.any([interrupted, late.signal])
  const { promise: given, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => { reject(signal.reason as Error) })
  const running = contestant.run({ ...round, processes, signal })
  try {
    return await Promise.race([running, given])
  } finally {
    clearTimeout(timer)
    await processes.killAll()
    await over(running)
  }
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

export const runRounds = async ({ runs, folder, signal, say }: Run, { lanes, bytes, place, also }: Contest): Promise<Outcome> => {
  const values = lanes.map(() => new Map<string, number[]>())
  const failures: string[] = []
  const file = join(folder, 'random.bin')
  for (let number = 1; number <= runs; number++) {
    await writeRandom(file, bytes, signal)
    for (const [at, { id, contestant }] of lanes.entries()) {
      signal.throwIfAborted()
      const own = join(folder, `${number}-${at}`)
      using line = watchLine()
      try {
        const timed = await runOnce(contestant, { number, file, bytes, folder: own, place, started (pid) { if (also !== undefined) line.watch(pid) } }, signal)
        const samples = line.stop()
        const wrong = await objection(file, bytes, timed, signal)
        if (wrong !== undefined) throw new Error(wrong)
        for (const [key, value] of Object.entries({ ...valuesOf(timed, bytes), ...also?.(samples, bytes) })) values[at]?.set(key, [...values[at].get(key) ?? [], value])
        say(`${id}: run ${number} of ${runs}: ${timed.seconds.toFixed(2)} s, ${(bytes / MB / timed.seconds).toFixed(0)} MB/s`)
      } catch (error) {
        signal.throwIfAborted()
        failures.push(`${id}, run ${number}: ${messageOf(error)}`)
        say(`${id}: run ${number} of ${runs} FAILED: ${messageOf(error)}`)
      }
      await rm(own, { recursive: true, force: true })
    }
  }
  await rm(file, { force: true })
  return { rows: lanes.map(({ id, labels }, at) => ({ id, labels, values: Object.fromEntries(values[at] ?? []) })), failures }
}
