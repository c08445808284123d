/**
 * A section as an SVG: one bar per row for the median, a line from the least run to the most, and in small print where it was measured. Drawn by hand, so that a plot
 * needs no package and no browser; on a ground of its own, light or dark as the reader has it.
 */
import { spread } from '../statistics.ts'
import type { PlotSpec, Section } from './report.ts'

const width = 860
const barHeight = 18
const gap = 8
const top = 44
const labelWidth = 330
const valueWidth = 90

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** 1, 2 or 5 times a power of ten: about five lines across. */
export const stepFor = (most: number): number => {
  const rough = most / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5, 10].find(factor => factor * power >= rough) ?? 10)
}

const numberText = (value: number): string => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const style = [
  'text{font:13px sans-serif;fill:#333}.title{font-weight:bold;font-size:15px}.small{font-size:10px;fill:#767676}.ground{fill:#fff}.grid{stroke:#ddd}.ours{fill:#2f6f9f}.other{fill:#b8b8b8}',
  '.range{stroke:#111;stroke-width:1.5}',
  '@media(prefers-color-scheme:dark){text{fill:#ddd}.small{fill:#999}.ground{fill:#0d1117}.grid{stroke:#333}.ours{fill:#58a6d6}.other{fill:#666}.range{stroke:#fff}}'
].join('')

/** @returns undefined when no row was measured */
export const plot = ({ rows, labels }: Pick<Section, 'rows' | 'labels'>, { metric, title, unit }: PlotSpec, smallPrint: string): string | undefined => {
  const bars = rows.flatMap(row => {
    const values = row.values[metric] ?? []
    return values.length === 0 ? [] : [{ label: row.labels.slice(0, labels.length).join(': '), isOurs: row.id.endsWith('/shoal') || row.labels.some(label => label.startsWith('shoal')), ...spread(values) }]
  })
  const most = Math.max(...bars.map(({ max }) => max))
  if (bars.length === 0 || !(most > 0)) return undefined
  const bottom = top + bars.length * (barHeight + gap)
  const height = bottom + 44
  const space = width - labelWidth - valueWidth
  const x = (value: number): string => (labelWidth + value / most * space).toFixed(1)
  const step = stepFor(most)
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step)
  const axis = ticks.map(value => `<line x1="${x(value)}" x2="${x(value)}" y1="${top - 6}" y2="${bottom + 2}" class="grid"/><text x="${x(value)}" y="${bottom + 18}" text-anchor="middle">${value}</text>`)
  const drawn = bars.map(({ label, isOurs, median, min, max }, i) => {
    const y = top + i * (barHeight + gap)
    const middle = y + barHeight / 2
    return [
      `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${(median / most * space).toFixed(1)}" height="${barHeight}" class="${isOurs ? 'ours' : 'other'}"/>`,
      `<line x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}" class="range"/>`,
      `<text x="${(labelWidth + max / most * space + 6).toFixed(1)}" y="${middle + 4}">${numberText(median)}</text>`
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}</style>`,
    `<rect width="${width}" height="${height}" class="ground"/>`,
    `<text x="12" y="22" class="title">${escaped(title)}, ${escaped(unit)}</text>`,
    ...axis, ...drawn, `<text x="12" y="${height - 8}" class="small">${escaped(smallPrint)}</text>`, '</svg>', ''
  ].join('\n')
}
