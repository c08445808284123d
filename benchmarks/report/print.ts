/** A report as text for a terminal. */
import type { Verdict } from '../compare.ts'
import { verdictLine } from '../compare.ts'
import type { Report } from './report.ts'
import { remarks, sectionCells, terminalTable } from './table.ts'

export const reportText = ({ sections, skipped, failures }: Report): string => [
  ...sections.flatMap(section => [section.title, '', terminalTable(sectionCells(section)), '', ...remarks(section), '']),
  ...skipped.map(({ what, why }) => `not run: ${what}: ${why}`),
  ...failures.map(failure => `FAILED: ${failure}`)
].join('\n')

export const verdictText = (verdicts: readonly Verdict[]): string => {
  const known = verdicts.filter(({ verdict }) => verdict !== 'not measured')
  const rest = verdicts.length - known.length
  return [...known.map(verdictLine), ...rest === 0 ? [] : [`${rest} more targets of these parts were not measured in this run.`]].join('\n')
}
