/**
 * TLS whose connections close cleanly. With @libp2p/tls 3.1.10 (the version this was tested with) libp2p closes the TCP connection first, so that what TLS has
 * still to send finds it closed, and a clean end looks like an abort to both sides. Owns that order alone; when upstream has it right, which libp2p's own
 * suite tells (test/compliance/transport-tcp.test.ts), index.ts calls `tls()` itself and this file goes.
 */
import { TLSSocket } from 'node:tls'
import { tls } from '@libp2p/tls'
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import type { Libp2pFactory } from 'shoal/plugin'

interface Closable { close (options?: object): Promise<void> }

const isClosable = (value: object): value is Closable => 'close' in value && typeof value.close === 'function'

/** The first to close the raw connection closes TLS, which sends what it has and then closes the raw one. */
const closeInOrder = (raw: MessageStream, secured: MessageStream): void => {
  const socket: unknown = Reflect.get(secured, 'socket')
  if (!(socket instanceof TLSSocket) || !isClosable(raw) || !isClosable(secured)) return // another version: it closes as it does
  const [close, send] = [raw.close.bind(raw), secured.send.bind(secured)]
  raw.close = options => socket.writableEnded || socket.destroyed ? close(options) : secured.close(options)
  secured.send = data => !socket.writableEnded && send(data) // yamux answers a ping also behind the end
}

export const orderlyTls = (): Libp2pFactory<ConnectionEncrypter> => components => {
  const inner = tls()(components)
  const ordered = async (raw: MessageStream, securing: Promise<SecuredConnection>): Promise<SecuredConnection> => {
    const secured = await securing
    closeInOrder(raw, secured.connection)
    return secured
  }
  return {
    protocol: inner.protocol,
    secureInbound: (connection, options) => ordered(connection, inner.secureInbound(connection, options)),
    secureOutbound: (connection, options) => ordered(connection, inner.secureOutbound(connection, options))
  }
}
