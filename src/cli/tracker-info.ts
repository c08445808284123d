/** tracker_info.txt, the URL that a tracker prints, and HOST:PORT: text into values. Reads no file and writes none. */
import { isIP } from 'node:net'
import { ShoalError } from '../contract/index.ts'
import type { RealmPin } from '../contract/index.ts'

export interface Endpoint { readonly host: string, readonly port: number }
/** One tracker of a realm. */
export interface TrackerLine extends Endpoint { readonly pin?: RealmPin }

export const defaultEndpoint: Endpoint = { host: '127.0.0.1', port: 7400 }

const hostForm = /^(?=.{1,253}$)[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?(?:\.[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?)*\.?$/u

/** `HOST:PORT`, or `[IPv6]:PORT`. Port 0: a free one. */
export const parseEndpoint = (text: string): Endpoint | undefined => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) return undefined
  if (match?.[1] !== undefined ? isIP(host) !== 6 : isIP(host) !== 4 && (!hostForm.test(host) || /^[\d.]+$/.test(host))) return undefined
  return { host, port }
}

export const formatEndpoint = ({ host, port }: Endpoint): string => isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`

const isPin = (text: string): text is RealmPin => /^[0-9a-f]{64}$/.test(text)

/** `HOST:PORT`, `HOST:PORT#sha256=HEX64`, or either after `https://`. @returns why not, when it is none */
const parseLine = (text: string): TrackerLine | string => {
  if (text.startsWith('http://')) return 'a tracker speaks https, not http'
  const match = /^(?:https:\/\/)?([^/#]*)\/?(?:#(.*))?$/.exec(text)
  const endpoint = parseEndpoint(match?.[1] ?? '')
  if (endpoint === undefined) return 'it is not HOST:PORT or HOST:PORT#sha256=HEX64 (an IPv6 address in brackets)'
  const fragment = match?.[2]
  if (fragment === undefined) return endpoint
  const pin = fragment.replace(/^sha256=/, '').toLowerCase()
  return fragment.startsWith('sha256=') && isPin(pin) ? { ...endpoint, pin } : 'the part after # is not sha256= and 64 hex digits'
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
  const trackers = lines.map(line => {
    const parsed = parseLine(line.text)
    if (typeof parsed === 'string') {
      throw new ShoalError('BAD_TRACKER_INFO', `${source}, line ${line.number}: "${line.text.slice(0, 120)}" is not understood: ${parsed}. Correct the line.`)
    }
    return parsed
  })
  const pins = new Set(trackers.map(tracker => tracker.pin).filter(pin => pin !== undefined))
  if (pins.size > 1) throw new ShoalError('BAD_TRACKER_INFO', `${source} has trackers of different realms: their #sha256= parts differ. Keep those of one realm.`)
  return trackers
}

/** Whether a text is an address of a tracker rather than the path of a file. */
export const isTrackerAddress = (text: string): boolean => text.startsWith('https://') || typeof parseLine(text) !== 'string'

/** `https://HOST:PORT#sha256=HEX64` */
export const formatTracker = ({ pin, ...endpoint }: TrackerLine): string =>
  `https://${formatEndpoint(endpoint)}${pin === undefined ? '' : `#sha256=${pin}`}`
