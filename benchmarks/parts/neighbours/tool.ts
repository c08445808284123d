/** What a neighbour is: a contestant with what it takes to run it. And what all of them need alike: free ports, the disk, the use of processes that end by themselves. */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { childrenOf, read } from '../../measure.ts'
import type { Reading } from '../../measure.ts'
import type { Contestant } from '../throughput/contest.ts'

export interface Neighbour {
  readonly contestant: Contestant
  /** Why it cannot run here and how to get it, or undefined. */
  missing (): string | undefined | Promise<string | undefined>
  /** Asked of those that are not missing. */
  version (): string | Promise<string>
}

/** The path of a program; undefined: there is none. */
export const programPath = (name: string): string | undefined => {
  try { return execFileSync('/bin/sh', ['-c', `PATH="$PATH:/usr/sbin"; command -v ${name}`], { encoding: 'utf8' }).trim() } catch { return undefined } // the type says so
}

/** A neighbour that is these programs, and how to get them. */
export const missing = (toGet: string, ...programs: readonly string[]) => (): string | undefined => {
  const lacking = programs.filter(name => programPath(name) === undefined)
  return lacking.length === 0 ? undefined : `there is no ${lacking.join(', ')} here: ${toGet}`
}

/** The first version number that a program prints. */
export const versionOf = (program: string, ...args: readonly string[]): string => {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return /\d+(?:\.\d+)+\w*/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown'
}

/** Free on this machine now; in a namespace of its own every port is. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port is free.')
  return address.port
}

/** As ours has it at the end. */
export const toDisk = async (path: string): Promise<void> => {
  const file = await open(path, 'r+')
  try { await file.datasync() } finally { await file.close() }
}

const everyMs = 20

export interface TreeWatch extends Disposable {
  /** Of a process and all its children since the watch began: at most 20 ms each are missed. */
  used (): Reading
}

/** For processes that are gone when they are done, and whose work is their children's. */
export const watchTree = (pid: number): TreeWatch => {
  const before = new Map<number, number>()
  const seen = new Map<number, Reading>()
  const look = (isFirst: boolean): void => {
    const queue = [pid]
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      queue.push(...childrenOf(next))
      try {
        const reading = read(next)
        if (reading === undefined) continue
        if (isFirst) before.set(next, reading.cpuSeconds)
        seen.set(next, reading)
      } catch { continue } // it has ended
    }
  }
  look(true)
  const first = seen.get(pid)
  const timer = setInterval(() => { look(false) }, everyMs)
  return {
    used () {
      look(false)
      const all = [...seen]
      return {
        cpuSeconds: all.reduce((sum, [one, { cpuSeconds }]) => sum + cpuSeconds - (before.get(one) ?? 0), 0), peakBytes: all.reduce((sum, [, { peakBytes }]) => sum + peakBytes, 0),
        netBytes: Math.max(...all.map(([, { netBytes }]) => netBytes)) - (first?.netBytes ?? 0), sentBytes: Math.max(...all.map(([, { sentBytes }]) => sentBytes)) - (first?.sentBytes ?? 0)
      }
    },
    [Symbol.dispose] () { clearInterval(timer) }
  }
}
