/** Durable, consistent keys and values: the tracker's state, and (the same contract) the peer's profile. */

/** Keys are UTF-8 text of at most 512 bytes, compared by code unit of their UTF-8 form. Values are at most 64 KiB. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** Revision of the transaction that wrote it last. */
  readonly revision: number
}

/** A transaction happens only if every comparison holds. `revision: 0` means: the key does not exist. */
export interface Compare { readonly key: string; readonly revision: number }

export type Op =
  | { readonly put: string; readonly value: Uint8Array; readonly lease?: LeaseId }
  | { readonly delete: string }

export type LeaseId = string

export type TxnResult =
  | { readonly ok: true; readonly revision: number }
  /** A comparison failed; nothing happened. */
  | { readonly ok: false }

export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number }
  /** Changes before this revision are gone: list again, then watch from there. The watch ends after it. */
  | { readonly kind: 'compacted'; readonly revision: number }

export interface Lease {
  readonly id: LeaseId
  /** Puts the end off by its ttl. @throws ShoalError STATE_FAILED when it has ended */
  renew (): Promise<void>
  /** Ends it now: its keys are deleted, in one revision. */
  end (): Promise<void>
}

/** @throws ShoalError STATE_FAILED from every method when the database fails. */
export interface State {
  get (key: string): Promise<Entry | undefined>
  /** Entries whose keys begin with `prefix`, in rising key order, from the first key above `after`. @param options.limit 1 … 1,000 */
  list (prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<readonly Entry[]>
  /** All or nothing, durable when it returns. At most 100 comparisons and 100 ops; each key at most once among the ops. */
  txn (compare: readonly Compare[], ops: readonly Op[]): Promise<TxnResult>
  /** Revision of the last transaction. Rises by one with each that changed something. */
  revision (): Promise<number>
  /** Every change of keys with the prefix, in order, without gaps, from the revision after `fromRevision` (default: now). Ends when aborted, without an error. */
  watch (prefix: string, options: { readonly fromRevision?: number; readonly signal: AbortSignal }): AsyncIterable<Change>
  /** Keys put with it vanish when it ends. Leases do not outlive the process that holds an embedded state. */
  lease (ttlMs: number): Promise<Lease>
  stop (): Promise<void>
}
