/**
 * Keeps results: JSON per part and plots in benchmarks/results of a checkout, or below the folder where it was started when there is no checkout; and when asked to
 * RESULTS.md, and the plot of the front page.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import type { Verdict } from '../compare.ts'
import { machineLine } from '../machine.ts'
import type { Machine } from '../machine.ts'
import { packageFolder } from '../package-folder.ts'
import { partText, placed } from './pages.ts'
import { plot } from './plot.ts'
import type { Report } from './report.ts'

const isCheckout = (): boolean => existsSync(join(packageFolder, 'bin/shoal'))

export const resultsFolder = (): string => isCheckout() ? join(packageFolder, 'benchmarks/results') : resolve('benchmarks/results')

const pageOf = async (path: string): Promise<string> => existsSync(path) ? readFile(path, 'utf8') : '# Results\n'

/** What a user wants to know first: how fast each transport is beside other tools, with the last size of the run. */
const frontPlot = (machine: Machine, reports: readonly Report[]): string | undefined => {
  const shown = reports.find(({ part }) => part === 'neighbours')?.sections.at(-1)
  return shown === undefined ? undefined : plot(shown, { metric: 'rate', title: shown.title, unit: 'MB/s, more is better' }, machineLine(machine))
}

/** @returns the files that were written, for people */
export const save = async (machine: Machine, reports: readonly Report[], verdicts: readonly Verdict[], { write, results }: { readonly write: boolean, readonly results: string | undefined }): Promise<readonly string[]> => {
  const folder = results === undefined ? resultsFolder() : resolve(results)
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  const keep = async (path: string, text: string): Promise<void> => {
    await writeFile(path, text)
    files.push(relative('.', path))
  }
  for (const report of reports) {
    await keep(join(folder, `${report.part}.json`), `${JSON.stringify({ machine, ...report, verdicts: verdicts.filter(({ target }) => target.part === report.part) }, null, 1)}\n`)
    for (const section of report.sections) {
      const drawn = section.plot === undefined ? undefined : plot(section, section.plot, machineLine(machine))
      if (drawn !== undefined) await keep(join(folder, `${section.id}.svg`), drawn)
    }
  }
  if (!write) return files
  const path = join(dirname(folder), 'RESULTS.md')
  let page = await pageOf(path)
  for (const report of reports) page = placed(page, report.part, partText(machineLine(machine), report, verdicts))
  await keep(path, page)
  const front = frontPlot(machine, reports)
  if (front !== undefined) await keep(join(dirname(folder), 'throughput.svg'), front)
  return files
}
