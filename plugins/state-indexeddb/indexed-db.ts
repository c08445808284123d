/**
 * What this plugin asks of a browser: IndexedDB and the lock of an origin, as far as they are used, and requests as promises. Declared here because Shoal is
 * compiled without the types of pages.
 */
import { ShoalError } from 'shoal/plugin'

interface Failing { readonly error: unknown }

export interface Request<T> extends Failing {
  readonly result: T
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}

interface Opening extends Request<Database> {
  onupgradeneeded: (() => void) | null
  onblocked: (() => void) | null
}

/** Opaque. */
export type KeyRange = object

export interface ObjectStore {
  get (key: string | Uint8Array): Request<unknown>
  getAll (range?: KeyRange, count?: number): Request<unknown[]>
  put (value: unknown, key?: string): Request<unknown>
  delete (key: string | Uint8Array): Request<unknown>
  createIndex (name: string, path: string): unknown
  index (name: string): { getAllKeys (): Request<unknown[]> }
}

export interface Transaction extends Failing {
  objectStore (name: string): ObjectStore
  abort (): void
  oncomplete: (() => void) | null
  onabort: (() => void) | null
}

export interface Database {
  transaction (stores: readonly string[], mode: 'readonly' | 'readwrite', options?: { readonly durability: 'strict' | 'relaxed' }): Transaction
  createObjectStore (name: string, options?: { readonly keyPath: string }): ObjectStore
  close (): void
  /** Another page wants to upgrade or remove the database. */
  onversionchange: (() => void) | null
  /** The browser closed it, as when its data is cleared. */
  onclose: (() => void) | null
}

interface Place {
  readonly indexedDB?: { open (name: string, version: number): Opening }
  readonly IDBKeyRange?: { bound (lower: Uint8Array, upper: Uint8Array, lowerOpen: boolean, upperOpen: boolean): KeyRange }
  readonly navigator?: { readonly locks?: { request (name: string, options: { readonly signal: AbortSignal }, held: () => Promise<void>): Promise<void> } }
}

const place = globalThis as unknown as Place

export const settled = async <T>(request: Request<T>): Promise<T> => new Promise((resolve, reject) => {
  request.onsuccess = () => { resolve(request.result) }
  request.onerror = () => { reject(request.error instanceof Error ? request.error : new Error(String(request.error))) }
})

/** Keys from `lower` (itself only if `isIncluded`) to below `upper`. */
export const keysBetween = (lower: Uint8Array, isIncluded: boolean, upper: Uint8Array): KeyRange => {
  if (place.IDBKeyRange === undefined) throw absent()
  return place.IDBKeyRange.bound(lower, upper, !isIncluded, true)
}

const absent = (): ShoalError => new ShoalError('STATE_FAILED', 'There is no IndexedDB here. Open the page in a browser, outside of private windows that forbid it.')

export const openDatabase = async (name: string, version: number, upgrade: (database: Database) => void): Promise<Database> => {
  if (place.indexedDB === undefined) throw absent()
  const opening = place.indexedDB.open(name, version)
  opening.onupgradeneeded = () => { upgrade(opening.result) }
  return settled(opening)
}

/** The page before this one lets go of it a moment after this one begins. */
const patienceMs = 5_000

/** One page at a time. @returns what gives it back. @throws ShoalError STATE_FAILED when another page keeps it */
export const takeLock = async (name: string): Promise<() => void> => {
  const { locks } = place.navigator ?? {}
  if (locks === undefined) return () => { /* an insecure page has none, and no private files either */ }
  const taken = Promise.withResolvers<() => void>()
  const waiting = new AbortController()
  const timer = setTimeout(() => { waiting.abort() }, patienceMs)
  const held = async (): Promise<void> => {
    clearTimeout(timer)
    return new Promise(resolve => { taken.resolve(resolve) })
  }
  locks.request(name, { signal: waiting.signal }, held).catch((cause: unknown) => {
    taken.reject(new ShoalError('STATE_FAILED', `The state "${name}" is in use by another page. Close it, then load this one again.`, { cause }))
  })
  return taken.promise
}
