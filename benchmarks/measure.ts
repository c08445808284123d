/** What a process used so far, as the kernel counts it. Linux alone tells; elsewhere nothing is known, and tables show a dash. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Reading {
  readonly cpuSeconds: number
  /** The most memory that it ever had. */
  readonly peakBytes: number
  /** Received by all interfaces of the network that the process is in. */
  readonly netBytes: number
  /** Sent by them. */
  readonly sentBytes: number
}

/** `getconf CLK_TCK`: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

/** User and system time of all threads, from /proc/PID/stat. The name of the program, in brackets, may hold anything. */
export const cpuOf = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export const peakOf = (status: string): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024

/** From /proc/PID/net/dev: the first number of each line is what an interface received. */
export const receivedOf = (dev: string): number => [...dev.matchAll(/^\s*[^\s:|]+:\s*(\d+)/gm)].reduce((sum, found) => sum + Number(found[1]), 0)

/** The ninth number is what it sent. */
export const sentOf = (dev: string): number => [...dev.matchAll(/^\s*[^\s:|]+:\s*(?:\d+\s+){8}(\d+)/gm)].reduce((sum, found) => sum + Number(found[1]), 0)

export const read = (pid: number): Reading | undefined => {
  if (process.platform !== 'linux') return undefined
  const text = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  const dev = text('net/dev')
  return { cpuSeconds: cpuOf(text('stat')), peakBytes: peakOf(text('status')), netBytes: receivedOf(dev), sentBytes: sentOf(dev) }
}

/** What a process used while something happened. */
export const since = (pid: number): () => Reading | undefined => {
  const before = read(pid)
  return () => {
    const after = read(pid)
    if (before === undefined || after === undefined) return undefined
    return { cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakBytes: after.peakBytes, netBytes: after.netBytes - before.netBytes, sentBytes: after.sentBytes - before.sentBytes }
  }
}

/** Processes that it started and that still run; none where nothing is known. */
export const childrenOf = (pid: number): readonly number[] => {
  try {
    const threads = readdirSync(`/proc/${pid}/task`) // each has the children that it started
    return threads.flatMap(thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(text => text !== '').map(Number))
  } catch { return [] } // it has ended
}
