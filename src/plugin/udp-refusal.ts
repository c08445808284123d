/**
 * Whether nobody listens at a UDP port: the other machine says so (ICMP), but only to a socket that is connected, which those of libraries for many peers are not. So
 * a dial over UDP is refused as soon as one over TCP. Owns that socket; where there are none, in a browser, or where nothing is said, the dial takes its time.
 */
import type { Multiaddr } from '@multiformats/multiaddr'

/** Nobody takes it for a packet of theirs, and nobody answers. */
const knock = Uint8Array.of(0)

const isRefusal = (error: Error): boolean => 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET')

/** Undefined in a browser. */
const sockets = 'process' in globalThis && typeof process.getBuiltinModule === 'function' ? process.getBuiltinModule('node:dgram') : undefined

/** @returns ends the watch */
const watch = (address: Multiaddr, refused: (error: Error) => void): () => void => {
  const [host, port] = address.getComponents()
  if (sockets === undefined || host?.value === undefined || (host.name !== 'ip4' && host.name !== 'ip6') || port?.name !== 'udp') return () => undefined
  const socket = sockets.createSocket(host.name === 'ip4' ? 'udp4' : 'udp6')
  let isOpen = true
  const close = (): void => {
    if (isOpen) socket.close()
    isOpen = false
  }
  socket.on('error', error => {
    close()
    if (isRefusal(error)) refused(error)
  })
  socket.on('connect', () => { if (isOpen) socket.send(knock) })
  try { socket.connect(Number(port.value), host.value) } catch { close() } // port 0: the dial says so itself
  return close
}

/**
 * @param dial must heed its signal, which is not aborted once it resolved
 * @throws what the dial throws, or ECONNREFUSED when nobody listens at the address
 */
export const unlessRefused = async <T>(address: Multiaddr, signal: AbortSignal, dial: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const refused = new AbortController()
  const end = watch(address, error => { refused.abort(error) })
  try { return await dial(AbortSignal.any([signal, refused.signal])) } catch (error) {
    throw refused.signal.aborted && !signal.aborted ? refused.signal.reason : error
  } finally { end() }
}
