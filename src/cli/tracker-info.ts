/** tracker_info.txt, the lines that a tracker prints, and HOST:PORT: text into values. Never writes the file. */
import { readFile } from 'node:fs/promises'
import { hasPeerForm, ShoalError } from '../contract/index.ts'
import type { PeerId, RealmPin } from '../contract/index.ts'
import { formatHostPort, parseHostPort, parseMultiaddr } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'

/** A tracker of a realm where it speaks HTTPS. */
export interface HttpsLine extends HostPort { readonly pin?: RealmPin }
/** A tracker of a realm where it speaks libp2p. */
export interface Libp2pLine {
  /** A multiaddr that ends with `/p2p/` and the peer id. */
  readonly address: string
  readonly peer: PeerId
  readonly pin?: RealmPin
}
export type TrackerLine = HttpsLine | Libp2pLine

export const isLibp2p = (line: TrackerLine): line is Libp2pLine => 'peer' in line

export const defaultTracker: HttpsLine = { host: '127.0.0.1', port: 7400 }

const forms = 'Write HOST:PORT or HOST:PORT#sha256=HEX64, or a line that a tracker printed.'

const isPin = (text: string): text is RealmPin => /^[0-9a-f]{64}$/.test(text)

/** `/ip4/192.0.2.7/…/p2p/ID` */
const parseAddress = (text: string, fail: (why: string) => never): Pick<Libp2pLine, 'address' | 'peer'> => {
  const given = parseMultiaddr(text) ?? fail('it is no multiaddr')
  const parts = given.getComponents()
  const last = parts.at(-1)
  if (last?.name !== 'p2p' || last.value === undefined) return fail('it does not end with /p2p/ and the peer id of the tracker')
  if (!hasPeerForm(last.value)) return fail('its peer id is not that of an Ed25519 key')
  const names = parts.map(({ name }) => name)
  if (names.includes('webrtc-direct') && !names.includes('certhash')) return fail('it has no /certhash/, which webrtc-direct needs')
  return { address: given.toString(), peer: last.value as PeerId }
}

/** `HOST:PORT`, `https://HOST:PORT` or a multiaddr, with or without `#sha256=HEX64`. @throws ShoalError BAD_TRACKER_INFO */
const parseLine = (text: string, where: string): TrackerLine => {
  const fail = (why: string, cause?: unknown): never => {
    throw new ShoalError('BAD_TRACKER_INFO', `${where}"${text.slice(0, 200)}" is not understood: ${why}. ${forms}`, { cause })
  }
  if (text.startsWith('http://')) return fail('a tracker speaks https, not http')
  const [, address = text, fragment] = (text.startsWith('/') ? /^([^#]*)(?:#(.*))?$/ : /^(?:https:\/\/)?([^/#]*)\/?(?:#(.*))?$/).exec(text) ?? []
  const pin = fragment?.replace(/^sha256=/, '').toLowerCase()
  if (pin !== undefined && !(fragment?.startsWith('sha256=') === true && isPin(pin))) return fail('the part after # is not sha256= and 64 hex digits')
  const pinned = pin === undefined ? {} : { pin }
  if (text.startsWith('/')) return { ...parseAddress(address, fail), ...pinned }
  try {
    return { ...parseHostPort(address), ...pinned }
  } catch (cause) { return fail('it is not HOST:PORT (an IPv6 address in brackets)', cause) }
}

/**
 * The trackers in the text of a tracker_info file, or in one line given in its place.
 * @param source what it was read from, for messages
 * @throws ShoalError BAD_TRACKER_INFO
 */
export const parseTrackerInfo = (text: string, source: string): readonly TrackerLine[] => {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/).map((line, i) => ({ text: line.trim(), number: i + 1 }))
    .filter(line => line.text !== '' && !line.text.startsWith('#'))
  if (lines.length === 0) throw new ShoalError('BAD_TRACKER_INFO', `${source} names no tracker. Write HOST:PORT or HOST:PORT#sha256=HEX64, one per line.`)
  const trackers = lines.map(line => parseLine(line.text, `${source}, line ${line.number}: `))
  const pins = new Set(trackers.map(tracker => tracker.pin).filter(pin => pin !== undefined))
  if (pins.size > 1) throw new ShoalError('BAD_TRACKER_INFO', `${source} has trackers of different realms: their #sha256= parts differ. Keep those of one realm.`)
  return trackers
}

/** Whether a text is an address of a tracker, if perhaps a wrong one, rather than the path of a file. */
export const isTrackerAddress = (text: string): boolean => {
  if (text.startsWith('https://')) return true
  if (text.startsWith('/')) return (parseMultiaddr(text.split('#', 1)[0] ?? '')?.getComponents().length ?? 0) > 0
  try { parseLine(text, ''); return true } catch { return false }
}

/** `https://HOST:PORT#sha256=HEX64`, or the multiaddr with the same end. */
export const formatTracker = (line: TrackerLine): string =>
  `${isLibp2p(line) ? line.address : `https://${formatHostPort(line)}`}${line.pin === undefined ? '' : `#sha256=${line.pin}`}`

/** The trackers that TRACKER_INFO says: a path, or an address in its place. A file that exists is read, whatever its name. @throws ShoalError BAD_TRACKER_INFO */
export const readTrackerInfo = async (given: string): Promise<readonly TrackerLine[]> => {
  try { return parseTrackerInfo(await readFile(given, 'utf8'), given) } catch (cause) {
    if (ShoalError.is(cause)) throw cause
    if (isTrackerAddress(given)) return parseTrackerInfo(given, 'the address')
    const why = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'there is no such file' : cause instanceof Error ? cause.message : String(cause)
    throw new ShoalError('BAD_TRACKER_INFO', `Cannot read TRACKER_INFO "${given}": ${why}. Give the path of the file, or the address that the tracker printed.`, { cause })
  }
}
