/**
 * Drives Shoal as a person's script would: real processes, commands typed into standard input, answers read from standard output. Owns no knowledge of what
 * the commands mean. The end-to-end tests drive with it too.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The launcher of this checkout: the pid it is started with is the pid that runs. */
export const launcher = fileURLToPath(new URL('../../bin/shoal', import.meta.url))

/** A command that was answered with an error. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code: string

  constructor (command: string, code: string, message: string) {
    super(`${command} -> ${code}: ${message}`)
    this.code = code
  }
}

export interface Ended { readonly code: number | null, readonly signal: NodeJS.Signals | null }

export interface Driven {
  readonly pid: number
  readonly child: ChildProcess
  /** Lines of standard error so far. */
  readonly notes: readonly string[]
  readonly ended: Promise<Ended>
  /** The next line of standard output. @throws when the process ended before it */
  line (): Promise<string>
  /** The first line of standard error, from now or before, that matches. @throws when the process ended before it */
  note (pattern: RegExp): Promise<string>
  type (text: string): void
  /** Closes standard input. */
  endInput (): void
  kill (signal?: NodeJS.Signals): void
}

export interface DriveOptions {
  /** SHOAL_HOME. */
  readonly home: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Runs the launcher through another program, such as `ip netns exec NAME`. */
  readonly through?: readonly string[]
}

export const drive = (args: readonly string[], { home, env = {}, cwd, through = [] }: DriveOptions): Driven => {
  const [program = launcher, ...rest] = [...through, launcher, ...args]
  const child = spawn(program, rest, { env: { ...process.env, SHOAL_HOME: home, ...env }, stdio: ['pipe', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} could not be started.`)
  const notes: string[] = []
  const lines: string[] = []
  const readers: { resolve (line: string): void, reject (error: Error): void }[] = []
  const watchers = new Set<() => void>()
  let over = false

  const ended = new Promise<Ended>(resolve => { child.on('close', (code, signal) => { over = true; resolve({ code, signal }) }) })
  const gone = (what: string): Error => new Error(`shoal ${args.join(' ')} ended before ${what}. It said:\n${notes.slice(-20).join('\n')}`)
  createInterface({ input: child.stdout }).on('line', line => {
    const reader = readers.shift()
    if (reader === undefined) lines.push(line)
    else reader.resolve(line)
  })
  createInterface({ input: child.stderr }).on('line', line => { notes.push(line); for (const watcher of watchers) watcher() })
  child.stdin.on('error', () => undefined) // it ended: `ended` tells
  void ended.then(() => {
    for (const reader of readers.splice(0)) reader.reject(gone('it answered'))
    for (const watcher of watchers) watcher()
  })

  return {
    pid, child, notes, ended,
    line () {
      const line = lines.shift()
      if (line !== undefined) return Promise.resolve(line)
      if (over) return Promise.reject(gone('it answered'))
      return new Promise((resolve, reject) => { readers.push({ resolve, reject }) })
    },
    note: pattern => new Promise((resolve, reject) => {
      let seen = 0
      const look = (): void => {
        for (; seen < notes.length; seen++) {
          const note = notes[seen]
          if (note !== undefined && pattern.test(note)) { watchers.delete(look); resolve(note); return }
        }
        if (over) { watchers.delete(look); reject(gone(`it said ${String(pattern)}`)) }
      }
      watchers.add(look)
      look()
    }),
    type (text) { child.stdin.write(`${text}\n`) },
    endInput () { child.stdin.end() },
    kill (signal = 'SIGKILL') { child.kill(signal) }
  }
}

/** A word as the shell reads it back. */
export const word = (text: string): string => /^[\w./:@%+,=~-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`

export interface Peer extends Driven {
  /** Types a command; resolves with the lines of its result. @throws CommandError */
  run (...words: string[]): Promise<string[]>
  /** Types `quit` and waits for the end. */
  quit (): Promise<Ended>
}

/** A `shoal peer` on a pipe. */
export const drivePeer = (args: readonly string[], options: DriveOptions): Peer => {
  const process = drive(['peer', ...args], options)
  let last: Promise<unknown> = Promise.resolve()
  const ask = async (words: readonly string[]): Promise<string[]> => {
    process.type(words.map(word).join(' '))
    const result: string[] = []
    for (;;) {
      const line = await process.line()
      if (line === 'ok') return result
      const error = /^error ([A-Z_]+): (.*)$/.exec(line)
      if (error !== null) throw new CommandError(words.join(' '), error[1] ?? '', error[2] ?? '')
      result.push(line)
    }
  }
  return {
    ...process,
    run (...words) {
      const answer = last.then(() => ask(words))
      last = answer.catch(() => undefined)
      return answer
    },
    async quit () { process.type('quit'); process.endInput(); return process.ended }
  }
}

export interface TrackerProcess extends Driven {
  /** `https://HOST:PORT#sha256=HEX64`, as it printed it. */
  readonly url: string
}

/** A `shoal tracker` that accepts connections. */
export const driveTracker = async (args: readonly string[], options: DriveOptions): Promise<TrackerProcess> => {
  const process = drive(['tracker', ...args], options)
  return { ...process, url: await process.line() }
}

/** The most memory that a process ever had, in bytes; undefined where /proc does not tell. */
export const peakMemory = (pid: number): number | undefined => {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found === null ? undefined : Number(found[1]) * 1024
  } catch { return undefined }
}
