/**
 * The shell for programs: lines in, and for each command its result and exactly one line `ok` or `error CODE: …`. No prompt, echo, colour or cursor.
 * Strictly one command after another; what is beside the results goes to standard error.
 */
import { errorCodes, exitStatus } from '../contract/index.ts'
import type { DownloadStatus, Shoal } from '../contract/index.ts'
import type { Command, Face } from './command.ts'
import { untilIdle } from './downloads-watch.ts'
import { detailsOf, failureOf } from './exit.ts'
import { write } from './io.ts'
import type { Io } from './io.ts'
import { linesOf } from './lines.ts'
import { noticeLine } from './notices.ts'
import type { Notice } from './notices.ts'
import { errorLine, jsonLine, resultJson } from './render.ts'
import { createShell } from './shell.ts'
import type { ShellOptions } from './shell.ts'
import { aborted } from './signals.ts'
import type { Ending } from './signals.ts'
import { isIdle } from './words.ts'

export interface PipeShellOptions {
  readonly shoal: Shoal
  readonly commands: readonly Command[]
  readonly io: Io
  readonly home: string
  readonly ending: Ending
  /** Runs around the work of each command. */
  readonly during?: ShellOptions['during']
  /** At the end of input, first wait until no download runs. */
  readonly wait: boolean
  /** Go on after the end of input. */
  readonly stay: boolean
  /** End at the first error, with its status. */
  readonly strict: boolean
  /** One JSON document per command, in place of result and answer. */
  readonly json: boolean
  readonly debug: boolean
}

export interface PipeShell {
  readonly tell: (notice: Notice) => void
  /** Until quit, the end of input, or `ending`. @returns the exit status, and what is left to answer when the peer has stopped */
  run (): Promise<{ readonly status: number, readonly farewell?: string }>
}

export const createPipeShell = (options: PipeShellOptions): PipeShell => {
  const { shoal, commands, io, home, ending, during = <T>(work: Promise<T>) => work } = options
  const tell = (notice: Notice): void => { io.stderr.write(`${noticeLine(notice)}\n`) }
  const face: Face = {
    note: text => { tell({ level: 'notice', text }) },
    progress: () => undefined
  }
  const print = (line: string): Promise<void> => write(io.stdout, `${line}\n`)
  const shell = createShell({ shoal, commands, face, home, style: 'plain', print, during })
  const answer = (command: string, outcome: { readonly result: unknown } | { readonly error: ReturnType<typeof failureOf> }): string => {
    if (!options.json) return 'error' in outcome ? errorLine(outcome.error) : 'ok'
    if ('result' in outcome) return jsonLine({ command, ok: true, result: outcome.result })
    const { code, message, status } = outcome.error
    return jsonLine({ command, ok: false, error: { code, message, exitStatus: status } })
  }

  /** @returns the status of an error; 'quit' with the answer that is still to be given */
  const execute = async (line: string): Promise<{ readonly status: number } | { readonly quit: string }> => {
    let name = line.trim().split(/[ \t]/, 1)[0] ?? ''
    try {
      const ran = await shell.run(line, ending.signal)
      name = ran.command.name
      if (!options.json) await shell.print(ran, ending.signal)
      const last = answer(name, { result: options.json ? await during(resultJson(ran.result)) : null })
      if (ran.command.ends === true) return { quit: last }
      await print(last)
      return { status: exitStatus.done }
    } catch (error) {
      const failure = failureOf(error)
      if (options.debug) tell({ level: 'debug', text: detailsOf(error) })
      await print(answer(name, { error: failure }))
      return { status: failure.status }
    }
  }

  const isEnding = (): boolean => ending.signal.aborted
  const interrupted = (): { readonly status: number } => ({ status: ending.cause === 'SIGINT' ? exitStatus.interrupted : exitStatus.done })

  return {
    tell,
    async run () {
      for await (const line of linesOf(io.stdin, ending.signal)) {
        if (isIdle(line)) continue
        const outcome = await execute(line)
        if (isEnding()) return interrupted()
        if ('quit' in outcome) return { status: exitStatus.done, farewell: outcome.quit }
        if (options.strict && outcome.status !== exitStatus.done) return outcome
      }
      if (isEnding()) return interrupted()
      if (options.wait) {
        const failed = await waitForDownloads(shoal, ending.signal)
        if (options.strict && failed !== undefined && !isEnding()) return { status: failed }
      }
      if (options.stay) await aborted(ending.signal)
      return isEnding() ? interrupted() : { status: exitStatus.done }
    }
  }
}

/** @returns the exit status of the first download that failed meanwhile */
const waitForDownloads = async (shoal: Shoal, signal: AbortSignal): Promise<number | undefined> => {
  const all = (): readonly DownloadStatus[] => shoal.user === undefined ? [] : shoal.downloads()
  const running = new Set(all().filter(({ state }) => state === 'running').map(({ path }) => path))
  await untilIdle(shoal, signal)
  const failed = all().find(({ state, path }) => state === 'failed' && running.has(path))
  return failed?.error === undefined ? undefined : exitStatus[errorCodes[failed.error.code].exit]
}
