/**
 * What passes through the relay: counted, slowed to the reader's speed and to the limits. libp2p's relay joins two streams with a queue between them that has no
 * end, so that a fast sender and a slow reader would fill its memory. Owns that, and the number of circuits; who may open one is admission.ts.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { CircuitRelayServerComponents } from '@libp2p/circuit-relay-v2'
import type { Stream } from '@libp2p/interface'
import { tokenBucket } from '../core/token-bucket.ts'

/** Taken from one side and not yet by the other: above this, reading stops. Beside it a stream holds at most the window of its connection. */
const queueBytes = 1024 * 1024

export interface FlowLimits {
  /** Bytes per second through one circuit, each way. @default none */
  readonly rate?: number | undefined
  /** Bytes per second through all of them. @default none */
  readonly totalRate?: number | undefined
}

export interface Flow {
  /** Circuits that are open. */
  readonly circuits: number
  /** Bytes handed on so far. */
  readonly bytes: number
  /** The components of a node, as the relay server is to see them. */
  watch (components: CircuitRelayServerComponents): CircuitRelayServerComponents
}

/** The same object with some methods replaced. */
const changed = <T extends object>(target: T, changes: Partial<T>): T => new Proxy(target, {
  get (_, name) {
    const value: unknown = Reflect.get(name in changes ? changes : target, name)
    return typeof value === 'function' && !(name in changes) ? value.bind(target) as unknown : value
  }
})

export const createFlow = (limits: FlowLimits): Flow => {
  const total = tokenBucket(limits.totalRate, performance.now())
  /** The two streams of the circuit that is being made: the server opens the second within the handler of the first. */
  const making = new AsyncLocalStorage<{ to: Stream | undefined }>()
  let circuits = 0
  let bytes = 0

  /** Hands on one way of a circuit. */
  const oneWay = (from: Stream, to: Stream): void => {
    const own = tokenBucket(limits.rate, performance.now())
    let queued = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = (): void => {
      if (from.readStatus !== 'readable' && from.readStatus !== 'paused') return
      const now = performance.now()
      const readyAt = Math.max(total.readyAt(now), own.readyAt(now))
      if (readyAt > now) timer ??= setTimeout(() => { timer = undefined; look() }, readyAt - now)
      const mayRead = readyAt <= now && queued + to.writeBufferLength < queueBytes
      if (!mayRead && from.readStatus === 'readable') from.pause()
      else if (mayRead && from.readStatus === 'paused') from.resume()
    }
    const send = to.send.bind(to)
    to.send = data => {
      queued = Math.max(0, queued - data.byteLength)
      const more = send(data)
      look()
      return more
    }
    from.addEventListener('message', ({ data: { byteLength } }) => {
      queued += byteLength
      bytes += byteLength
      const now = performance.now()
      total.take(byteLength, now)
      own.take(byteLength, now)
      look()
    })
    to.addEventListener('drain', look)
    from.addEventListener('close', () => { clearTimeout(timer) })
  }

  const join = (from: Stream, to: Stream): void => {
    circuits++
    let ends = 2
    const end = (): void => { if (--ends === 0) circuits-- }
    for (const stream of [from, to]) {
      if (stream.status === 'open' || stream.status === 'closing') stream.addEventListener('close', end, { once: true })
      else end()
    }
    oneWay(from, to)
    oneWay(to, from)
  }

  return {
    get circuits () { return circuits },
    get bytes () { return bytes },
    watch: ({ registrar, peerStore, addressManager, peerId, privateKey, connectionManager, connectionGater, logger }) => ({
      peerStore, addressManager, peerId, privateKey, connectionGater, logger,
      registrar: changed(registrar, {
        handle: (protocol, handler, options) => registrar.handle(protocol, protocol !== RELAY_V2_HOP_CODEC ? handler : async (stream, connection) => {
          const circuit: { to: Stream | undefined } = { to: undefined }
          await making.run(circuit, async () => { await handler(stream, connection) })
          if (circuit.to !== undefined) join(stream, circuit.to)
        }, options)
      }),
      connectionManager: changed(connectionManager, {
        // of a peer that came back before its old connection was known to be dead, the new one
        getConnections: peer => connectionManager.getConnections(peer).sort((a, b) => b.timeline.open - a.timeline.open).map(connection => changed(connection, {
          async newStream (protocols, options) {
            const stream = await connection.newStream(protocols, options)
            const circuit = making.getStore()
            if (circuit !== undefined) circuit.to = stream
            return stream
          }
        }))
      })
    })
  }
}
