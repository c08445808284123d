import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import type { Link, Network, PeerId } from '../../src/contract/index.ts'
import { within } from '../../src/testing/link-ear.ts'
import { networkOf } from '../network/networks.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const children = new Set<ChildProcess>()
const open: Network[] = []
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await Promise.all(open.splice(0).map(network => network.stop()))
})

interface Peer {
  readonly process: ChildProcess
  readonly peer: PeerId
  readonly addresses: string[]
  line (wanted: string): Promise<void>
  order (order: object): void
  readonly exited: Promise<unknown>
}

/** Another process; `line` waits for a line of it, also for one that came already. */
const start = async (port = 0): Promise<Peer> => {
  const child = spawn(process.execPath, ['--import', here('../testing/source-hooks.ts'), here('transport-tcp-peer.ts'), String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.add(child)
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
  return { process: child, peer, addresses, exited, line: async wanted => { await wait(line => line === wanted) }, order (order) { child.stdin.write(`${JSON.stringify(order)}\n`) } }
}

const network = async (port = 0): Promise<Network> => {
  const made = await networkOf(tcp(), { listen: { host: '127.0.0.1', port } })
  open.push(made)
  return made
}

const ending = (link: Link): Promise<Error | undefined> => new Promise(resolve => { link.listen({ data () {}, drained () {}, closed: resolve }) })

const portOf = ({ addresses }: Pick<Peer, 'addresses'>): number => Number(/tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1])

describe('a peer in another process', () => {
  it('that is killed is missed within 2 s, as an error, whoever dialed', async () => {
    const ours = await network()
    const accepted = new Promise<Link>(resolve => { ours.accept(resolve) })
    const [dialed, dialing] = await Promise.all([start(), start()])
    dialing.order({ dial: { peer: ours.peer, addresses: ours.addresses() } })
    const ends = [ending(await ours.dial(dialed.peer, dialed.addresses, AbortSignal.timeout(10_000))), ending(await accepted)]
    for (const each of [dialed, dialing]) each.process.kill('SIGKILL')
    for (const end of await within(2_000, 'both are missed', Promise.all(ends))) expect(end).toMatchObject({ code: 'LINK_CLOSED' })
    const again = await start(portOf(dialed)) // what a killed one leaves behind blocks nobody
    await (await ours.dial(again.peer, again.addresses, AbortSignal.timeout(10_000))).close()
  })

  it('that is stopped makes the sender wait in bounded memory, and gets all when it goes on', async () => {
    const [ours, theirs] = await Promise.all([network(), start()])
    const link = await ours.dial(theirs.peer, theirs.addresses, AbortSignal.timeout(10_000))
    const part = new Uint8Array(256 * 1024)
    const total = 256 * part.byteLength // 64 MiB
    let sent = 0
    let blocked = Promise.withResolvers<undefined>()
    const ends: unknown[] = []
    const go = (): void => {
      while (sent < total) {
        sent += part.byteLength
        if (!link.send([part])) { blocked.resolve(undefined); return }
      }
    }
    link.listen({ data () {}, drained: go, closed (error) { ends.push(error) } })
    theirs.process.kill('SIGSTOP')
    go()
    for (let before = -1; before !== sent;) { // until nothing goes out any more
      before = sent
      await blocked.promise
      blocked = Promise.withResolvers()
      await Promise.race([blocked.promise, new Promise(resolve => { setTimeout(resolve, 300) })])
      blocked.resolve(undefined)
    }
    expect(sent).toBeLessThan(24 * 1024 * 1024) // socket buffers of both kernels, and a window
    expect(link.unsentBytes).toBeLessThan(2 * 1024 * 1024)
    theirs.process.kill('SIGCONT')
    await within(10_000, 'all is heard', theirs.line('heard 64'))
    expect(ends).toEqual([])
    await link.close()
    expect(ends).toEqual([undefined])
    await theirs.line('closed cleanly')
  })

  it('that stops leaves nothing that keeps it alive, and its port to the next', async () => {
    const [ours, theirs] = await Promise.all([network(), start()])
    const end = ending(await ours.dial(theirs.peer, theirs.addresses, AbortSignal.timeout(10_000)))
    theirs.order({ stop: true })
    await theirs.line('stopped')
    await within(900, 'it ends by itself', theirs.exited)
    expect(await end).toBeUndefined()
    expect((await network(portOf(theirs))).addresses()).toEqual(theirs.addresses)
  })
})
