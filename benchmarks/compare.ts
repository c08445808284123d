/** Holds reports against the targets. */
import type { Report, Row } from './report/report.ts'
import { median } from './statistics.ts'
import type { Figure, Target } from './targets.ts'

export interface Verdict {
  readonly target: Target
  /** Undefined: its rows were not measured in this run. */
  readonly value: number | undefined
  readonly verdict: 'reached' | 'missed' | 'not measured'
}

const take = (values: readonly number[], { take: how }: Figure): number => how === 'median' ? median(values) : how === 'min' ? Math.min(...values) : Math.max(...values)

export const compare = (reports: readonly Report[], targets: readonly Target[]): readonly Verdict[] => {
  const rows = new Map<string, Row>(reports.flatMap(({ part, sections }) => sections.flatMap(section => section.rows.map(row => [`${part}:${row.id}`, row] as const))))
  const read = (part: string, figure: Figure): number | undefined => {
    const values = rows.get(`${part}:${figure.row}`)?.values[figure.metric] ?? []
    return values.length === 0 ? undefined : take(values, figure)
  }
  return targets.filter(({ part }) => reports.some(report => report.part === part)).map(target => {
    const of = read(target.part, target.of)
    const over = target.over === undefined ? 1 : read(target.part, target.over)
    if (of === undefined || over === undefined) return { target, value: undefined, verdict: 'not measured' }
    const value = of / over
    return { target, value, verdict: (target.sense === 'at most' ? value <= target.limit : value >= target.limit) ? 'reached' : 'missed' }
  })
}

/** Of the process: 1 when a run failed or a copy differed, and with --check when a target was missed. What was not measured is neither. */
export const statusOf = (reports: readonly Report[], verdicts: readonly Verdict[], { check }: { readonly check: boolean }): 0 | 1 =>
  reports.some(({ failures }) => failures.length > 0) || (check && verdicts.some(({ verdict }) => verdict === 'missed')) ? 1 : 0

export const verdictLine = ({ target: { what, sense, limit, unit = '' }, value, verdict }: Verdict): string =>
  `${verdict === 'missed' ? 'MISSED ' : verdict === 'reached' ? 'reached' : '-      '}  ${what}: ${value === undefined ? 'not measured' : `${value.toPrecision(3)} ${unit}`.trim()}, to be ${sense} ${limit} ${unit}`.trimEnd()
