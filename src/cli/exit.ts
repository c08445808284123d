/** What an error is to the one who typed the command: a code, one line, an exit status. Prints nothing. */
import { errorCodes, exitStatus, ShoalError } from '../contract/index.ts'
import type { ErrorCode } from '../contract/index.ts'

export interface Failure { readonly code: ErrorCode, readonly message: string, readonly status: number }

const isCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(errorCodes, value)

/** A module from outside the checkout may bring its own copy of the class: the name and the code tell, not the prototype. */
const codeOf = (error: Error): ErrorCode | undefined =>
  error.name === 'ShoalError' && 'code' in error && isCode(error.code) ? error.code : undefined

const systemCode = (error: Error): ErrorCode | undefined => {
  if (!('syscall' in error) || !('code' in error)) return undefined
  return error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'STORAGE_FULL' : 'STORAGE_FAILED'
}

export const failureOf = (error: unknown): Failure => {
  const make = (code: ErrorCode, message: string): Failure => ({ code, message, status: exitStatus[errorCodes[code].exit] })
  if (!(error instanceof Error)) return make('BUG', `Something unexpected was thrown: ${String(error)}. Please report it; --debug shows more.`)
  const code = codeOf(error)
  if (code !== undefined) return make(code, error.message)
  if (error.name === 'AbortError') return make('INTERRUPTED', 'The command was interrupted. Run it again: it goes on where it stopped.')
  const system = systemCode(error)
  if (system !== undefined) return make(system, `${error.message}. ${errorCodes[system].remedy}`)
  return make('BUG', `Something unexpected: ${error.name}: ${error.message}. Please report it; --debug shows where.`)
}

/** The whole story of an error, its causes too: for --debug. */
export const detailsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? `${error.name}: ${error.message}`
  return error.cause === undefined ? own : `${own}\ncaused by ${detailsOf(error.cause)}`
}

/** For a mistake in what was typed. */
export const usage = (message: string): ShoalError => new ShoalError('USAGE', message)
