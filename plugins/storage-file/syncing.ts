/**
 * When written data is made durable: every 8 MiB or every second, whichever is first, one sync at a time and beside the writes. Owns the rhythm and the
 * back-pressure; what a sync does is given.
 */

export interface Syncing {
  /** Bytes were written, or with 0 only the record was. Resolves at once, unless the disk is so far behind that the writer must wait. */
  wrote (bytes: number): Promise<void>
  /** All that was written is durable. */
  flush (): Promise<void>
  /** No sync begins by itself any more; waits for the one under way. */
  stop (): Promise<void>
}

export interface SyncingOptions {
  readonly sync: () => Promise<void>
  /** A sync failed: what was written since the last one may be lost, although writing it did not fail. Told once; afterwards everything fails with it. */
  readonly failed: (error: unknown) => Promise<void>
  /** @default 8 MiB */
  readonly everyBytes?: number
  /** @default 1,000 */
  readonly everyMs?: number
}

/** Unsynced bytes, in multiples of `everyBytes`, from which on writers wait. */
const patience = 8

export const syncing = ({ sync, failed, everyBytes = 8 * 1024 * 1024, everyMs = 1000 }: SyncingOptions): Syncing => {
  /** Bytes not known to be durable. */
  let unsynced = 0
  /** Counts what was written, and how much of it the last sync began with. */
  let writes = 0
  let covered = 0
  let underWay: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let failure: { readonly error: unknown } | undefined
  let stopped = false

  const check = (): void => { if (failure !== undefined) throw failure.error }

  const run = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const bytes = unsynced
    covered = writes
    try {
      await sync()
      unsynced -= bytes
    } catch (error) {
      failure ??= { error }
      await failed(error)
    } finally {
      underWay = undefined
      if (writes > covered) plan()
    }
  }

  const begin = (): Promise<void> => underWay ??= run()

  const plan = (): void => {
    if (stopped || failure !== undefined || underWay !== undefined) return
    if (unsynced >= everyBytes) void begin()
    else timer ??= setTimeout(() => { void begin() }, everyMs).unref()
  }

  return {
    async wrote (bytes) {
      unsynced += bytes
      writes++
      plan()
      while (unsynced > patience * everyBytes && underWay !== undefined) await underWay
      check()
    },
    async flush () {
      // one that began before the last write may not cover it
      if (underWay !== undefined) await underWay
      check()
      if (writes > covered) await begin()
      check()
    },
    async stop () {
      stopped = true
      clearTimeout(timer)
      await underWay
    }
  }
}
