/**
 * A wire that is long: hands on what comes over TCP and UDP, so much later, in both directions. Never limits what is under way below 64 MiB, more than any
 * bandwidth × delay that is measured. It ends TCP on both sides, so TCP's own acknowledgements are not delayed, and its congestion control sees a short wire.
 */
import * as dgram from 'node:dgram'
import { once } from 'node:events'
import * as net from 'node:net'
import type { RoleOptions, Stage } from '../role.ts'
import { numberOf, textOf } from './options.ts'

const mostUnderWay = 64 * 2 ** 20

/** Lets things happen in the order in which they came, each `delayMs` after it came; one timer, however many there are. */
const createDelay = (delayMs: number): (happen: () => void) => void => {
  const queue: { readonly at: number, readonly happen: () => void }[] = []
  let head = 0
  let isArmed = false
  const arm = (): void => {
    const next = queue[head]
    if (next === undefined || isArmed) return
    isArmed = true
    setTimeout(run, Math.max(0, next.at - performance.now()))
  }
  const run = (): void => {
    isArmed = false
    for (let next = queue[head]; next !== undefined && next.at <= performance.now() + 0.5; next = queue[head]) { head++; next.happen() }
    if (head > 1024 && head * 2 > queue.length) { queue.splice(0, head); head = 0 }
    arm()
  }
  return happen => { queue.push({ at: performance.now() + delayMs, happen }); arm() }
}

const pour = (from: net.Socket, to: net.Socket, delayMs: number): void => {
  const later = createDelay(delayMs)
  let underWay = 0
  from.on('data', (chunk: Buffer) => {
    underWay += chunk.byteLength
    if (underWay > mostUnderWay) from.pause()
    later(() => {
      to.write(chunk, () => {
        underWay -= chunk.byteLength
        if (underWay <= mostUnderWay / 2) from.resume()
      })
    })
  })
  from.on('end', () => { later(() => { to.end() }) })
  from.on('error', () => { to.destroy() })
  from.on('close', () => { later(() => { to.destroySoon() }) })
}

const relayTcp = async (host: string, port: number, to: string, delayMs: number): Promise<void> => {
  const server = net.createServer({ noDelay: true }, near => {
    const far = net.connect({ host: to, port, noDelay: true })
    pour(near, far, delayMs)
    pour(far, near, delayMs)
  })
  server.listen(port, host)
  await once(server, 'listening')
}

const bufferBytes = 4 * 2 ** 20

const opened = async (host: string, port: number): Promise<dgram.Socket> => {
  const socket = dgram.createSocket('udp4')
  socket.bind(port, host)
  await once(socket, 'listening')
  socket.setRecvBufferSize(bufferBytes)
  socket.setSendBufferSize(bufferBytes)
  return socket
}

/** Whoever sends from a new address gets a socket of its own towards the far end, as behind a NAT. */
const relayUdp = async (host: string, port: number, to: string, delayMs: number): Promise<void> => {
  const server = await opened(host, port)
  const [there, back] = [createDelay(delayMs), createDelay(delayMs)]
  const far = new Map<string, Promise<dgram.Socket>>()
  const open = async (address: string, from: number): Promise<dgram.Socket> => {
    const socket = await opened('0.0.0.0', 0)
    socket.on('message', packet => { back(() => { server.send(packet, from, address) }) })
    return socket
  }
  server.on('message', (packet, { address, port: from }) => {
    const key = `${address}:${from}`
    const socket = far.get(key) ?? open(address, from)
    far.set(key, socket)
    void socket.then(ready => { there(() => { ready.send(packet, port, to) }) })
  })
}

/** Options: host, to, tcp and udp (ports, the same on both sides), delayMs (one way). */
export const relay = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const [host, to, delayMs] = [textOf(options, 'host'), textOf(options, 'to'), numberOf(options, 'delayMs')]
  const ports = (name: string): number[] => Array.isArray(options[name]) ? options[name].map(Number) : []
  for (const port of ports('tcp')) await relayTcp(host, port, to, delayMs)
  for (const port of ports('udp')) await relayUdp(host, port, to, delayMs)
  say({ ready: true })
  while (await cue() !== undefined);
}
