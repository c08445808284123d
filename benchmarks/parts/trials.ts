/** Parts that are made of trials: each a role that answers with its values, run in turns, so that what disturbs the machine disturbs all. */
import { startRole } from '../drive/role.ts'
import { read } from '../measure.ts'
import type { Metric, Report, Row, Section } from '../report/report.ts'
import type { Run } from './part.ts'

export type Values = Readonly<Record<string, number>>

export interface Trial {
  readonly id: string
  readonly labels: readonly string[]
  /** How often it is run, when that is less than others. */
  readonly most?: number
  once (number: number): Promise<Values>
}

export interface Family extends Pick<Section, 'id' | 'title' | 'labels' | 'metrics' | 'notes' | 'plot'> { readonly trials: readonly Trial[] }

export const metric = (key: string, title: string, digits: number, shown: Metric['shown'] = 'spread'): Metric => ({ key, title, digits, shown })

/** Of a trial's own process, for those that are one. */
const cpu = metric('cpu', 'CPU s', 2, 'median')

/** One answer of a role, and what its process used: CPU, and memory at most. */
export const askRole = async ({ processes }: Run, name: string, options: Readonly<Record<string, unknown>>): Promise<Values> => {
  const role = startRole(processes, name, options)
  const answer = await role.answer()
  const used = read(role.pid)
  await role.end()
  const values = Object.entries(answer).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return { ...Object.fromEntries(values), ...used === undefined ? {} : { peak: used.peakBytes / 1e6, cpu: used.cpuSeconds } }
}

export const runTrials = async ({ runs, signal, say, processes }: Run, families: readonly Family[]): Promise<Pick<Report, 'sections' | 'failures'>> => {
  const failures: string[] = []
  const values = new Map<Trial, Map<string, number[]>>(families.flatMap(({ trials }) => trials.map(trial => [trial, new Map<string, number[]>()] as const)))
  const stop = (): void => { void processes.killAll() }
  signal.addEventListener('abort', stop)
  for (let number = 1; number <= runs; number++) {
    for (const [trial, kept] of values) {
      signal.throwIfAborted()
      if (number > (trial.most ?? runs)) continue
      try {
        const measured = await trial.once(number)
        for (const [key, value] of Object.entries(measured)) kept.set(key, [...kept.get(key) ?? [], value])
        say(`${trial.id}: run ${number} of ${trial.most ?? runs}: ${Object.entries(measured).map(([key, value]) => `${key} ${value.toPrecision(3)}`).join(', ')}`)
      } catch (error) {
        signal.throwIfAborted()
        failures.push(`${trial.id}, run ${number}: ${error instanceof Error ? error.message : String(error)}`)
        say(`FAILED: ${failures.at(-1) ?? ''}`)
      }
    }
  }
  signal.removeEventListener('abort', stop)
  const rows = (trials: readonly Trial[]): readonly Row[] => trials.map(trial => ({ id: trial.id, labels: trial.labels, values: Object.fromEntries(values.get(trial) ?? []) }))
  return { failures, sections: families.map(({ trials, metrics, ...section }) => ({ ...section, metrics: [...metrics, cpu], rows: rows(trials) })) }
}
