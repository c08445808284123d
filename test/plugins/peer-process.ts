/** Peers in processes of their own (transport-peer.ts), for tests of each transport. Owns starting them, and their end with the test. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Doomed } from 'shoal/testing'
import type { PeerId } from '../../src/contract/index.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where a test says what to lay down behind it: those that run at the same time must not lay down each other's. */
export interface Test { onTestFinished (release: () => unknown): void }

/** How long a peer that was killed may be missed for: the operating system tells of TCP, the others find out by silence. */
export const missedMs: Readonly<Record<string, number>> = { tcp: 2_000, quic: 15_000, webrtc: 25_000 }

export interface Peer {
  readonly process: ChildProcess
  readonly peer: PeerId
  readonly addresses: string[]
  /** Waits for a line, also for one that came already. */
  line (wanted: string | RegExp): Promise<string>
  order (order: object): void
  readonly exited: Promise<unknown>
  readonly lines: readonly string[]
}

/** Another process. */
export const startPeer = async ({ onTestFinished }: Test, transport: string, port = 0): Promise<Peer> => {
  const child = spawn(process.execPath, ['--import', here('../testing/source-hooks.ts'), here('transport-peer.ts'), transport, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => child.kill('SIGKILL'))
  const exited = new Promise(resolve => { child.once('exit', resolve) })
  const lines: string[] = []
  const waits = new Set<() => void>()
  const wait = (isIt: (line: string) => boolean): Promise<string> => new Promise((resolve, reject) => {
    const look = (): void => {
      const found = lines.find(isIt)
      if (found !== undefined) { waits.delete(look); resolve(found) }
    }
    void exited.then(() => { reject(new Error(`The process ended. It said: ${lines.join(' | ')}`)) })
    waits.add(look)
    look()
  })
  createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line)
    for (const look of [...waits]) look()
  })
  const { peer, addresses } = JSON.parse(await wait(line => line.startsWith('{'))) as { peer: PeerId, addresses: string[] }
  return {
    process: child, peer, addresses, exited, lines,
    line: wanted => wait(line => typeof wanted === 'string' ? line === wanted : wanted.test(line)),
    order (order) { child.stdin.write(`${JSON.stringify(order)}\n`) }
  }
}

/** For the transport suite. */
export const doomed = async (transport: string): Promise<Doomed> => {
  const { peer, addresses, process } = await startPeer({ onTestFinished () { /* the suite kills it */ } }, transport)
  return { peer, addresses, missedMs: missedMs[transport] ?? 0, kill: () => process.kill('SIGKILL') }
}
