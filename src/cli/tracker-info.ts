/** tracker_info.txt, the URL that a tracker prints, and HOST:PORT: text into values. Never writes the file. */
import { readFile } from 'node:fs/promises'
import { ShoalError } from '../contract/index.ts'
import type { RealmPin } from '../contract/index.ts'
import { formatHostPort, parseHostPort } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'

/** One tracker of a realm. */
export interface TrackerLine extends HostPort { readonly pin?: RealmPin }

export const defaultTracker: TrackerLine = { host: '127.0.0.1', port: 7400 }

const isPin = (text: string): text is RealmPin => /^[0-9a-f]{64}$/.test(text)

/** `HOST:PORT`, `HOST:PORT#sha256=HEX64`, or either after `https://`. @throws ShoalError BAD_TRACKER_INFO */
const parseLine = (text: string, where: string): TrackerLine => {
  const fail = (why: string, cause?: unknown): never => {
    throw new ShoalError('BAD_TRACKER_INFO', `${where}"${text.slice(0, 120)}" is not understood: ${why}. Write HOST:PORT or HOST:PORT#sha256=HEX64.`, { cause })
  }
  if (text.startsWith('http://')) return fail('a tracker speaks https, not http')
  const [, address = text, fragment] = /^(?:https:\/\/)?([^/#]*)\/?(?:#(.*))?$/.exec(text) ?? []
  const pin = fragment?.replace(/^sha256=/, '').toLowerCase()
  if (pin !== undefined && !(fragment?.startsWith('sha256=') === true && isPin(pin))) return fail('the part after # is not sha256= and 64 hex digits')
  try {
    return { ...parseHostPort(address), ...pin === undefined ? {} : { pin } }
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

/** Whether a text is an address of a tracker rather than the path of a file. */
export const isTrackerAddress = (text: string): boolean => {
  if (text.startsWith('https://')) return true
  try { parseLine(text, ''); return true } catch { return false }
}

/** `https://HOST:PORT#sha256=HEX64` */
export const formatTracker = ({ pin, ...endpoint }: TrackerLine): string =>
  `https://${formatHostPort(endpoint)}${pin === undefined ? '' : `#sha256=${pin}`}`

/** The trackers that TRACKER_INFO says: a path, or an address in its place. A file that exists is read, whatever its name. @throws ShoalError BAD_TRACKER_INFO */
export const readTrackerInfo = async (given: string): Promise<readonly TrackerLine[]> => {
  try { return parseTrackerInfo(await readFile(given, 'utf8'), given) } catch (cause) {
    if (ShoalError.is(cause)) throw cause
    if (isTrackerAddress(given)) return parseTrackerInfo(given, 'the address')
    const why = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'there is no such file' : cause instanceof Error ? cause.message : String(cause)
    throw new ShoalError('BAD_TRACKER_INFO', `Cannot read TRACKER_INFO "${given}": ${why}. Give the path of the file, or the address that the tracker printed.`, { cause })
  }
}
