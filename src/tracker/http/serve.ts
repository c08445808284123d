/** The API on HTTPS: one listening socket, its timeouts and its end. What is answered is in app.ts. */
import { createServer } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { ShoalError } from '../../contract/index.ts'
import type { TrackerService } from '../../contract/index.ts'
import { createApp } from './app.ts'
import { tlsIdentity } from './certificate.ts'
import type { StreamLimits } from './event-stream.ts'

export interface ServeOptions {
  readonly service: TrackerService
  /** An IP address or name of this machine; `0.0.0.0` or `::` for all. */
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** PEM files. @default a self-made certificate, kept in `stateFolder` */
  readonly certificate?: string
  readonly key?: string
  readonly stateFolder: string
  /** Writes one line. Is given no secret. */
  readonly log: (line: string) => void
  readonly streams?: StreamLimits
}

export interface Served {
  /** `https://HOST:PORT#sha256=PIN`, with the host that was asked for. */
  readonly url: string
  readonly address: { readonly host: string, readonly port: number }
  /** Ends event streams and connections, within 1 s. The service goes on. Idempotent. */
  stop (): Promise<void>
}

/** A whole request must have come within these, so that nobody holds a connection by dripping. */
const limits = { handshakeMs: 10_000, headersMs: 10_000, requestMs: 20_000, idleMs: 60_000, headerBytes: 16 * 1024, connections: 20_000, checkEveryMs: 2_000, graceMs: 500 }

/** How IPv4 looks on a socket for both families. */
const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')

const listenError = (error: Error, host: string, port: number): ShoalError => {
  const where = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  const code = 'code' in error ? error.code : undefined
  return code === 'EADDRINUSE'
    ? new ShoalError('PORT_IN_USE', `Cannot listen on ${where}: another program uses the port. Stop it, or choose another port.`, { cause: error })
    : new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: ${code === 'EACCES' ? 'the port may not be used' : 'it is not an address of this machine'}. Give another address and port.`, { cause: error })
}

/** @throws ShoalError PORT_IN_USE, ADDRESS_UNAVAILABLE, BAD_OPTION, STORAGE_FAILED */
export const serveTracker = async (options: ServeOptions): Promise<Served> => {
  const { service, host, port, stateFolder, log, streams, ...files } = options
  const { certificatePem, keyPem, spki } = await tlsIdentity({
    folder: stateFolder, log,
    ...(files.certificate === undefined ? {} : { certificate: files.certificate }),
    ...(files.key === undefined ? {} : { key: files.key })
  })
  const stopping = new AbortController()
  const app = createApp({ service, proof: { spki, signature: await service.proveChannel({ kind: 'tls', spki }) }, log, stopping: stopping.signal, ...(streams === undefined ? {} : { streams }) })
  const server = createServer({
    cert: certificatePem, key: keyPem, handshakeTimeout: limits.handshakeMs, headersTimeout: limits.headersMs, requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs, maxHeaderSize: limits.headerBytes, connectionsCheckingInterval: limits.checkEveryMs
  })
  const listener = getRequestListener((request, env) => {
    const { incoming, outgoing } = env as HttpBindings
    return app.fetch(request, { address: plainAddress(incoming.socket.remoteAddress), cut: () => { outgoing.destroy() } })
  }, { overrideGlobalObjects: false })
  server.on('request', (incoming, outgoing) => { void listener(incoming, outgoing) })
  server.maxConnections = limits.connections
  // heartbeats keep event streams from being idle
  server.setTimeout(limits.idleMs)
  const sockets = new Set<Duplex>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => { sockets.delete(socket) })
  })

  const listening = Promise.withResolvers<void>()
  server.once('error', error => { listening.reject(listenError(error, host, port)) })
  server.listen({ host, port }, () => { listening.resolve() })
  await listening.promise
  server.on('error', error => { log(`The listening socket failed: ${error.message}`) })

  const bound = server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
  let stopped: Promise<void> | undefined
  return {
    url: `https://${isIP(host) === 6 ? `[${host}]` : host}:${boundPort}#sha256=${service.realm.pin}`,
    address: { host, port: boundPort },
    stop () {
      stopped ??= new Promise(resolve => {
        stopping.abort()
        const force = setTimeout(() => { for (const socket of sockets) socket.destroy() }, limits.graceMs)
        server.close(() => {
          clearTimeout(force)
          resolve()
        })
      })
      return stopped
    }
  }
}
