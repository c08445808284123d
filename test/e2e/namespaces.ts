/**
 * Networks of our own for one test: named namespaces, cables between them, routers that masquerade, lines that are slow. Owns their removal at the end, also after
 * a failure, and of what a killed run left behind. Nothing of the machine's own network is touched.
 */
import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

const run = (program: string, args: readonly string[]): string => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const has = (program: string): boolean => {
  try { run('/bin/sh', ['-c', `command -v ${program}`]); return true } catch { return false } // the type says so
}

/** Why a test cannot have its own networks here, in words; undefined when it can. */
export const whyNoNamespaces = (...programs: readonly string[]): string | undefined => {
  if (process.platform !== 'linux') return 'network namespaces are Linux\'s'
  if (process.getuid?.() !== 0) return 'only root may make network namespaces'
  const missing = ['ip', ...programs].filter(program => !has(program))
  if (missing.length > 0) return `this machine has no ${missing.join(', ')}`
  try { run('unshare', ['-n', 'true']) } catch { return 'this root may not make network namespaces' } // a container without the right
  return undefined
}

const prefix = 'shoal-test-'
let made = 0

const isAlive = (pid: number): boolean => {
  try { process.kill(pid, 0); return true } catch { return false } // the type says so
}

/** Those of processes that are no more. */
const sweep = (): void => {
  for (const name of run('ip', ['netns', 'list']).split('\n').map(line => line.split(' ')[0] ?? '')) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : NaN
    if (Number.isInteger(pid) && !isAlive(pid)) run('ip', ['netns', 'delete', name])
  }
}

export interface Space {
  readonly name: string
  /** What runs a program in it: for `drive`. */
  readonly through: readonly string[]
  /** Runs a program in it to its end. @returns what it printed; throws when it failed */
  run (program: string, ...args: readonly string[]): string
  /** Whether the program succeeds. */
  can (program: string, ...args: readonly string[]): boolean
  /** One more address of its own, on no cable. */
  address (address: string): void
  /** @param to `default`, or a network */
  route (to: string, via: string): void
  /** Hands on what is not for itself. */
  forward (): void
  /** Forwards, and everything that leaves over that cable bears this router's own address; nothing comes in over it that was not asked for. */
  masquerade (cable: string): void
}

/** A cable is named on both sides after what it leads to. */
export interface Cable {
  readonly delayMs?: number
  /** As `tc` has it: `400kbit` are 50 kB/s. */
  readonly rate?: string
}

export interface Namespaces {
  /** Makes one with its loopback up. It forwards nothing. */
  space (name: string): Space
  /**
   * Lays a cable between two: `.1` of the network is the first's, `.2` the second's.
   * @param network such as `10.77.1`
   */
  cable (first: Space, second: Space, network: string, cable?: Cable): void
  /** Takes it away. */
  cut (first: Space, second: Space): void
}

/** For the test that is running. Make it before its processes, so that it goes after them. */
export const createNamespaces = (): Namespaces => {
  sweep()
  const spaces: string[] = []
  onTestFinished(() => { for (const name of spaces) run('ip', ['netns', 'delete', name]) })
  const short = (space: Space): string => space.name.split('-').slice(4).join('-').slice(0, 12)
  const number = made++

  return {
    space (label) {
      const name = `${prefix}${process.pid}-${number}-${label}`
      run('ip', ['netns', 'add', name])
      spaces.push(name)
      const through = ['ip', 'netns', 'exec', name]
      const inside = (program: string, ...args: readonly string[]): string => run('ip', ['netns', 'exec', name, program, ...args])
      inside('ip', 'link', 'set', 'lo', 'up')
      inside('sysctl', '-qw', 'net.ipv4.ip_forward=0')
      const forward = (): void => { inside('sysctl', '-qw', 'net.ipv4.ip_forward=1') }
      return {
        name, through, run: inside, forward,
        can (...command) { try { inside(...command); return true } catch { return false } }, // the type says so
        address (address) { inside('ip', 'address', 'add', `${address}/32`, 'dev', 'lo') },
        route (to, via) { inside('ip', 'route', 'add', to, 'via', via) },
        masquerade (cable) {
          forward()
          inside('nft', `add table ip shoal
            add chain ip shoal out { type nat hook postrouting priority 100; }
            add rule ip shoal out oifname "${cable}" masquerade
            add chain ip shoal through { type filter hook forward priority 0; policy accept; }
            add rule ip shoal through iifname "${cable}" ct state new drop
            add chain ip shoal in { type filter hook input priority 0; policy accept; }
            add rule ip shoal in iifname "${cable}" ct state new drop`)
        }
      }
    },
    cable (first, second, network, { delayMs, rate } = {}) {
      const [there, here] = [short(second), short(first)]
      run('ip', ['link', 'add', there, 'netns', first.name, 'type', 'veth', 'peer', 'name', here, 'netns', second.name])
      for (const [space, name, host] of [[first, there, 1], [second, here, 2]] as const) {
        space.run('ip', 'address', 'add', `${network}.${host}/24`, 'dev', name)
        space.run('ip', 'link', 'set', name, 'up')
        // each alone, as the kernels of some machines have only one of the two
        if (delayMs !== undefined) space.run('tc', 'qdisc', 'add', 'dev', name, 'root', 'netem', 'delay', `${delayMs}ms`, ...rate === undefined ? [] : ['rate', rate])
        else if (rate !== undefined) space.run('tc', 'qdisc', 'add', 'dev', name, 'root', 'tbf', 'rate', rate, 'burst', '16kb', 'latency', '400ms')
      }
    },
    cut (first, second) { first.run('ip', 'link', 'delete', short(second)) }
  }
}
