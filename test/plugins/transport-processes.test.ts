import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Link, Network } from '../../src/contract/index.ts'
import { within } from '../../src/testing/link-ear.ts'
import { networkOf } from '../network/networks.ts'
import { missedMs, startPeer } from './peer-process.ts'
import type { Peer, Test } from './peer-process.ts'
import { transports } from './transport-names.ts'

const MiB = 1024 * 1024

const network = async ({ onTestFinished }: Test, transport: string, port = 0): Promise<Network> => {
  const make = transports.get(transport)
  if (make === undefined) throw new Error(`There is no transport ${transport}.`)
  const made = await networkOf(await make(port), { listen: { host: '127.0.0.1', port } })
  onTestFinished(() => made.stop())
  return made
}

const ending = (link: Link): Promise<Error | undefined> => new Promise(resolve => { link.listen({ data () {}, drained () {}, closed: resolve }) })

const portOf = ({ addresses }: Pick<Peer, 'addresses'>): number => Number(/(?:tcp|udp)\/(\d+)/.exec(addresses[0] ?? '')?.[1])

/** Memory of a process that is in RAM: now, and the most so far. */
const memory = ({ process }: Peer): { readonly now: number, readonly most: number } => {
  const status = readFileSync(`/proc/${process.pid ?? 0}/status`, 'utf8')
  const of = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
  return { now: of('VmRSS'), most: of('VmHWM') }
}

describe.each([...transports.keys()])('over %s, a peer in another process', transport => {
  const limitMs = missedMs[transport] ?? 0

  it('that is killed is missed, as an error, whoever dialed, also while it sends', async test => {
    const ours = await network(test, transport)
    const accepted = new Promise<Link>(resolve => { ours.accept(resolve) })
    const [dialed, dialing, sending] = await Promise.all([startPeer(test, transport), startPeer(test, transport), startPeer(test, transport)])
    dialing.order({ dial: { peer: ours.peer, addresses: ours.addresses() } })
    const dial = ({ peer, addresses }: Peer): Promise<Link> => ours.dial(peer, addresses, AbortSignal.timeout(10_000))
    const ends = [ending(await dial(dialed)), ending(await accepted)]

    const link = await dial(sending)
    let heardBytes = 0
    ends.push(new Promise(resolve => {
      link.listen({
        data (chunk) {
          if (heardBytes < 8 * MiB && heardBytes + chunk.byteLength >= 8 * MiB) for (const each of [dialed, dialing, sending]) each.process.kill('SIGKILL')
          heardBytes += chunk.byteLength
        },
        drained () {},
        closed: resolve
      })
    }))
    sending.order({ offer: 1024 })
    await within(10_000, 'they are killed', Promise.all([dialed.exited, dialing.exited, sending.exited]))
    const again = startPeer(test, transport, portOf(dialed)) // at once, before anybody else takes the port: what a killed one leaves behind blocks nobody
    for (const end of await within(limitMs, 'all are missed', Promise.all(ends))) expect(end).toMatchObject({ code: 'LINK_CLOSED' })
    expect(heardBytes).toBeGreaterThanOrEqual(8 * MiB)
    expect(heardBytes).toBeLessThan(1024 * MiB)

    await (await dial(await again)).close()
  }, 60_000)

  it('that is held up makes the sender wait in bounded memory, and gets all when it goes on', async test => {
    const [ours, theirs] = await Promise.all([network(test, transport), startPeer(test, transport)])
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
    expect(sent).toBeLessThan(24 * MiB) // socket buffers of both kernels, and a window
    expect(link.unsentBytes).toBeLessThan(2 * MiB)
    theirs.process.kill('SIGCONT')
    await within(20_000, 'all is heard', theirs.line('heard 64'))
    expect(ends).toEqual([])
    await link.close()
    expect(ends).toEqual([undefined])
    await theirs.line('closed cleanly')
  })

  it('that stops leaves nothing that keeps it alive, and its port to the next', async test => {
    const [ours, theirs] = await Promise.all([network(test, transport), startPeer(test, transport)])
    const end = ending(await ours.dial(theirs.peer, theirs.addresses, AbortSignal.timeout(10_000)))
    theirs.order({ stop: true })
    await theirs.line('stopped')
    await within(transport === 'webrtc' ? 3_000 : 900, 'it ends by itself', theirs.exited)
    expect(await end).toBeUndefined()
    expect(portOf({ addresses: [...(await network(test, transport, portOf(theirs))).addresses()] })).toBe(portOf(theirs))
  })
})

describe.concurrent.each([...transports.keys()])('over %s, a reader in another process', transport => {
  it.skipIf(process.platform !== 'linux')('that stops for 10 s while 1 GiB is offered costs both sides less than 64 MiB, keeps its link, and gets all (memory from /proc, Linux only)', async test => {
    const [reader, sender] = await Promise.all([startPeer(test, transport), startPeer(test, transport)])
    sender.order({ dial: { peer: reader.peer, addresses: reader.addresses } })
    await sender.line('dialed')
    sender.order({ offer: 64 }) // both have their heaps and buffers by then
    await within(30_000, 'the first is heard', reader.line('heard 64'))
    const before = [reader, sender].map(each => memory(each).now)
    reader.order({ pause: true })
    await reader.line('paused')
    sender.order({ offer: 1024 })
    await new Promise(resolve => { setTimeout(resolve, 10_000) }) // the time is the fact
    const stopped = [reader, sender].map((each, i) => memory(each).now - (before[i] ?? 0))
    expect(reader.lines.at(-1)).toBe('paused')
    expect(sender.lines.filter(line => line === 'all is said')).toHaveLength(1)
    reader.order({ resume: true })
    await within(180_000, 'all is heard', reader.line('heard 1088'))
    const most = [reader, sender].map((each, i) => memory(each).most - (before[i] ?? 0))
    for (const each of [reader, sender]) each.order({ sum: true })
    const sums = await Promise.all([reader, sender].map(each => each.line(/^sum /)))
    expect(sums[0]).toBe(sums[1])
    expect([...reader.lines, ...sender.lines].filter(line => line.startsWith('closed'))).toEqual([])
    const grown = [...stopped, ...most].map(bytes => Math.round(bytes / MiB))
    process.stdout.write(`${transport}: MiB grown, reader and sender, stopped ${grown.slice(0, 2).join(' ')}, at most ${grown.slice(2).join(' ')}\n`)
    for (const each of grown) expect(each).toBeLessThan(64)
  }, 240_000) // about 25 s; the limits are for machines that have more to do
})
