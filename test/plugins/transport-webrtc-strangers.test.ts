import { createSocket } from 'node:dgram'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { webRTCDirect } from '@libp2p/webrtc'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import { exchangeProtocol } from '../../src/network/index.ts'
import { listenTo, within } from '../../src/testing/link-ear.ts'
import type { Link, Network } from '../../src/contract/index.ts'
import { networkOf } from '../network/networks.ts'
import { chance, goodRequest, records, strange } from './transport-webrtc-packets.ts'
import { addressOf, killAll, startPeer } from './transport-webrtc-processes.ts'

const deadlineMs = 10_000
let folder = ''
const open: { stop (): Promise<void> }[] = []
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'shoal-webrtc-')) })
afterEach(async () => {
  killAll()
  for (const each of open.splice(0)) await each.stop()
  rmSync(folder, { recursive: true })
})

const network = async (): Promise<Network> => {
  const made = await networkOf(await webrtc({}, { log () {} }))
  open.push(made)
  return made
}

interface Sender { send (packet: Uint8Array): Promise<void>, readonly answers: number, readonly address: string }

const sender = async (port: number): Promise<Sender> => {
  const socket = createSocket('udp4')
  open.push({ stop: () => new Promise(resolve => { socket.close(() => { resolve() }) }) })
  await new Promise<void>(resolve => { socket.bind(0, '127.0.0.1', resolve) })
  let answers = 0
  socket.on('message', () => { answers++ })
  return {
    get answers () { return answers },
    address: `/ip4/127.0.0.1/udp/${socket.address().port}`,
    send: packet => new Promise(resolve => { socket.send(packet, port, '127.0.0.1', () => { resolve() }) }) // one too large for the system is not sent
  }
}

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe('strangers', () => {
  it.each([1, 2])('whose packets are noise, cut, turned, or no DTLS after a right beginning, end no process and no link (seed %i)', async seed => {
    const random = chance(seed)
    const victim = await startPeer(folder)
    const link = await (await network()).dial(victim.peer, victim.addresses, AbortSignal.timeout(deadlineMs))
    const ear = listenTo(link, { deadlineMs })
    const stranger = await sender(victim.port)
    for (const packet of strange(random)) await stranger.send(packet)
    for (let times = 0; times < 10; times++) {
      const begun = await sender(victim.port)
      for (let tries = 0; begun.answers === 0 && tries < 100; tries++) { // until it is talked to
        await begun.send(goodRequest(random))
        await new Promise(resolve => { setTimeout(resolve, 50) })
      }
      expect(begun.answers).toBeGreaterThan(0)
      for (const packet of [...records(random), ...strange(random)]) await begun.send(packet)
    }
    await ear.sayAll(1024 * 1024)
    await ear.heard(1024 * 1024)
    await link.close()
    await (await (await network()).dial(victim.peer, victim.addresses, AbortSignal.timeout(deadlineMs))).close()
  }, 60_000)

  it('who call at the ports of networks that stopped do not end their process, which ends by itself', async () => {
    const random = chance(3)
    const victim = await startPeer(folder)
    const ports = [victim.port]
    for (let times = 0; times < 6; times++) { // were sockets closed, the library's flaw would show on most of them, but not on each
      victim.say('stop')
      expect(await victim.line()).toBe('stopped')
      if (times === 5) break
      victim.say('start')
      ports.push((await addressOf(victim)).port)
    }
    await new Promise(resolve => { setTimeout(resolve, 500) }) // that it waits for the end of the process, not for some time, is the fact
    for (const port of ports) {
      const stranger = await sender(port)
      for (let times = 0; times < 20; times++) await stranger.send(goodRequest(random))
      victim.say('speak')
      expect(await victim.line()).toBe('alive')
      expect(stranger.answers).toBe(0)
    }
    victim.endInput()
    expect(await within(1_000, 'it ends', victim.exited)).toEqual({ code: 0, signal: null })
  })

  it.skipIf(process.platform !== 'linux')('who begin a thousand handshakes and go on with none cost little memory, and keep others out no longer than their time (memory from /proc, Linux only)', async () => {
    const random = chance(4)
    const victim = await startPeer(folder)
    const stranger = await sender(victim.port)
    const memory = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${victim.pid}/status`, 'utf8'))?.[1]) / 1024
    const before = memory()
    for (let times = 0; times < 1000; times++) {
      await stranger.send(goodRequest(random))
      await turn()
    }
    const ours = await network()
    victim.say('speak')
    expect(await victim.line()).toBe('alive')
    expect(memory() - before).toBeLessThan(64)
    for (let tries = 0; ; tries++) {
      try { await (await ours.dial(victim.peer, victim.addresses, AbortSignal.timeout(deadlineMs))).close(); break } catch (error) { if (tries === 4) throw error }
    }
  }, 60_000)

  it('who open data channels that are not ours have them closed, and get no stream', async () => {
    const ours = await network()
    const links: Link[] = []
    ours.accept(link => { links.push(link) })
    const stock = await createLibp2p({ transports: [webRTCDirect({ rtcConfiguration: { iceServers: [] } })] })
    open.push({ stop: async () => { await stock.stop() } })
    const connection = await stock.dial(multiaddr(`${ours.addresses()[0] ?? ''}/p2p/${ours.peer}`))
    const streams = Array.from({ length: 30 }, () => connection.newStream(exchangeProtocol, { signal: AbortSignal.timeout(20_000), maxOutboundStreams: 100 }))
    const tries = await within(3_000, 'they are closed', Promise.allSettled(streams))
    expect(tries.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 'rejected'))
    await (await (await network()).dial(ours.peer, ours.addresses(), AbortSignal.timeout(deadlineMs))).close()
    expect(links).toHaveLength(1)
  }, 30_000)
})

describe('a link', () => {
  it('carries messages of every size, one by one', async () => {
    const [near, far] = [await network(), await network()]
    const accepted = new Promise<Link>(resolve => { far.accept(resolve) })
    const here = listenTo(await near.dial(far.peer, far.addresses(), AbortSignal.timeout(deadlineMs)), { deadlineMs })
    const there = listenTo(await accepted, { deadlineMs })
    const KiB = 1024
    const around = (size: number): number[] => Array.from({ length: 41 }, (_, i) => size - 20 + i)
    const sizes = [...Array.from({ length: 300 }, (_, i) => i), ...[1, 2, 3, 4, 5, 8].flatMap(times => around(times * 16 * KiB)), ...around(256 * KiB), ...[1024 * KiB, 4096 * KiB + 1, 8192 * KiB]]
    let said = 0
    for (const size of sizes) { // each on its way before the next, so that none is joined with another
      said += size
      here.say(size)
      await there.heard(said)
    }
  }, 60_000)
})

describe('dials', () => {
  it.skipIf(process.platform !== 'linux')('that are given up leave no socket behind (descriptors from /proc, Linux only)', async () => {
    const ours = await network()
    const other = await network()
    const descriptors = (): number => readdirSync('/proc/self/fd').length
    const silent = await sender(0)
    const address = `${silent.address}/webrtc-direct/certhash/${/certhash\/([\w-]+)/.exec(other.addresses()[0] ?? '')?.[1] ?? ''}`
    const dials = async (times: number): Promise<void> => {
      await Promise.all(Array.from({ length: times }, async () => {
        const stop = new AbortController()
        const dial = ours.dial(other.peer, [address], stop.signal)
        for (let tries = 0; silent.answers === 0 && tries < 100; tries++) await new Promise(resolve => { setTimeout(resolve, 20) }) // it is called at
        const asked = performance.now()
        stop.abort(new Error('Enough.'))
        await expect(dial).rejects.toThrow('Enough.')
        expect(performance.now() - asked).toBeLessThan(1_000)
      }))
    }
    await dials(1)
    const before = descriptors()
    await dials(30)
    for (let tries = 0; descriptors() > before + 2 && tries < 100; tries++) await new Promise(resolve => { setTimeout(resolve, 50) })
    expect(descriptors()).toBeLessThanOrEqual(before + 2)
  }, 30_000)
})
