/** Sizes, rates, times and moments between people and numbers. */
import { ShoalError } from '../contract/index.ts'
import type { Arguments } from './grammar.ts'

const units: Readonly<Record<string, number>> = {
  '': 1, B: 1,
  K: 2 ** 10, KI: 2 ** 10, KIB: 2 ** 10, KB: 1e3,
  M: 2 ** 20, MI: 2 ** 20, MIB: 2 ** 20, MB: 1e6,
  G: 2 ** 30, GI: 2 ** 30, GIB: 2 ** 30, GB: 1e9,
  T: 2 ** 40, TI: 2 ** 40, TIB: 2 ** 40, TB: 1e12
}

/**
 * Bytes from `65536`, `64KiB`, `64K` (both 65,536), `64KB` (64,000), `1.5MiB`; a rate may end in `/s`.
 * @param option what it was given to, for the message
 * @throws ShoalError BAD_OPTION
 */
export const parseBytes = (text: string, option: string): number => {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)(?:\/s)?$/i.exec(text.trim())
  const unit = units[(match?.[2] ?? '').toUpperCase()]
  const bytes = Math.round(Number(match?.[1]) * (unit ?? Number.NaN))
  if (!Number.isSafeInteger(bytes)) throw new ShoalError('BAD_OPTION', `${option}: "${text}" is not a number of bytes. Write 65536, 64KiB or 1.5MB.`)
  return bytes
}

/** Bytes per second; none: no limit, as 0 says, too. @throws ShoalError BAD_OPTION */
export const rateOption = (args: Pick<Arguments, 'option'>, option: string): number | undefined => {
  const text = args.option(option)
  const bytes = text === undefined ? 0 : parseBytes(text, option)
  return bytes === 0 ? undefined : bytes
}

const scaled = (bytes: number): string => {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  const names = ['kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes / 1000
  let name = 0
  while (value >= 999.5 && name < names.length - 1) { value /= 1000; name++ }
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${names[name] ?? ''}`
}

/** `278.0 MB`: decimal units, as disks and networks count. */
export const formatBytes = scaled
/** `11.9 MB/s` */
export const formatRate = (bytesPerSecond: number): string => `${scaled(bytesPerSecond)}/s`

/** `43.2%`: never 100% before it is whole. */
export const formatPercent = (done: number, total: number): string => {
  if (done >= total) return '100%'
  return `${(Math.floor(done / total * 1000) / 10).toFixed(1)}%`
}

/** `0:07`, `12:30`, `3:05:00` */
export const formatSeconds = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (parts[0] === 0) parts.shift()
  return parts.map((part, i) => i === 0 ? `${part}` : `${part}`.padStart(2, '0')).join(':')
}

/** ISO 8601 in UTC, to the second; `-` for "not known". */
export const formatMoment = (unixMs: number): string => unixMs === 0 ? '-' : new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z')
