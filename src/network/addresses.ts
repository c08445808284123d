/**
 * Addresses as people write them (HOST:PORT) and as libp2p does (multiaddrs), and the way between. Pure: it asks no network, and owns no list of addresses.
 */
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'

export interface HostPort {
  /** An IPv4 or IPv6 address, without brackets, or a DNS name. */
  readonly host: string
  readonly port: number
}

const examples = 'Give HOST:PORT, such as 192.0.2.7:4000, [2001:db8::7]:4000 or peer.example:4000.'

// labels of letters, digits, `-` and `_`; the last one is not a number, or 1.2.3 would be a name
const dnsName = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i

/** A multiaddr from a stranger or a user; undefined when it is none. */
export const parseMultiaddr = (text: string): Multiaddr | undefined => {
  try { return multiaddr(text) } catch { return undefined } // the type says so: whatever it is, it is no address
}

/** What a host is; undefined when it is neither an address nor a name. */
export const hostKind = (host: string): 'ip4' | 'ip6' | 'dns' | undefined => {
  if (/^[0-9.]+$/.test(host)) return parseMultiaddr(`/ip4/${host}`) === undefined ? undefined : 'ip4'
  if (/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(host)) return parseMultiaddr(`/ip6/${host}`) === undefined ? undefined : 'ip6'
  return dnsName.test(host) ? 'dns' : undefined
}

/**
 * @param code of the error: BAD_OPTION where the text is the value of an option
 * @returns port 0 … 65535
 * @throws ShoalError with that code
 */
export const parseHostPort = (text: string, code: 'USAGE' | 'BAD_OPTION' = 'USAGE'): HostPort => {
  const fail = (why: string): never => { throw new ShoalError(code, `Cannot read the address "${text.slice(0, 300)}": ${why}. ${examples}`) }
  const [, bracketed, bare, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? []
  const host = bracketed ?? bare
  if (host === undefined || digits === undefined) {
    if (hostKind(text) === 'ip6') return fail('an IPv6 address stands in brackets')
    return fail(text.includes(':') ? 'it is not HOST:PORT' : 'the port is missing')
  }
  if (host === '') return fail('the host is missing')
  const kind = hostKind(host)
  if (kind === undefined || (bracketed !== undefined) !== (kind === 'ip6')) return fail(`"${host}" is no address and no name of a host`)
  if (!/^[0-9]{1,5}$/.test(digits) || Number(digits) > 65_535) return fail(`"${digits}" is no port; ports are 0 … 65535`)
  return { host, port: Number(digits) }
}

/** `HOST:PORT`, with IPv6 in brackets. */
export const formatHostPort = ({ host, port }: HostPort): string => host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** The host and port at the head of a multiaddr; undefined when it begins with something else (`/memory/…`). */
export const hostPortOf = (address: Multiaddr): HostPort | undefined => {
  const [host, port] = address.getComponents()
  if (host?.value === undefined || port?.value === undefined) return undefined
  if (!['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(host.name) || !['tcp', 'udp'].includes(port.name)) return undefined
  return { host: host.value, port: Number(port.value) }
}

/**
 * The same address at another host and port: `/ip4/0.0.0.0/udp/4001/quic-v1` at `peer.example:5000` is `/dns/peer.example/udp/5000/quic-v1`.
 * @returns undefined when the address has no host and port
 */
export const atHostPort = (address: Multiaddr, { host, port }: HostPort): Multiaddr | undefined => {
  const [, carrier] = address.getComponents()
  const kind = hostKind(host)
  if (kind === undefined || carrier === undefined || hostPortOf(address) === undefined) return undefined
  const head = `/${kind}/${host.replace(/\.$/, '')}/${carrier.name}/${port}`
  return multiaddr(head + address.toString().split('/').slice(5).map(part => `/${part}`).join(''))
}

/** What a relay printed. @throws ShoalError BAD_OPTION */
export const parseRelay = (text: string): string => {
  if (parseMultiaddr(text)?.getComponents().at(-1)?.name === 'p2p') return text
  throw new ShoalError('BAD_OPTION', `"${text.slice(0, 300)}" is no address of a relay: it does not end with /p2p/ and a peer id. Give one that the relay printed.`)
}

/** The part of an address that ends with `/p2p-circuit`; undefined when it leads through no relay. */
export const circuitOf = (address: Multiaddr): Multiaddr | undefined => {
  const [through, behind] = address.toString().split('/p2p-circuit')
  return through === undefined || behind === undefined ? undefined : parseMultiaddr(`${through}/p2p-circuit`)
}
