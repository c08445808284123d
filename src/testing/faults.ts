/**
 * Ports that are slow, fail, corrupt or are full, around any real one: for testing what is built on them. Used as `faults.slow(tracker, wait)`;
 * for what lies behind an `open` of a storage, as `faults.stores(storage, store => faults.failing(store, { method: 'write', when: 3 }))`.
 */
import { ShoalError } from '../contract/index.ts'
import type { Place, Storage, Store } from '../contract/index.ts'

/** The names of a port's methods. */
export type Method<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T]

/** Every method call goes through `around`, which may do anything instead of, before or after `call`. What is no method stays as it is. */
const around = <T extends object>(port: T, go: (method: string | symbol, call: () => unknown) => unknown): T => new Proxy(port, {
  get (target, name) {
    const value: unknown = Reflect.get(target, name, target)
    if (typeof value !== 'function') return value
    return (...args: readonly unknown[]): unknown => go(name, () => Reflect.apply(value, target, args) as unknown)
  }
})

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

/**
 * Every answer comes later. Only promises can: what a port gives at once, and its streams, come as always.
 * @param wait called after each answer; the answer is given when it resolves
 */
export const slow = <T extends object>(port: T, wait: () => Promise<void>): T => around(port, (_method, call) => {
  const result = call()
  return isPromise(result) ? result.finally(wait) : result
})

export interface Failure<T> {
  readonly method: Method<T>
  /** The n-th call from 1 on, every call, or those of which it says so by their number. @default 'every' */
  readonly when?: number | 'every' | ((count: number) => boolean)
  /** @default a ShoalError BUG that says that it was injected */
  readonly error?: () => Error
  /** Whether the call is made all the same: it took effect, but nobody is told. @default false */
  readonly afterwards?: boolean
}

/** Some calls of one method fail. They reject if the method gives promises, else they throw. */
export const failing = <T extends object>(port: T, { method, when = 'every', error = injected, afterwards = false }: Failure<T>): T => {
  let count = 0
  const fails = (): boolean => when === 'every' || (typeof when === 'number' ? when === count : when(count))
  return around(port, (name, call) => {
    if (name !== method) return call()
    count++
    if (!fails()) return call()
    if (!afterwards) return Promise.reject(error())
    const result = call()
    if (!isPromise(result)) throw error()
    return result.then(() => { throw error() })
  })
}

const injected = (): Error => new ShoalError('BUG', 'An injected failure. It should have been handled.')

/** One bit is wrong in the last byte of the n-th read, from 1 on, or of every read. */
export const corrupting = (store: Store, when: number | 'every'): Store => {
  let count = 0
  return {
    ...store,
    async read (piece, offset, length) {
      const bytes = await store.read(piece, offset, length)
      count++
      if (when === 'every' || when === count) bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1
      return bytes
    }
  }
}

/** All stores of a storage, each wrapped. Counts that a wrapper keeps are per store. */
export const stores = (storage: Storage, wrap: (store: Store, place: Place) => Store): Storage => ({
  open: async (manifest, place, signal) => wrap(await storage.open(manifest, place, signal), place)
})

/** A storage on a disk that is full, or is not: `reserve`, `write` and `writeHashes` are refused with STORAGE_FULL while `isFull`. */
export const full = (storage: Storage): { readonly storage: Storage, isFull: boolean } => {
  const state = { isFull: true }
  const refuse = (): Error => new ShoalError('STORAGE_FULL', 'Cannot write: the disk is said to be full. Free space; it is tried again.')
  const when = (): boolean => state.isFull
  return Object.assign(state, {
    storage: stores(storage, store => (['reserve', 'write', 'writeHashes'] as const).reduce((inner, method) => failing(inner, { method, when, error: refuse }), store))
  })
}
