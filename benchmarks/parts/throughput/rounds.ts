/** Rounds of a contest: in each, a fresh file, and every contestant once, so that what disturbs the machine disturbs all. Owns the check of every copy. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeCopy, writeRandom } from '../../drive/files.ts'
import type { Row } from '../../report/report.ts'
import type { Run } from '../part.ts'
import type { Contestant, Timed } from './contest.ts'

export interface Lane { readonly id: string, readonly labels: readonly string[], readonly contestant: Contestant }

export interface Outcome { readonly rows: readonly Row[], readonly failures: readonly string[] }

export interface Contest {
  readonly lanes: readonly Lane[]
  readonly bytes: number
  readonly through: readonly string[]
  /** Further metrics of a run. */
  readonly also?: (timed: Timed, bytes: number) => Readonly<Record<string, number>>
}

const MB = 1e6

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
const objection = async (file: string, bytes: number, { netBytes, copy }: Timed): Promise<string | undefined> => {
  if (netBytes !== undefined && netBytes < bytes) return `only ${netBytes} bytes passed the network for a file of ${bytes}.`
  return copy === undefined ? undefined : judgeCopy(file, copy)
}

export const runRounds = async (run: Run, { lanes, bytes, through, also }: Contest): Promise<Outcome> => {
  const { runs, folder, processes, signal, say } = run
  const values = lanes.map(() => new Map<string, number[]>())
  const failures: string[] = []
  const file = join(folder, 'random.bin')
  for (let number = 1; number <= runs; number++) {
    await writeRandom(file, bytes)
    for (const [place, { id, contestant }] of lanes.entries()) {
      signal.throwIfAborted()
      const own = join(folder, `${number}-${place}`)
      try {
        const timed = await contestant.run({ number, file, bytes, folder: own, through })
        const wrong = await objection(file, bytes, timed)
        if (wrong !== undefined) throw new Error(wrong)
        for (const [key, value] of Object.entries({ ...valuesOf(timed, bytes), ...also?.(timed, bytes) })) {
          const list = values[place]?.get(key) ?? []
          values[place]?.set(key, [...list, value])
        }
        say(`${id}: run ${number} of ${runs}: ${timed.seconds.toFixed(2)} s, ${(bytes / MB / timed.seconds).toFixed(0)} MB/s`)
      } catch (error) {
        signal.throwIfAborted()
        await processes.killAll()
        failures.push(`${id}, run ${number}: ${error instanceof Error ? error.message : String(error)}`)
        say(`${id}: run ${number} of ${runs} failed: ${failures.at(-1) ?? ''}`)
      }
      await rm(own, { recursive: true, force: true })
    }
  }
  await rm(file, { force: true })
  return { rows: lanes.map(({ id, labels }, place) => ({ id, labels, values: Object.fromEntries(values[place] ?? []) })), failures }
}
