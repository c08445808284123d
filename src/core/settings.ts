/** The session's options with their defaults, checked. */
import { leafBytes, ShoalError } from '../contract/index.ts'
import type { SessionOptions } from './io.ts'

export interface Settings {
  readonly downBudgetBytes: number
  readonly upBudgetBytes: number
  readonly linkUnsentBytes: number
  readonly maxRequestBytes: number
  readonly maxOwedBytes: number
  readonly uploadSlots: number
  /** Infinity: turns are of time alone. */
  readonly turnBytes: number
  readonly maxLinks: number
}

const mebibyte = 1024 * 1024
/** The largest request that the protocol knows. */
export const largestRequestBytes = 512 * 1024

const atLeast = (name: string, least: number, value: number): number => {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new ShoalError('BAD_OPTION', `The session option ${name} is ${value}. It must be an integer of at least ${least}.`)
}

export const settings = ({
  downBudgetBytes = 64 * mebibyte, upBudgetBytes = 32 * mebibyte, linkUnsentBytes = mebibyte, maxRequestBytes = largestRequestBytes,
  maxOwedBytes = 8 * mebibyte, uploadSlots = 64, turnBytes = Infinity, maxLinks = 200
}: SessionOptions): Settings => {
  if (maxRequestBytes % leafBytes !== 0 || maxRequestBytes > largestRequestBytes) {
    throw new ShoalError('BAD_OPTION', `The session option maxRequestBytes is ${maxRequestBytes}. It must be a multiple of ${leafBytes}, at most ${largestRequestBytes}.`)
  }
  return {
    downBudgetBytes: atLeast('downBudgetBytes', 1, downBudgetBytes),
    upBudgetBytes: atLeast('upBudgetBytes', 1, upBudgetBytes),
    linkUnsentBytes: atLeast('linkUnsentBytes', 1, linkUnsentBytes),
    maxRequestBytes: Math.min(atLeast('maxRequestBytes', leafBytes, maxRequestBytes), Math.floor(maxOwedBytes / leafBytes) * leafBytes),
    maxOwedBytes: atLeast('maxOwedBytes', leafBytes, maxOwedBytes),
    uploadSlots: atLeast('uploadSlots', 1, uploadSlots),
    turnBytes: turnBytes === Infinity ? turnBytes : atLeast('turnBytes', 1, turnBytes),
    maxLinks: atLeast('maxLinks', 1, maxLinks)
  }
}
