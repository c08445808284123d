/**
 * Connections that were checked before anything is sent over them: an agent of node:https whose sockets are handed out only when their TLS key is proved
 * to be of the realm. An unknown TLS key is asked for its proof, which is public, over a connection of its own.
 */
import { request } from 'node:http'
import { Agent } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { OverlongReply, trackerFailure } from 'shoal/plugin'
import type { CarriageParts } from 'shoal/plugin'
import { readReply } from './https-carriage.ts'

const { interrupted, notOurs, timedOut } = trackerFailure

export interface Endpoint { readonly host: string, readonly port: number }

export interface ProvenAgentOptions extends Endpoint, CarriageParts {
  /** Breaks connections that are being made. */
  readonly stopped: AbortSignal
}

const maxProofBytes = 16 * 1024
/** One name may stand for several trackers of a realm, each with a TLS key of its own. */
const maxAttempts = 4

const spkiOf = (socket: TLSSocket): Uint8Array | undefined => socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })

const handshake = ({ host, port, where, timeoutMs, stopped }: ProvenAgentOptions): Promise<TLSSocket> => new Promise((resolve, reject) => {
  // the realm key says whom to trust, so that no authority needs to; no session is resumed, so that every socket shows its key
  const socket = connect({ host, port, rejectUnauthorized: false, servername: isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'] })
  const stop = (): void => { socket.destroy(interrupted(stopped)) }
  const timer = setTimeout(() => { socket.destroy(timedOut(where, timeoutMs)) }, timeoutMs)
  const settle = (): void => {
    clearTimeout(timer)
    stopped.removeEventListener('abort', stop)
  }
  stopped.addEventListener('abort', stop)
  // stays: a socket that breaks before it is used is noticed when it is used
  socket.on('error', (error: Error) => {
    settle()
    reject(error)
  })
  socket.once('secureConnect', () => {
    settle()
    socket.setNoDelay(true)
    resolve(socket)
  })
})

/** Asks a tracker for its proof over that socket, which ends with it. */
const prove = async (socket: TLSSocket, spki: Uint8Array, { api, host, port, where, check, timeoutMs }: ProvenAgentOptions): Promise<void> => {
  const { method, path } = api.calls.realm
  const asking = request({ method, path, host, port, createConnection: () => socket })
  const timer = setTimeout(() => { asking.destroy(timedOut(where, timeoutMs)) }, timeoutMs)
  try {
    const reply = await readReply(asking, maxProofBytes)
    const proof = reply.status === 200 ? api.decodeReply('realm', reply.json) : { ok: false as const, problem: `it answers ${reply.status}` }
    if (!proof.ok) throw notOurs(where, proof.problem)
    await check.accept({ kind: 'tls', spki }, proof.value)
  } catch (error) {
    throw error instanceof OverlongReply ? notOurs(where, error.message) : error
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

const connectProven = async (options: ProvenAgentOptions): Promise<TLSSocket> => {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const socket = await handshake(options)
    const spki = spkiOf(socket)
    if (spki !== undefined && options.check.knows({ kind: 'tls', spki })) return socket
    if (spki === undefined) {
      socket.destroy()
      throw notOurs(options.where, 'it shows no certificate')
    }
    await prove(socket, spki, options)
  }
  throw notOurs(options.where, 'it shows another TLS key each time')
}

export interface SocketUse { /** Whether sockets are used again. */ readonly keepAlive: boolean, readonly maxSockets: number }

class ProvenAgent extends Agent {
  readonly #options: ProvenAgentOptions

  constructor (options: ProvenAgentOptions, use: SocketUse) {
    super({ ...use, maxCachedSessions: 0 })
    this.#options = options
  }

  override createConnection (_options: object, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    const created = callback as (error: Error | null, stream?: Duplex) => void
    connectProven(this.#options).then(
      socket => { created(null, socket) },
      (error: unknown) => { created(error instanceof Error ? error : new Error(String(error))) })
  }
}

export const provenAgent = (options: ProvenAgentOptions, use: SocketUse): Agent => new ProvenAgent(options, use)
