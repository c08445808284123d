/**
 * libp2p's TLS (`/tls/1.0.0`) on the socket itself. That of @libp2p/tls is the same on the wire, and lets all bytes pass through JavaScript streams before they
 * are decrypted: a third of the speed. Owns the handshake; certificates and their proof are the library's. Where there is no socket (a connection that a relay
 * hands on) it runs over such a stream, too.
 */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TLSSocket, connect, createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { generateCertificate, toNodeDuplex, verifyPeerCertificate } from '@libp2p/tls/utils'
import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions, SecuredConnection, StreamMuxerFactory } from '@libp2p/interface'
import type { Duplex } from 'node:stream'
import type { Libp2pFactory } from 'shoal/plugin'
import { TlsStream } from './tls-stream.ts'

/** What is written ahead of the network. */
const highWaterMark = 1024 * 1024

/** A side that cannot negotiate the muxer here names this one. */
const noMuxer = 'libp2p'

/** The socket of a connection of @libp2p/tcp (11.0.28 keeps it to itself), with nothing of it read by that any more. */
const takeSocket = (connection: MessageStream): Socket | undefined => {
  const socket: unknown = Reflect.get(connection, 'socket')
  if (!(socket instanceof Socket)) return undefined
  const early: Uint8Array[] = []
  connection.addEventListener('message', ({ data }) => { early.push(...data instanceof Uint8Array ? [data] : data) })
  socket.removeAllListeners('data')
  connection.resume() // hands out what it has
  connection.pause()
  for (const chunk of early.reverse()) socket.unshift(chunk)
  return socket
}

export const tls = (): Libp2pFactory<ConnectionEncrypter> => components => {
  const muxers = (): Map<string, StreamMuxerFactory> => components.upgrader.getStreamMuxers()

  const identified = async (): Promise<SecureContext> => {
    const { cert, key } = await generateCertificate(components.privateKey)
    await verifyPeerCertificate(new X509Certificate(cert).raw)
    return createSecureContext({ cert, key, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' })
  }

  /** Made ahead and read once as others will read it: what both need is then loaded, and does not hold up the first handshake. */
  const context = identified()
  context.catch(() => undefined) // told to each who connects

  const begin = (under: Duplex, secureContext: SecureContext, isServer: boolean, protocols: readonly string[]): TLSSocket => {
    const common = { secureContext, rejectUnauthorized: false, requestCert: true, highWaterMark } // who it is, its certificate's extension proves
    return isServer
      ? new TLSSocket(under, { ...common, isServer, ALPNCallback: offer => offer.protocols.find(name => protocols.includes(name)) })
      : connect({ ...common, socket: under, ALPNProtocols: [...protocols] })
  }

  const secure = async (connection: MessageStream, isServer: boolean, { signal, remotePeer, skipStreamMuxerNegotiation }: SecureConnectionOptions = {}): Promise<SecuredConnection> => {
    connection.pause() // what comes is for TLS
    const secureContext = await context
    signal?.throwIfAborted()
    const protocols = [...skipStreamMuxerNegotiation === true ? [] : muxers().keys(), noMuxer]
    const socket = begin(takeSocket(connection) ?? toNodeDuplex(connection), secureContext, isServer, protocols)
    socket.on('error', (error: Error) => { connection.abort(error) })
    try {
      await once(socket, 'secure', signal === undefined ? {} : { signal })
      await nextTurn() // out of OpenSSL's own call: whoever ended the connection inside it would take the process down
      const peer = await verifyPeerCertificate(socket.getPeerCertificate().raw, remotePeer, connection.log)
      const streamMuxer = muxers().get(socket.alpnProtocol || noMuxer)
      return { remotePeer: peer, connection: new TlsStream(socket, connection), ...streamMuxer === undefined ? {} : { streamMuxer } }
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      socket.destroy()
      throw error
    }
  }

  return {
    protocol: '/tls/1.0.0',
    secureInbound: (connection, options) => secure(connection, true, options),
    secureOutbound: (connection, options) => secure(connection, false, options)
  }
}
