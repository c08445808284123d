/** Where a tracker listens, what it calls itself, and what to type elsewhere to reach it. */
import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { ShoalError } from '../contract/index.ts'
import type { PeerId, RealmPin } from '../contract/index.ts'
import { atHostPort, hostKind, hostPortOf, parseHostPort, parseMultiaddr } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'
import { usage } from './exit.ts'
import { defaultTracker, formatTracker, isLibp2p, readTrackerInfo } from './tracker-info.ts'
import type { HttpsLine } from './tracker-info.ts'

export interface TrackerPlace {
  readonly listen: HostPort
  /** Trackers of the realm, as far as TRACKER_INFO says. */
  readonly trackers: number
  /** The pin in its line. */
  readonly pin?: RealmPin
  /** Its address, printed once it accepts connections. */
  url (served: ServedHttps): string
  /** What is printed after it: the addresses of libp2p, each alone in a line, and what to type. */
  /** @param more lines below its addresses, about what else runs here */
  directions (served: Served, more?: readonly string[]): string
}

export interface ServedHttps { readonly pin: RealmPin, readonly port: number }

export interface Served extends ServedHttps {
  /** Where it speaks libp2p, if it does. */
  readonly libp2p?: { readonly peer: PeerId, /** As it listens, without the peer id. */ readonly addresses: readonly string[] }
}

export const wildcards: readonly string[] = ['0.0.0.0', '::']
const isLoopback = (host: string): boolean => host === '::1' || host === 'localhost' || /^127\./.test(host)

/** Of this machine, as others may see it, best first. */
export const ownAddresses = (): readonly string[] => {
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []).filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return [...all.filter(({ family }) => family === 'IPv4'), ...all.filter(({ family }) => family === 'IPv6')].map(({ address }) => address)
}

/** HOST if it is an address of this machine, else all interfaces: behind a router, HOST is the router's. */
const bindable = async (host: string): Promise<string> => {
  const local = [...wildcards, ...Object.values(networkInterfaces()).flatMap(addresses => (addresses ?? []).map(({ address }) => address))]
  const found = await lookup(host, { all: true }).catch(() => [])
  const own = found.find(({ address }) => local.includes(address) || isLoopback(address))
  return own?.address ?? (found.length > 0 && found.every(({ family }) => family === 6) ? '::' : '0.0.0.0')
}

/** `HOST`, or `HOST:PORT`. */
const parseListen = (text: string, port: number): HostPort => {
  if (/^\[[^\]]*\]$|^[^:]*$/.test(text)) return parseHostPort(`${text}:${port}`, 'BAD_OPTION')
  return parseHostPort(text, 'BAD_OPTION')
}

/** The same at the host that people are told, unless it is of the other family of addresses: a socket is for one. What has no host and port is for nobody here. */
const shownAddresses = ({ pin, libp2p }: Served, host: string): readonly string[] => {
  if (libp2p === undefined) return []
  const shown = libp2p.addresses.flatMap(text => {
    const address = parseMultiaddr(text)
    const at = address === undefined ? undefined : hostPortOf(address)
    if (address === undefined || at === undefined) return []
    const kinds = [hostKind(host), hostKind(at.host)]
    const isOther = kinds.includes('ip4') && kinds.includes('ip6')
    const elsewhere = !isOther ? atHostPort(address, { host, port: at.port }) : isLoopback(at.host) || at.host.startsWith('fe80:') ? undefined : address
    return elsewhere === undefined ? [] : formatTracker({ address: `${elsewhere.toString()}/p2p/${libp2p.peer}`, peer: libp2p.peer, pin })
  })
  return [...new Set(shown)]
}

/** Those that say where to listen: an address of libp2p says how to reach a tracker, whose identity and ports are its own. */
const placesIn = async (info: string): Promise<{ readonly lines: readonly HttpsLine[], readonly trackers: number }> => {
  const all = await readTrackerInfo(info)
  const lines = all.filter((line): line is HttpsLine => !isLibp2p(line))
  const peers = new Set(all.filter(isLibp2p).map(({ peer }) => peer))
  if (lines.length === 0) throw new ShoalError('BAD_TRACKER_INFO', `${info} does not say where to listen: it has no line HOST:PORT. Add one, or start the tracker without it.`)
  return { lines, trackers: Math.max(lines.length, peers.size) }
}

const lineNumber = (text: string | undefined, lines: number): number => {
  const number = text === undefined ? 1 : /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > lines) throw usage(`N is ${text ?? ''}, and TRACKER_INFO has ${lines === 1 ? 'one tracker' : `${lines} trackers`}. Give 1${lines === 1 ? '' : ` to ${lines}`}.`)
  return number
}

/** @throws ShoalError BAD_TRACKER_INFO, USAGE, BAD_OPTION */
export const choosePlace = async (given: { readonly info: string | undefined, readonly line: string | undefined, readonly listen: string | undefined }): Promise<TrackerPlace> => {
  const { lines, trackers } = given.info === undefined ? { lines: [defaultTracker], trackers: 1 } : await placesIn(given.info)
  const line = lines[lineNumber(given.line, lines.length) - 1] ?? defaultTracker
  const listen = given.listen === undefined ? { host: await bindable(line.host), port: line.port } : parseListen(given.listen, line.port)
  // without a file, its address is where it listens
  const shown = given.info === undefined ? listen : line
  const [lan] = ownAddresses()
  const host = wildcards.includes(shown.host) ? lan ?? '127.0.0.1' : shown.host
  const url = ({ pin, port }: ServedHttps): string => formatTracker({ host, port: shown.port === 0 || given.info === undefined ? port : shown.port, pin })
  return {
    listen, url,
    trackers,
    ...line.pin === undefined ? {} : { pin: line.pin },
    directions: (served, more = []) => {
      const next = isLoopback(host)
        ? [`Here, in another terminal:  shoal peer '${url(served)}'`,
            `This address is seen from this machine only. For other machines, stop it and start it with:  shoal tracker --listen 0.0.0.0:${served.port}` + (lan === undefined ? '' : `  (this machine is ${lan})`)]
        : [`On another machine:  shoal peer '${url(served)}'`]
      return [...shownAddresses(served, host), ...more, ...next, 'quit or Ctrl-C stops it.', ''].join('\n')
    }
  }
}
