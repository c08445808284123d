/** Keeps results: JSON per part in benchmarks/results of a checkout, or of the folder where it was started when there is no checkout. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Verdict } from '../compare.ts'
import type { Machine } from '../machine.ts'
import { packageFolder } from '../package-folder.ts'
import type { Report } from './report.ts'

const isCheckout = (): boolean => existsSync(join(packageFolder, 'benchmarks/RESULTS.md')) || existsSync(join(packageFolder, 'bin/shoal'))

export const resultsFolder = (): string => isCheckout() ? join(packageFolder, 'benchmarks/results') : resolve('benchmarks/results')

/** @returns the files that were written, for people */
export const save = async (machine: Machine, reports: readonly Report[], verdicts: readonly Verdict[]): Promise<readonly string[]> => {
  const folder = resultsFolder()
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const report of reports) {
    const file = join(folder, `${report.part}.json`)
    await writeFile(file, `${JSON.stringify({ machine, ...report, verdicts: verdicts.filter(({ target }) => target.part === report.part) }, null, 1)}\n`)
    files.push(relative('.', file))
  }
  return files
}
