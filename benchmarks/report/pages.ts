/** RESULTS.md: each part has a section between two markers, which a run replaces; what is written by hand around them stays. */
import type { Verdict } from '../compare.ts'
import { verdictText } from './print.ts'
import type { Report, Section } from './report.ts'
import { markdownTable, remarks, sectionCells } from './table.ts'

const sectionText = (section: Section): string => [
  `### ${section.title}`,
  ...section.plot === undefined ? [] : [`![${section.title}](results/${section.id}.svg)`],
  markdownTable(sectionCells(section)),
  remarks(section).join(' ')
].join('\n\n')

/** What stands between the markers of a part. */
export const partText = (machineLine: string, { part, sections, skipped, failures }: Report, verdicts: readonly Verdict[]): string => {
  const held = verdictText(verdicts.filter(({ target }) => target.part === part))
  return [
    `\`npm run bench -- ${part}\` on ${machineLine}.`,
    ...sections.map(sectionText),
    ...held === '' ? [] : [`\`\`\`\n${held}\n\`\`\``],
    ...skipped.map(({ what, why }) => `Not run: ${what}: ${why}.`),
    ...failures.map(failure => `**Failed:** ${failure}`)
  ].join('\n\n')
}

const markers = (part: string): readonly [string, string] => [`<!-- bench:${part} -->`, `<!-- /bench:${part} -->`]

/** The page with the part's text in its place, or at the end when the page has no such place. */
export const placed = (page: string, part: string, text: string): string => {
  const [begin, end] = markers(part)
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  const body = `${begin}\n${text}\n${end}`
  if (from === -1 || to === -1) return `${page.trimEnd()}\n\n## ${part}\n\n${body}\n`
  return page.slice(0, from) + body + page.slice(to + end.length)
}
