/** Networks of our own, for root on Linux: namespaces that are gone after the run. The machine's own network is not touched. */
import { execFileSync } from 'node:child_process'

/** Ctrl-C is for us: what lays or removes a network is not ended halfway by it. */
const run = (program: string, args: readonly string[]): string => execFileSync('/bin/sh', ['-c', 'trap "" INT; exec "$0" "$@"', program, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

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
  /**
   * Lays a cable between two: `.1` of the network is the first's, `.2` the second's.
   * @param network such as `10.77.1`
   * @param rate of each direction, as `tc` has it: `100mbit`
   * @param delayMs of each direction; not together with a rate, and only where canDelay() says so
   */
  cable (first: Space, second: Space, network: string, line?: { readonly rate?: string, readonly delayMs?: number }): void
  removeAll (): void
}

/** Whether the kernel can delay what a network carries (netem): many are built without. */
export const canDelay = (space: Space): boolean => {
  try {
    space.run('tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms')
    space.run('tc', 'qdisc', 'delete', 'dev', 'lo', 'root')
    return true
  } catch { return false } // the type says so
}

let made = 0
let cables = 0

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
    cable (first, second, network, { rate, delayMs } = {}) {
      const cable = `c${cables++}`
      run('ip', ['link', 'add', `${cable}a`, 'netns', first.name, 'type', 'veth', 'peer', 'name', `${cable}b`, 'netns', second.name])
      for (const [space, name, host] of [[first, `${cable}a`, 1], [second, `${cable}b`, 2]] as const) {
        space.run('ip', 'address', 'add', `${network}.${host}/24`, 'dev', name)
        space.run('ip', 'link', 'set', name, 'up')
        if (delayMs !== undefined) space.run('tc', 'qdisc', 'add', 'dev', name, 'root', 'netem', 'delay', `${delayMs}ms`, 'limit', '100000')
        if (rate === undefined) continue
        space.run('ip', 'link', 'set', 'dev', name, 'gso_max_segs', '1') // each frame has its headers, as on a wire
        space.run('tc', 'qdisc', 'add', 'dev', name, 'root', 'tbf', 'rate', rate, 'burst', '16kb', 'latency', '400ms')
      }
    },
    removeAll () { for (const name of names.splice(0)) run('ip', ['netns', 'delete', name]) }
  }
}
