/** Networks of our own, for root on Linux: namespaces that are gone after the run. The machine's own network is not touched. */
import { execFileSync } from 'node:child_process'

const run = (program: string, args: readonly string[]): string => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const has = (program: string): boolean => {
  try { run('/bin/sh', ['-c', `command -v ${program}`]); return true } catch { return false } // the type says so
}

/** Why there can be none here, in words; undefined when there can. */
export const whyNoNamespaces = (...programs: readonly string[]): string | undefined => {
  if (process.platform !== 'linux') return 'network namespaces are Linux\'s'
  if (process.getuid?.() !== 0) return 'only root may make network namespaces: run it with sudo'
  const missing = ['ip', ...programs].filter(program => !has(program))
  if (missing.length > 0) return `this machine has no ${missing.join(', ')}: apt install iproute2`
  try { run('unshare', ['-n', 'true']) } catch { return 'this root may not make network namespaces' } // a container without the right
  return undefined
}

export interface Space {
  readonly name: string
  /** What runs a program in it: for a start. */
  readonly through: readonly string[]
  /** Runs a program in it to its end. @returns what it printed; throws when it failed */
  run (program: string, ...args: readonly string[]): string
}

export interface Namespaces {
  /** Makes one with its loopback up. */
  space (label: string): Space
  removeAll (): void
}

let made = 0

export const createNamespaces = (): Namespaces => {
  const names: string[] = []
  const number = made++
  return {
    space (label) {
      const name = `shoal-bench-${process.pid}-${number}-${label}`
      run('ip', ['netns', 'add', name])
      names.push(name)
      const inside = (program: string, ...args: readonly string[]): string => run('ip', ['netns', 'exec', name, program, ...args])
      inside('ip', 'link', 'set', 'lo', 'up')
      return { name, through: ['ip', 'netns', 'exec', name], run: inside }
    },
    removeAll () { for (const name of names.splice(0)) run('ip', ['netns', 'delete', name]) }
  }
}
