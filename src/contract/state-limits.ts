/**
 * What every State refuses, whatever it is made of: a key, a value, a page or a transaction that is too large or has no UTF-8 form. Those who call a
 * State are our own code, so that a breach is a bug, not a message to a user. Owns the numbers; state.ts says what they are for.
 */
import { assert } from './errors.ts'
import type { Compare, Op } from './state.ts'

export const stateLimits = { keyBytes: 512, valueBytes: 64 * 1024, compares: 100, ops: 100, page: 1000 } as const

const text = new TextEncoder()

/** @throws ShoalError BUG */
export const checkKey = (key: string): void => {
  assert(key !== '', 'a state key is not empty')
  checkPrefix(key)
}

/** As for a key, but may be empty. @throws ShoalError BUG */
export const checkPrefix = (key: string): void => {
  assert(key.isWellFormed(), 'a state key is Unicode text')
  // UTF-8 is at most three bytes for each UTF-16 unit
  assert(key.length <= stateLimits.keyBytes / 3 || text.encode(key).byteLength <= stateLimits.keyBytes, `a state key is at most ${stateLimits.keyBytes} bytes`)
}

/** @returns the limit in force. @throws ShoalError BUG */
export const checkPage = (prefix: string, { after, limit = stateLimits.page }: { readonly after?: string, readonly limit?: number } = {}): number => {
  checkPrefix(prefix)
  if (after !== undefined) checkPrefix(after)
  assert(Number.isInteger(limit) && limit >= 1 && limit <= stateLimits.page, `a page of the state is 1 … ${stateLimits.page} entries, not ${limit}`)
  return limit
}

export const keyOf = (op: Op): string => 'put' in op ? op.put : op.delete

/** @throws ShoalError BUG */
export const checkTransaction = (compare: readonly Compare[], ops: readonly Op[]): void => {
  assert(compare.length <= stateLimits.compares, `a transaction has at most ${stateLimits.compares} comparisons, not ${compare.length}`)
  assert(ops.length <= stateLimits.ops, `a transaction has at most ${stateLimits.ops} ops, not ${ops.length}`)
  for (const { key, revision } of compare) {
    checkKey(key)
    assert(Number.isSafeInteger(revision) && revision >= 0, `a compared revision is an integer from 0, not ${revision}`)
  }
  const keys = new Set<string>()
  for (const op of ops) {
    const key = keyOf(op)
    checkKey(key)
    assert(!keys.has(key), 'a key stands once among the ops of a transaction')
    keys.add(key)
    if ('put' in op) assert(op.value.byteLength <= stateLimits.valueBytes, `a state value is at most ${stateLimits.valueBytes} bytes, not ${op.value.byteLength}`)
  }
}
