/** TCP that brings no more than so many bytes per second, by way of a proxy of our own: no rights are needed, and only what is dialed with it is slow. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { onTestFinished } from 'vitest'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { definePlugin } from '../../src/contract/index.ts'
import type { Plugin, Transport } from '../../src/contract/index.ts'
import { hostPortOf } from '../../src/network/index.ts'

/** Hands on what comes, no faster than that; what a late timer lost is made up for. */
const trickle = (from: Socket, to: Socket, bytesPerSecond: () => number): void => {
  let dueAt = 0
  from.on('data', chunk => {
    to.write(chunk)
    const now = performance.now()
    dueAt = Math.max(dueAt, now - 200) + chunk.byteLength * 1000 / bytesPerSecond()
    if (dueAt <= now) return
    from.pause()
    setTimeout(() => { from.resume() }, dueAt - now)
  })
  from.on('close', () => { to.destroy() })
  from.on('error', () => { to.destroy() })
}

export interface Shaped {
  readonly transport: Transport
  readonly plugin: Plugin<'transport'>
  bytesPerSecond: number
  /** How often it was dialed. */
  readonly dials: number
}

/** @param bytesPerSecond each way, of each connection that is dialed with it */
export const shapedTcp = (bytesPerSecond: number): Shaped => {
  const inner = tcp()
  const servers = new Set<Server>()
  const sockets = new Set<Socket>()
  onTestFinished(() => {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  })
  const proxyTo = (host: string, port: number): Promise<number> => new Promise(resolve => {
    const server = createServer(near => {
      const far = connect(port, host)
      for (const socket of [near, far]) { sockets.add(socket); socket.on('close', () => sockets.delete(socket)) }
      trickle(near, far, () => shaped.bytesPerSecond)
      trickle(far, near, () => shaped.bytesPerSecond)
    })
    servers.add(server)
    server.listen(0, '127.0.0.1', () => { resolve((server.address() as AddressInfo).port) })
  })
  let dials = 0
  const transport: Transport = {
    ...inner,
    libp2p: () => ({
      ...inner.libp2p(),
      transports: inner.libp2p().transports.map(make => components => {
        const made = make(components)
        const dial = made.dial.bind(made)
        made.dial = async (address, options) => {
          dials++
          const at = hostPortOf(address)
          if (at === undefined) throw new Error(`No host and port: ${address.toString()}`)
          const port = await proxyTo(at.host, at.port)
          return dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`).encapsulate(`/p2p/${address.getComponents().at(-1)?.value ?? ''}`), options)
        }
        return made
      })
    })
  }
  const shaped: Shaped = { transport, bytesPerSecond, get dials () { return dials }, plugin: definePlugin('transport', 'tcp', () => transport)() }
  return shaped
}
