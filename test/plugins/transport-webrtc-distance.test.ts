/** WebRTC between peers that are far from each other: all that is said goes through a socket of ours that holds it back. */
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { it } from 'vitest'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import { within } from '../../src/testing/link-ear.ts'
import { networkOf } from '../network/networks.ts'
import { startPeer } from './peer-process.ts'
import type { Test } from './peer-process.ts'

const MiB = 1024 * 1024
const delayMs = 200

const bound = (socket: Socket): Promise<number> => new Promise(resolve => { socket.bind(0, '127.0.0.1', () => { resolve(socket.address().port) }) })

const socket = (): Socket => createSocket({ type: 'udp4', recvBufferSize: 4 * MiB, sendBufferSize: 4 * MiB })

/** Hands packets on, both ways, after the delay. */
const farAway = async ({ onTestFinished }: Test, port: number): Promise<{ readonly port: number, underWay (bytes: number): Promise<void> }> => {
  const [near, far] = [socket(), socket()]
  const waiting: { readonly at: number, readonly send: () => void }[] = []
  const timer = setInterval(() => {
    const now = performance.now()
    while (waiting[0] !== undefined && waiting[0].at <= now) waiting.shift()?.send()
  }, 1)
  onTestFinished(() => { clearInterval(timer); near.close(); far.close() })
  let who = 0
  /** From the near side, within the last way there and back. */
  const recent: { readonly at: number, readonly bytes: number }[] = []
  let recentBytes = 0
  let [wanted, reached] = [Infinity, (): void => undefined]
  near.on('message', (packet, from) => {
    const now = performance.now()
    who = from.port
    recent.push({ at: now, bytes: packet.byteLength })
    recentBytes += packet.byteLength
    while ((recent[0]?.at ?? now) < now - 2 * delayMs) recentBytes -= recent.shift()?.bytes ?? 0
    if (recentBytes > wanted) reached()
    waiting.push({ at: now + delayMs, send () { far.send(packet, port, '127.0.0.1') } })
  })
  far.on('message', packet => { waiting.push({ at: performance.now() + delayMs, send () { near.send(packet, who, '127.0.0.1') } }) })
  await bound(far)
  return { port: await bound(near), underWay: bytes => new Promise(resolve => { [wanted, reached] = [bytes, resolve] }) }
}

it('has more on its way over WebRTC than 1 MiB', async test => {
  const theirs = await startPeer(test, 'webrtc')
  const far = await farAway(test, Number(/udp\/(\d+)/.exec(theirs.addresses[0] ?? '')?.[1]))
  const ours = await networkOf(await webrtc({}, { log () {} }), { listen: undefined })
  test.onTestFinished(() => ours.stop())
  const link = await ours.dial(theirs.peer, theirs.addresses.slice(0, 1).map(address => address.replace(/udp\/\d+/, `udp/${far.port}`)), AbortSignal.timeout(10_000))
  let left = 64
  const go = (): void => { while (left-- > 0) if (!link.send([new Uint8Array(MiB / 4)])) return }
  link.listen({ data () {}, drained: go, closed () {} })
  go()
  await within(30_000, 'so much is on its way', far.underWay(1.6 * MiB))
}, 60_000)
