/** Where a peer listens and what it tells others to dial. Owns the conversions and the errors of both; opens no socket itself. */
import { isLoopback } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { Transport } from '../contract/index.ts'
import { atHostPort, formatHostPort, hostKind, parseHostPort, parseMultiaddr } from './addresses.ts'
import type { HostPort } from './addresses.ts'

/** What a transport says to listen on; a plugin's mistake is told with its name. */
const listenOn = (transport: Transport, { host, port }: HostPort): Multiaddr[] => transport.listen(host, port).map(text => {
  const address = parseMultiaddr(text)
  if (address !== undefined && transport.matches(address)) return address
  throw new ShoalError('PLUGIN_SHAPE', `The transport "${transport.name}" wants to listen on "${text}", which is no address of its own. Its listen() must give multiaddrs that its matches() knows.`)
})

/** The address of a host's name. A port, because a browser has no such thing. */
export type Lookup = (name: string) => Promise<string>

const numeric = async (host: string, lookup: Lookup | undefined): Promise<string> => {
  if (hostKind(host) !== 'dns') return host
  if (lookup === undefined) throw new ShoalError('BAD_OPTION', `Cannot listen on "${host}": no names are looked up here. Give an address of this machine, or leave it out.`)
  try { return await lookup(host) } catch (cause) {
    throw new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on "${host}": no such host. Give an address of this machine, or leave it out.`, { cause })
  }
}

export const listenAddresses = async (transports: readonly Transport[], listen: HostPort | undefined, lookup?: Lookup): Promise<Multiaddr[]> => {
  if (listen === undefined) return []
  if (hostKind(listen.host) === undefined) throw new ShoalError('BAD_OPTION', `Cannot listen on "${listen.host}": it is no address. Give an address of this machine, or leave it out.`)
  const at = { host: await numeric(listen.host, lookup), port: listen.port }
  return transports.flatMap(transport => listenOn(transport, at))
}

/** libp2p puts the errors of its listeners, stack and all, into the text of one of its own. */
const depths = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const inner = error instanceof AggregateError ? error.errors.map(depths).join('\n') : ''
  return [String(error), inner, error.cause === undefined ? '' : depths(error.cause), 'code' in error ? String(error.code) : ''].join('\n')
}

/** Why a node could not start, in words of the user. */
export const startError = (error: unknown, listen: HostPort | undefined): unknown => {
  if (ShoalError.is(error) || listen === undefined) return error
  const where = formatHostPort(listen)
  const why = depths(error)
  const cause = { cause: error }
  if (why.includes('EADDRINUSE')) return new ShoalError('PORT_IN_USE', `Cannot listen on ${where}: another program listens there. Choose another port, or stop that program.`, cause)
  if (why.includes('EACCES')) return new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: this user may not use port ${listen.port}. Choose a port above 1023.`, cause)
  if (/EADDRNOTAVAIL|EINVAL|ENOTFOUND|EAFNOSUPPORT/.test(why)) {
    return new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: this machine has no address ${listen.host}. Give an address of this machine, or leave it out.`, cause)
  }
  return new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: ${(why.split('\n', 1)[0] ?? '').slice(0, 300)}. Give another address or port.`, cause)
}

/** Loopback ones last: they serve peers on the same machine, and elsewhere they only cost a refused connection. */
export const dialable = (listening: readonly Multiaddr[]): string[] => {
  const [near, far] = [listening.filter(isLoopback), listening.filter(address => !isLoopback(address))]
  return [...new Set([...far, ...near].map(address => address.toString()))]
}

/**
 * What others shall dial instead of what we listen on. HOST:PORT becomes the address of each transport that has hosts and ports, there.
 * @param listening what the transports listen on in fact: it may hold more than host and port (a certificate hash)
 * @throws ShoalError BAD_OPTION
 */
export const announced = (announce: readonly string[], transports: readonly Transport[], listening: readonly Multiaddr[]): string[] => {
  const all = announce.flatMap(text => {
    if (text.startsWith('/')) {
      const address = parseMultiaddr(text)
      if (address !== undefined && transports.some(transport => transport.matches(address))) return [address]
      throw new ShoalError('BAD_OPTION', `Cannot announce "${text}": it is no address of ${names(transports)}. Give HOST:PORT, or such a multiaddr.`)
    }
    const at = parseHostPort(text, 'BAD_OPTION')
    if (at.port === 0) throw new ShoalError('BAD_OPTION', `Cannot announce "${text}": nobody can dial port 0. Give the port that others reach.`)
    const found = transports.flatMap(transport => {
      const [pattern] = [...listening.filter(address => transport.matches(address)), ...listenOn(transport, { host: '0.0.0.0', port: at.port })]
      return pattern === undefined ? [] : atHostPort(pattern, at) ?? []
    })
    if (found.length === 0) throw new ShoalError('BAD_OPTION', `Cannot announce "${text}": ${names(transports)} has no hosts and ports. Give a multiaddr, or use another transport.`)
    return found
  })
  return [...new Set(all.map(address => address.toString()))]
}

const names = (transports: readonly Transport[]): string => transports.map(({ name }) => name).join(', ')
