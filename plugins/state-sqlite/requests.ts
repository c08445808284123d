/** What the state asks of the thread that has the database, and what comes back: plain values that can be posted. Owns no behaviour. */
import type { Compare, Entry, LeaseId, Op } from 'shoal/plugin'

export type Request =
  | { readonly type: 'get', readonly key: string }
  | { readonly type: 'list', readonly prefix: string, readonly after: string | undefined, readonly limit: number }
  | { readonly type: 'txn', readonly compare: readonly Compare[], readonly ops: readonly Op[] }
  /** Deletes the keys of a lease, in one revision. */
  | { readonly type: 'end', readonly lease: LeaseId }
  /** Changes of keys with the prefix after the place, which is a revision at first and then a change's number. */
  | { readonly type: 'changes', readonly prefix: string, readonly after: Place, readonly limit: number }

export type Place = { readonly revision: number } | { readonly number: number }

/** A put has a value. */
export interface Changed { readonly key: string, readonly revision: number, readonly value: Uint8Array | undefined }

export type Answer =
  | { readonly type: 'got', readonly entries: readonly Entry[] }
  /** `committed`: whether the comparisons held. */
  | { readonly type: 'done', readonly committed: boolean, readonly revision: number }
  /** `number`: the place to go on from. */
  | { readonly type: 'changed', readonly changes: readonly Changed[], readonly number: number }
  | { readonly type: 'compacted', readonly revision: number }
  | { readonly type: 'failed', readonly failure: Failure }

/** An error that can be posted. `code` is SQLite's primary result code, 0 if it is no error of SQLite's. */
export interface Failure { readonly message: string, readonly code: number }

/** Where the database stands: its last revision, and the number of its last change. */
export interface Standing { readonly revision: number, readonly number: number }

export interface Batch { readonly answers: readonly Answer[], readonly standing: Standing }

export type FromWorker =
  | { readonly type: 'opened', readonly standing: Standing }
  | { readonly type: 'unopened', readonly failure: Failure }
  | ({ readonly type: 'batch' } & Batch)
  | { readonly type: 'closed', readonly failure: Failure | undefined }

export type ToWorker = { readonly type: 'batch', readonly requests: readonly Request[] } | { readonly type: 'close' }

export interface Settings { readonly path: string, readonly historyChanges: number }
