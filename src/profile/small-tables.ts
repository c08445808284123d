/** What a peer remembers in a word: settings by name, and the realm pin of each tracker that was trusted once. */
import { isHash, MalformedError, ShoalError } from '../contract/index.ts'
import type { RealmPin, State } from '../contract/index.ts'
import { checkFormat, withFormat } from './value.ts'
import type { Damaged } from './value.ts'

const text = new TextEncoder()
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws ShoalError STATE_FAILED from every method */
export interface SmallTable<T extends string> {
  get (name: string): Promise<T | undefined>
  /** Durable when it returns. */
  set (name: string, value: T): Promise<void>
  delete (name: string): Promise<void>
}

const decode = (value: Uint8Array): string => {
  const body = checkFormat(value)
  try { return strictText.decode(body) } catch (cause) { throw new MalformedError('It is not text.', { cause }) }
}

const table = <T extends string>(state: State, prefix: string, read: (key: string, value: Uint8Array) => T | undefined): SmallTable<T> => ({
  async get (name) {
    const key = `${prefix}/${name}`
    const entry = await state.get(key)
    return entry === undefined ? undefined : read(key, entry.value)
  },
  async set (name, value) { await state.txn([], [{ put: `${prefix}/${name}`, value: withFormat(text.encode(value)) }]) },
  async delete (name) { await state.txn([], [{ delete: `${prefix}/${name}` }]) }
})

/** Values for the next start: the port, the last tracker. A damaged one counts as not set. */
export const settingsTable = (state: State, damaged: Damaged): SmallTable<string> => table(state, 'setting', (key, value) => {
  try { return decode(value) } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    damaged(key, error.message)
    return undefined
  }
})

/**
 * Realm pins by tracker address, `HOST:PORT`, as trusted on first use. A damaged one does not count as none: that would trust whoever answers.
 * `get` throws ShoalError STATE_FAILED then; `set` mends it.
 */
export const pinTable = (state: State): SmallTable<RealmPin> => table(state, 'pin', (key, value) => {
  try {
    const pin = decode(value)
    if (isHash(pin)) return pin as RealmPin
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
  }
  throw new ShoalError('STATE_FAILED', `The remembered key of the tracker ${key.slice('pin/'.length)} cannot be read. Name the tracker with its #sha256= pin.`)
})
