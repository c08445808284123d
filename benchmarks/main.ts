/** `npm run bench` and `shoal bench`: runs parts, prints tables, writes results, holds them against the targets. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare, statusOf } from './compare.ts'
import { createProcesses } from './drive/processes.ts'
import { machine, machineLine } from './machine.ts'
import { readOptions, UsageError } from './options.ts'
import type { BenchOptions } from './options.ts'
import { parts } from './parts/index.ts'
import { reportText, verdictText } from './report/print.ts'
import type { Report } from './report/report.ts'
import { save } from './report/save.ts'
import { targets } from './targets.ts'

const help = (): string => `bench [${parts.map(({ name }) => name).join('|')} …] [--transport LIST] [--sizes 16MiB,…] [--runs N] [--delays 0,20,50,100|none] [--quick] [--full] [--json] [--write] [--check] [--results FOLDER]
${parts.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}
With no part: throughput at 16 and 256 MiB and over a line of 100 ms, in 10 minutes; --quick: in 2. Prints tables and writes JSON and plots to benchmarks/results; --write updates benchmarks/RESULTS.md too.
Exit status: 0 every run finished and every copy matched; 1 if not, or with --check if a target was missed; 2 usage.
`

const bench = async (options: BenchOptions, signal: AbortSignal): Promise<number> => {
  const where = machine()
  const processes = createProcesses()
  const root = await mkdtemp(join(tmpdir(), 'shoal-bench-'))
  const say = (line: string): void => { process.stderr.write(`${line}\n`) }
  const reports: Report[] = []
  say(machineLine(where))
  try {
    for (const part of parts.filter(({ name }) => options.parts.includes(name))) {
      const folder = join(root, part.name)
      await mkdir(folder)
      reports.push(await part.run({ ...options, folder, processes, signal, say }))
    }
  } finally {
    await processes.killAll()
    await rm(root, { recursive: true, force: true })
  }
  const verdicts = compare(reports, targets)
  const files = await save(where, reports, verdicts, options)
  process.stdout.write(options.json
    ? `${JSON.stringify({ machine: where, reports, verdicts })}\n`
    : `${reports.map(reportText).join('\n')}\n${verdictText(verdicts)}\n\n${machineLine(where)}\n`)
  for (const file of files) say(`wrote ${file}`)
  return statusOf(reports, verdicts, options)
}

const words = process.argv.slice(2)
if (words.includes('--help') || words.includes('-h')) {
  process.stdout.write(help())
} else {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop.abort(new Error('interrupted')) })
  try {
    process.exitCode = await bench(readOptions(words, parts.map(({ name }) => name)), stop.signal)
  } catch (error) {
    if (!(error instanceof UsageError) && !stop.signal.aborted) throw error
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(stop.signal.aborted ? 130 : 2)
  }
}
