/** Where a peer listens and what it tells others to dial. Owns the conversions and the errors of both; opens no socket itself. */
import { isLoopback } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { Transport } from '../contract/index.ts'
import { atHostPort, formatHostPort, hostKind, hostPortOf, parseHostPort, parseMultiaddr } from './addresses.ts'
import type { HostPort } from './addresses.ts'

/** What a transport says to listen on; a plugin's mistake is told with its name. */
export const listenOn = (transport: Transport, { host, port }: HostPort): Multiaddr[] => transport.listen(host, port).map(text => {
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

/** Whether the transport listens at the port that it is told. Others, such as memory, or one that keeps a port of its own, do not. */
export const takesPort = (transport: Transport): boolean => {
  const port = 9
  return listenOn(transport, { host: '127.0.0.1', port }).some(address => hostPortOf(address)?.port === port)
}

/**
 * HOST:PORT with a numeric host.
 * @throws ShoalError BAD_OPTION, ADDRESS_UNAVAILABLE
 */
export const listenAt = async ({ host, port }: HostPort, lookup?: Lookup): Promise<HostPort> => {
  if (hostKind(host) === undefined) throw new ShoalError('BAD_OPTION', `Cannot listen on "${host}": it is no address. Give an address of this machine, or leave it out.`)
  return { host: await numeric(host, lookup), port }
}

/** libp2p puts the errors of its listeners, stack and all, into the text of one of its own. */
const depths = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const inner = error instanceof AggregateError ? error.errors.map(depths).join('\n') : ''
  return [String(error), inner, error.cause === undefined ? '' : depths(error.cause), 'code' in error ? String(error.code) : ''].join('\n')
}

// what Node says, what native libraries say of UDP (Rust's "os error 98", libjuice through node-datachannel), in this order
const inUse = /EADDRINUSE|address (?:is )?already in use|os error (?:98|48|10048)\b|failed to register ice udp mux listener/i
const forbidden = /EACCES|permission denied|os error 13\b/i
const foreign = /EADDRNOTAVAIL|EINVAL|ENOTFOUND|EAFNOSUPPORT|cannot assign requested address|can't assign requested address|address family not supported/i

/** Why a node could not start, in words of the user. */
export const startError = (error: unknown, listen: HostPort | undefined): unknown => {
  if (ShoalError.is(error) || listen === undefined) return error
  const where = formatHostPort(listen)
  const why = depths(error)
  const cause = { cause: error }
  if (inUse.test(why)) return new ShoalError('PORT_IN_USE', `Cannot listen on ${udpOf(why, listen) ?? where}: another program listens there. Choose another port, or stop that program.`, cause)
  if (forbidden.test(why)) return new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: this user may not use port ${listen.port}. Choose a port above 1023.`, cause)
  if (foreign.test(why)) {
    return new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: this machine has no address ${listen.host}. Give an address of this machine, or leave it out.`, cause)
  }
  return new ShoalError('ADDRESS_UNAVAILABLE', `Cannot listen on ${where}: ${(why.split('\n', 1)[0] ?? '').slice(0, 300)}. Give another address or port.`, cause)
}

/** Where it failed, if that was over UDP: a transport may have a port of its own. */
const udpOf = (why: string, { host }: HostPort): string | undefined => {
  const port = /\/udp\/(\d+)[^\n]*:\s*\n?[^\n]*(?:in use|EADDRINUSE|os error|mux)/i.exec(why)?.[1]
  return port === undefined ? undefined : `${formatHostPort({ host, port: Number(port) })} over UDP`
}

/** Loopback ones last: they serve peers on the same machine, and elsewhere they only cost a refused connection. */
export const dialable = (listening: readonly Multiaddr[]): string[] => {
  const [near, far] = [listening.filter(isLoopback), listening.filter(address => !isLoopback(address))]
  return [...new Set([...far, ...near].map(address => address.toString()))]
}

/**
 * What others shall dial instead of what we listen on. HOST:PORT becomes the address of each transport that has hosts and ports, there; one that listens at a
 * port of its own is there at that.
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
      const [pattern] = [...listening.filter(address => transport.matches(address) && hostPortOf(address) !== undefined), ...listenOn(transport, { host: '0.0.0.0', port: at.port })]
      const port = pattern === undefined ? undefined : takesPort(transport) ? at.port : hostPortOf(pattern)?.port
      return pattern === undefined || port === undefined ? [] : atHostPort(pattern, { host: at.host, port }) ?? []
    })
    if (found.length === 0) throw new ShoalError('BAD_OPTION', `Cannot announce "${text}": ${names(transports)} has no hosts and ports. Give a multiaddr, or use another transport.`)
    return found
  })
  return [...new Set(all.map(address => address.toString()))]
}

const names = (transports: readonly Transport[]): string => transports.map(({ name }) => name).join(', ')
