/**
 * A STUN server beside the relay: it tells a peer which address it has outside its router, so that two peers behind routers find a direct way. The server is
 * coturn's, as a child that ends with us; no library of a STUN server is kept up.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { ShoalError } from '../contract/index.ts'
import { formatHostPort, parseHostPort } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'
import type { Arguments } from './grammar.ts'

const startMs = 10_000
const askMs = 200
const bindingRequest = 0x0001
const bindingSuccess = 0x0101
const magic = 0x2112a442

export interface StunServer {
  /** Resolves when it ended, with what it said last. */
  readonly ended: Promise<string>
  stop (): Promise<void>
}

const defaultPort = 3478

/** Where the STUN server is to listen: undefined when none is wanted. @throws ShoalError BAD_OPTION */
export const stunPlace = (args: Arguments, host: string): HostPort | undefined => {
  const given = args.option('--stun-listen')
  if (given !== undefined) return parseHostPort(given, 'BAD_OPTION')
  return args.has('--stun') ? { host, port: defaultPort } : undefined
}

/** The server lives as long as the shell's standard input, which is ours: it ends with us, however we end. */
const script = 'exec 3<&0; "$@" 3<&- </dev/null & child=$!; (cat <&3 >/dev/null; kill $child 2>/dev/null) & wait $child'

/** Asks until it answers. */
const answers = async ({ host, port }: HostPort, signal: AbortSignal): Promise<void> => {
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const socket = createSocket(local.includes(':') ? 'udp6' : 'udp4')
  const request = Buffer.alloc(20)
  request.writeUInt16BE(bindingRequest, 0)
  request.writeUInt32BE(magic, 4)
  randomBytes(12).copy(request, 8)
  const heard = Promise.withResolvers<undefined>()
  socket.on('message', message => { if (message.byteLength >= 20 && message.readUInt16BE(0) === bindingSuccess && message.subarray(4, 20).equals(request.subarray(4))) heard.resolve(undefined) })
  socket.on('error', () => undefined) // nobody is there yet: it is asked again
  const ask = (): void => { socket.send(request, port, local, () => undefined) }
  const timer = setInterval(ask, askMs)
  const stop = (): void => { heard.reject(signal.reason as Error) }
  signal.addEventListener('abort', stop)
  ask()
  try { await heard.promise } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', stop)
    socket.close()
  }
}

/**
 * @param program coturn's turnserver, of that name when it is not said
 * @throws ShoalError BAD_OPTION when there is no such program, ADDRESS_UNAVAILABLE when it does not answer there
 */
export const startStun = async (at: HostPort, signal: AbortSignal, program = 'turnserver'): Promise<StunServer> => {
  const isWildcard = at.host === '0.0.0.0' || at.host === '::'
  const args = ['-n', '--stun-only', '--no-cli', '--no-tls', '--no-dtls', '--no-tcp', '--log-file', 'stdout', '--pidfile', '/dev/null', '--listening-port', String(at.port), ...isWildcard ? [] : ['--listening-ip', at.host]]
  const child = spawn('/bin/sh', ['-c', script, 'sh', program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text: string) => { said.push(text); said.splice(0, said.length - 20) })
  child.stdin.on('error', () => undefined) // it ended: `ended` tells
  const ended = new Promise<{ readonly code: number | null, readonly text: string }>(resolve => {
    child.on('error', error => { resolve({ code: null, text: error.message }) })
    child.on('close', code => { resolve({ code, text: said.join('').trim().split('\n').slice(-3).join('; ') }) })
  })
  const stop = async (): Promise<void> => { child.stdin.end(); await ended }
  const where = formatHostPort(at)
  const waiting = new AbortController()
  try {
    const end = await Promise.race([ended, answers(at, AbortSignal.any([signal, waiting.signal, AbortSignal.timeout(startMs)]))])
    if (end === undefined) return { ended: ended.then(({ text }) => text), stop }
    if (end.code === 127 || end.code === 126) throw new ShoalError('BAD_OPTION', `Cannot run a STUN server: there is no program "${program}" here. Install coturn (Debian: apt install coturn), or name its turnserver with --stun-program.`)
    throw new ShoalError('ADDRESS_UNAVAILABLE', `The STUN server ended at once: ${end.text}. See --stun and --stun-program.`)
  } catch (cause) {
    await stop()
    if (ShoalError.is(cause)) throw cause
    signal.throwIfAborted()
    throw new ShoalError('ADDRESS_UNAVAILABLE', `The STUN server does not answer at ${where}. Give an address of this machine and a free UDP port.`, { cause })
  } finally { waiting.abort() }
}
