/** Tables: of a section, for a terminal and for Markdown. */
import { spread } from '../statistics.ts'
import type { Metric, Row, Section } from './report.ts'

export interface Cells { readonly head: readonly string[], readonly rows: readonly (readonly string[])[] }

const headOf = ({ title, shown }: Metric): string[] => shown === 'spread' ? [title, 'min', 'max'] : [title]

const cellsOf = ({ key, digits, shown }: Metric, row: Row): string[] => {
  const values = row.values[key] ?? []
  if (values.length === 0) return shown === 'spread' ? ['-', '-', '-'] : ['-']
  const { median, min, max } = spread(values)
  const text = (value: number): string => value.toFixed(digits)
  return shown === 'spread' ? [median, min, max].map(text) : [text(shown === 'max' ? max : median)]
}

/** What a result takes. */
const enough = 5
const few = '†'

const runsOf = ({ values }: Row): number => Math.max(0, ...Object.values(values).map(({ length }) => length))

const runsCell = (row: Row): string => `${runsOf(row)}${runsOf(row) < enough ? few : ''}`

/** What is to be known to read its table. */
export const remarks = ({ rows, notes }: Section): readonly string[] =>
  [...notes, ...rows.some(row => runsOf(row) < enough) ? [`${few} Fewer than ${enough} runs: a look, not a result.`] : []]

/** Metrics that no row has are left out. */
export const sectionCells = ({ labels, metrics, rows }: Section): Cells => {
  const present = metrics.filter(({ key }) => rows.some(row => (row.values[key] ?? []).length > 0))
  return { head: [...labels, 'runs', ...present.flatMap(headOf)], rows: rows.map(row => [...row.labels, runsCell(row), ...present.flatMap(metric => cellsOf(metric, row))]) }
}

const isNumber = (cell: string): boolean => /^-?[\d.]*†?$/.test(cell) && cell !== ''

/** Columns as wide as their widest cell; numbers to the right. */
export const terminalTable = ({ head, rows }: Cells): string => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)))
  const right = head.map((_, column) => rows.length > 0 && rows.every(row => isNumber(row[column] ?? '')))
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => right[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
  return [line(head), widths.map(width => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

export const markdownTable = ({ head, rows }: Cells): string => {
  const line = (row: readonly string[]): string => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const right = head.map((_, column) => rows.length > 0 && rows.every(row => isNumber(row[column] ?? '')))
  return [line(head), `|${right.map(isRight => isRight ? '---:' : '---').join('|')}|`, ...rows.map(line)].join('\n')
}
