/** Starts peers on WebRTC in processes of their own, and ends them with the test. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { within } from '../../src/testing/link-ear.ts'
import type { PeerId } from '../../src/contract/index.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const children = new Set<ChildProcess>()

export interface Child {
  readonly pid: number
  /** The next line that it says. */
  line (): Promise<string>
  say (line: string): void
  endInput (): void
  /** Kills it as kill -9 does. */
  kill (): Promise<void>
  readonly exited: Promise<{ readonly code: number | null, readonly signal: string | null }>
}

export const startChild = (...args: string[]): Child => {
  const child = spawn(process.execPath, ['--import', here('../testing/source-hooks.ts'), here('transport-webrtc-peer.ts'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.add(child)
  const exited = new Promise<{ code: number | null, signal: string | null }>(resolve => { child.once('exit', (code, signal) => { children.delete(child); resolve({ code, signal }) }) })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid ?? 0,
    exited,
    async line () {
      const { value, done } = await within(20_000, 'it says something', lines.next())
      if (done === true) throw new Error(`The process ended: ${JSON.stringify(await exited)}.`)
      return value
    },
    say (line) { child.stdin.write(`${line}\n`) },
    endInput () { child.stdin.end() },
    async kill () {
      child.kill('SIGKILL')
      await exited
    }
  }
}

export interface Address { readonly peer: PeerId, readonly addresses: readonly string[], readonly port: number }
export type Peer = Child & Address

/** Where it says that it is. */
export const addressOf = async (child: Child): Promise<Address> => {
  const { peer, addresses } = JSON.parse(await child.line()) as { peer: PeerId, addresses: string[] }
  return { peer, addresses, port: Number(/udp\/(\d+)/.exec(addresses[0] ?? '')?.[1]) }
}

export const startPeer = async (folder: string): Promise<Peer> => {
  const child = startChild(folder)
  return { ...child, ...await addressOf(child) }
}

export const killAll = (): void => { for (const child of children) child.kill('SIGKILL') }
