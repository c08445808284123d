/** Children: started, spoken with in lines, ended. Owns that none outlives the run, whatever happens. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { childrenOf } from '../measure.ts'

export interface Running {
  readonly pid: number
  /** The next line of standard output. @throws when the process ended before it */
  line (): Promise<string>
  /** The first line of standard error, from now or before, that matches. @throws when the process ended before it */
  note (pattern: RegExp): Promise<string>
  type (text: string): void
  /** Closes standard input, and waits for the end; who does not end in time is killed. */
  end (): Promise<void>
  readonly ended: Promise<number | null>
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Runs it through another program, such as `ip netns exec NAME`, that puts itself in its place. */
  readonly through?: readonly string[]
}

export interface Processes {
  start (command: readonly string[], options?: StartOptions): Running
  /** Ends all that were started and still run, and what they started; from then on none is started. */
  killAll (): Promise<void>
}

const patienceMs = 10_000

/** With all that it started, whatever group they are in; parents first, so that none starts another in place of one that ended. */
const familyOf = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(familyOf)]

interface Reader { resolve (line: string): void, reject (error: Error): void }

export const createProcesses = (): Processes => {
  let isOver = false
  const alive = new Set<{ kill (): void, readonly ended: Promise<unknown> }>()
  return {
    start (command, { env = {}, cwd, through = [] } = {}) {
      const [program, ...args] = [...through, ...command]
      if (program === undefined) throw new Error('No program was named.')
      if (isOver) throw new Error(`${program} is not started any more.`)
      const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true, ...cwd === undefined ? {} : { cwd } })
      const lines: string[] = []
      const notes: string[] = []
      const readers: Reader[] = []
      const watchers = new Set<() => void>()
      let over = false
      const gone = (): Error => new Error(`${command.slice(0, 4).join(' ')} … ended too early. It said:\n${notes.slice(-20).join('\n')}`)
      const ended = new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', code => { over = true; resolve(code) })
      })
      const kill = (): void => {
        for (const pid of child.pid === undefined || over ? [] : familyOf(child.pid)) {
          try { process.kill(pid, 'SIGKILL') } catch { continue } // it has ended
        }
      }
      const entry = { kill, ended }
      alive.add(entry)
      const finish = (): void => {
        over = true
        alive.delete(entry)
        for (const reader of readers.splice(0)) reader.reject(gone())
        for (const watcher of [...watchers]) watcher()
      }
      ended.then(finish, (error: unknown) => { notes.push(String(error)); finish() })
      createInterface({ input: child.stdout }).on('line', line => {
        const reader = readers.shift()
        if (reader === undefined) lines.push(line)
        else reader.resolve(line)
      })
      createInterface({ input: child.stderr }).on('line', line => { notes.push(line); for (const watcher of [...watchers]) watcher() })
      child.stdin.on('error', error => { notes.push(String(error)) })
      return {
        pid: child.pid ?? 0,
        ended,
        line () {
          const line = lines.shift()
          if (line !== undefined) return Promise.resolve(line)
          if (over) return Promise.reject(gone())
          return new Promise((resolve, reject) => { readers.push({ resolve, reject }) })
        },
        note: pattern => new Promise((resolve, reject) => {
          let seen = 0
          const look = (): void => {
            for (; seen < notes.length; seen++) {
              const note = notes[seen]
              if (note !== undefined && pattern.test(note)) { watchers.delete(look); resolve(note); return }
            }
            if (over) { watchers.delete(look); reject(gone()) }
          }
          watchers.add(look)
          look()
        }),
        type (text) { child.stdin.write(`${text}\n`) },
        async end () {
          child.stdin.end()
          const timer = setTimeout(kill, patienceMs)
          await ended
          clearTimeout(timer)
        }
      }
    },
    async killAll () {
      isOver = true
      const all = [...alive]
      for (const { kill } of all) kill()
      await Promise.allSettled(all.map(({ ended }) => ended))
    }
  }
}
