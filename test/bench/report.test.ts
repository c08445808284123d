import { describe, expect, it } from 'vitest'
import { placed } from '../../benchmarks/report/pages.ts'
import { plot, stepFor } from '../../benchmarks/report/plot.ts'
import type { Section } from '../../benchmarks/report/report.ts'
import { markdownTable, remarks, sectionCells, terminalTable } from '../../benchmarks/report/table.ts'

const section: Section = {
  id: 's', title: 'A section', labels: ['what'], notes: [],
  metrics: [
    { key: 'seconds', title: 'seconds', digits: 2, shown: 'spread' }, { key: 'peak', title: 'peak MB', digits: 0, shown: 'max' }, { key: 'none', title: 'never', digits: 0, shown: 'median' }
  ],
  rows: [{ id: 'a/shoal', labels: ['shoal | <ours>'], values: { seconds: [3, 1, 2], peak: [7, 90] } }, { id: 'a/other', labels: ['other'], values: {} }]
}

describe('a table of results', () => {
  it('has median, least and most of a spread, and no column that no row has', () => {
    expect(sectionCells(section)).toEqual({ head: ['what', 'runs', 'seconds', 'min', 'max', 'peak MB'], rows: [['shoal | <ours>', '3†', '2.00', '1.00', '3.00', '90'], ['other', '0†', '-', '-', '-', '-']] })
  })
  it('of five runs has no mark, and says nothing of it', () => {
    const enough = { ...section, rows: [{ id: 'a', labels: ['a'], values: { seconds: [1, 2, 3, 4, 5] } }] }
    expect(sectionCells(enough).rows).toEqual([['a', '5', '3.00', '1.00', '5.00']])
    expect(remarks(enough)).toEqual([])
    expect(remarks(section).join()).toContain('Fewer than 5 runs')
  })
  it('is as wide as its widest cells on a terminal', () => {
    expect(terminalTable({ head: ['what', 'n'], rows: [['a', '100'], ['bbbbbb', '7']] })).toBe('what      n\n------  ---\na       100\nbbbbbb    7')
  })
  it('keeps a bar in a cell from ending it in Markdown', () => { expect(markdownTable(sectionCells(section))).toContain('shoal \\| <ours>') })
})

describe('a plot', () => {
  const svg = plot(section, { metric: 'seconds', title: 'How long', unit: 's' }, 'machine & <commit>') ?? ''
  it('has a bar for each row that was measured, with its range', () => {
    expect([...svg.matchAll(/class="(ours|other)"/g)].map(found => found[1])).toEqual(['ours'])
    expect(svg).toContain('class="range"')
  })
  it('draws the median in proportion to the most', () => {
    const length = (value: number): number => Number(new RegExp('<rect x="330" y="44" width="([\\d.]+)"').exec(plot({ labels: ['what'], rows: [{ id: 'x', labels: ['x'], values: { v: [value, value, 10] } }] }, { metric: 'v', title: '', unit: '' }, '') ?? '')?.[1])
    expect(length(5) / length(10)).toBeCloseTo(0.5, 2)
  })
  it('says where it was measured', () => { expect(svg).toContain('machine &amp; &lt;commit&gt;</text>') })
  it('lets no label end its element', () => { expect(svg).toContain('shoal | &lt;ours&gt;') })
  it('is none when nothing was measured', () => { expect(plot(section, { metric: 'none', title: '', unit: '' }, '')).toBeUndefined() })
  it.each([[10, 2], [9, 2], [800, 200], [0.7, 0.2], [3000, 1000]])('of at most %d has a line each %d', (most, step) => { expect(stepFor(most)).toBeCloseTo(step, 9) })
})

describe('the page of results', () => {
  const page = '# Results\n\nBy hand.\n\n<!-- bench:micro -->\nold\n<!-- /bench:micro -->\n\nMore by hand.\n'
  it('has a part replaced between its markers, and nothing else', () => {
    expect(placed(page, 'micro', 'new')).toBe(page.replace('old', 'new'))
  })
  it('gets a part that it has not at its end', () => {
    expect(placed(page, 'swarm', 'first')).toBe(`${page}\n## swarm\n\n<!-- bench:swarm -->\nfirst\n<!-- /bench:swarm -->\n`)
  })
})
