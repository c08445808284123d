/** `shoal plugins`: every kind, what there is, and whether it loads. Each is loaded in a process of its own, so that one that crashes is shown, and nothing else. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { exitStatus, kinds } from '../contract/index.ts'
import type { Kind } from '../contract/index.ts'
import { listPlugins } from '../loader.ts'
import { isSource, packageFolder } from '../own-name.ts'
import type { Row } from './command.ts'
import { readConfiguration } from './config.ts'
import type { Configuration } from './config.ts'
import type { Arguments } from './grammar.ts'
import { write } from './io.ts'
import type { Io } from './io.ts'
import { jsonLine, printResult } from './render.ts'
import type { Ending } from './signals.ts'
import type { Trial } from './try-plugin.ts'

/** Longer than Node takes to start, however busy the machine is. */
const startMs = 60_000
/** What a plugin may take to load: 10 s, or more where Node itself was slow to start, for that says how busy the machine is. */
const patienceMs = (startedMs: number): number => Math.min(30_000, Math.max(10_000, 10 * startedMs))
/** Of what it complains about, the end is kept. */
const maxComplaint = 64 * 1024

interface Named { readonly kind: Kind, readonly spec: string, readonly from: string, readonly origin: 'first party' | 'configuration' }

/** Words of --transport that are no plugins. */
const choices: readonly string[] = ['auto', 'udp']

/** Those of the house, and what the configuration names beside them. */
const allOf = (kind: Kind, { file, values }: Configuration): readonly Named[] => {
  const own = listPlugins(kind)
  const named = values.get(`--${kind}`) ?? []
  const foreign = named.filter(spec => !own.includes(spec.split('?')[0] ?? '') && !(kind === 'transport' && choices.includes(spec)))
  const from = file === undefined ? process.cwd() : dirname(file)
  return [
    ...own.map((spec): Named => ({ kind, spec, from, origin: 'first party' })),
    ...foreign.map((spec): Named => ({ kind, spec, from, origin: 'configuration' }))
  ]
}

const isTrial = (value: unknown): value is Trial => typeof value === 'object' && value !== null && 'ok' in value

/** Its last line is try-plugin's; what the plugin itself wrote there before is nothing to us. */
const parseTrial = (said: string): Trial | undefined => {
  try {
    const parsed: unknown = JSON.parse(said.endsWith('\n') ? said.trimEnd().split('\n').at(-1) ?? '' : '')
    return isTrial(parsed) ? parsed : undefined
  } catch { return undefined } // it ended before it could say anything
}

const attempt = async ({ kind, spec, from }: Named, signal: AbortSignal): Promise<Trial> => {
  const program = join(packageFolder(), isSource ? 'src/cli/try-plugin.ts' : 'dist/cli/try-plugin.js')
  const late = new AbortController()
  const began = performance.now()
  let limitMs = startMs
  let timer = setTimeout(() => { late.abort() }, limitMs)
  const child = spawn(process.execPath, [program, kind, spec, from], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], killSignal: 'SIGKILL', signal: AbortSignal.any([signal, late.signal]) })
  const ended = new Promise<string>(resolve => {
    // one that was started is waited for, also when it is killed
    child.on('error', error => { if (child.pid === undefined) resolve(error.message) })
    child.on('exit', (code, killedBy) => { resolve(killedBy === null ? `its process ended with status ${code ?? 0}` : `its process was ended by ${killedBy}`) })
  })
  const heard = async (stream: Readable): Promise<string> => {
    // what it started itself may keep the other end open
    late.signal.addEventListener('abort', () => { stream.destroy() })
    let end = ''
    try { for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) end = (end + text).slice(-maxComplaint) } catch { /* it was cut: what came before is all there is */ }
    return end
  }
  const answers = child.stdio[3] as Readable
  // its first word: what comes now is the plugin's
  answers.once('data', () => {
    clearTimeout(timer)
    limitMs = patienceMs(performance.now() - began)
    timer = setTimeout(() => { late.abort() }, limitMs)
  })
  const [how, said, complaints] = await Promise.all([ended, heard(answers), heard(child.stderr as Readable)]).finally(() => { clearTimeout(timer) })
  signal.throwIfAborted()
  const why = late.signal.aborted ? `it did not load within ${Math.round(limitMs / 1000)} s` : how
  const complaint = complaints.split('\n').findLast(line => /\S/.test(line) && !/^(Node\.js|\s+at )/.test(line))
  return parseTrial(said) ?? {
    ok: false, code: 'PLUGIN_FAILED', message: `The ${kind} plugin "${spec}" failed to load: ${why}${complaint === undefined ? '' : ` (${complaint.trim()})`}. Ask its author, or leave it out.`
  }
}

const rowOf = ({ kind, spec, origin }: Named, trial: Trial): Row => ({
  fields: [spec, kind, trial.ok ? 'loaded' : 'failed', origin, ...trial.ok ? [] : [`${trial.code}: ${trial.message}`]],
  json: {
    kind, spec, origin, state: trial.ok ? 'loaded' : 'failed',
    ...trial.ok ? { name: trial.name, contract: trial.contract } : { error: { code: trial.code, message: trial.message } }
  }
})

export const runPlugins = async (args: Arguments, io: Io, ending: Ending): Promise<number> => {
  const configuration = await readConfiguration(args.option('--config'), io)
  const all = kinds.flatMap(kind => allOf(kind, configuration))
  const rows: Row[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) {
      const named = all[at]
      if (named !== undefined) rows[at] = rowOf(named, await attempt(named, ending.signal))
    }
  }
  // all of them, also when one is interrupted: no process is left behind
  const ended = await Promise.allSettled(Array.from({ length: Math.min(8, availableParallelism()) }, work))
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason
  if (args.has('--json')) await write(io.stdout, `${jsonLine({ command: 'plugins', ok: true, result: rows.map(({ json }) => json) })}\n`)
  else await printResult({ type: 'list', columns: ['name', 'kind', 'state', 'from', 'why'], rows }, io.stdout.isTTY === true ? 'aligned' : 'plain', line => write(io.stdout, `${line}\n`))
  return exitStatus.done
}
