/** A State in this process's memory: for tests, examples and peers without a home. Owns nothing that outlives it. */
import { checkKey, checkPage, checkPrefix, checkTransaction, definePlugin, integerOption, keyOf, knownOptions, ShoalError, stateHistory } from 'shoal/plugin'
import type { Change, Entry, LeaseId, Op, State } from 'shoal/plugin'
import { sortedKeys } from './sorted-keys.ts'

export interface MemoryStateOptions {
  /** Changes that a watch can be resumed from. @default 100,000 */
  readonly historyChanges?: number
}

interface Stored { readonly entry: Entry, readonly lease: LeaseId | undefined }

const copy = ({ key, value, revision }: Entry): Entry => ({ key, value: Uint8Array.from(value), revision })

export const memoryState = (options: MemoryStateOptions = {}): State => {
  knownOptions('state-memory', options, ['historyChanges'])
  const historyChanges = integerOption('state-memory', 'historyChanges', options.historyChanges, { min: 1, max: 10_000_000, otherwise: 100_000 })
  const stored = new Map<string, Stored>()
  const keys = sortedKeys()
  const log = stateHistory(historyChanges)
  const leases = new Map<LeaseId, { readonly keys: Set<string>, timer: ReturnType<typeof setTimeout> }>()
  let revision = 0
  let leaseCount = 0
  let stopped = false

  const live = (): void => { if (stopped) throw new ShoalError('STATE_FAILED', 'Cannot use the state in memory: it was stopped. Open another.') }

  /** What throws inside rejects. */
  const answer = <T>(work: () => T): Promise<T> => new Promise(resolve => {
    live()
    resolve(work())
  })

  const remove = (key: string): boolean => {
    const old = stored.get(key)
    if (old === undefined) return false
    if (old.lease !== undefined) leases.get(old.lease)?.keys.delete(key)
    stored.delete(key)
    keys.delete(key)
    return true
  }

  const apply = (ops: readonly Op[]): number => {
    const next = revision + 1
    const changes: Change[] = []
    for (const op of ops) {
      const key = keyOf(op)
      const had = remove(key)
      if ('put' in op) {
        const entry: Entry = { key, value: Uint8Array.from(op.value), revision: next }
        stored.set(key, { entry, lease: op.lease })
        keys.add(key)
        if (op.lease !== undefined) leases.get(op.lease)?.keys.add(key)
        changes.push({ kind: 'put', entry })
      } else if (had) changes.push({ kind: 'delete', key, revision: next })
    }
    if (changes.length > 0) {
      revision = next
      log.push(revision, changes)
    }
    return revision
  }

  const end = (id: LeaseId): void => {
    const lease = leases.get(id)
    if (lease === undefined) return
    clearTimeout(lease.timer)
    apply([...lease.keys].map(key => ({ delete: key })))
    leases.delete(id)
  }

  async function * copies (changes: AsyncIterable<Change>): AsyncGenerator<Change> {
    for await (const change of changes) yield change.kind === 'put' ? { kind: 'put', entry: copy(change.entry) } : change
  }

  return {
    get: key => answer(() => {
      checkKey(key)
      const found = stored.get(key)
      return found === undefined ? undefined : copy(found.entry)
    }),
    list: (prefix, page) => answer(() => {
      const limit = checkPage(prefix, page)
      const entries: Entry[] = []
      for (const key of keys.from(prefix, page?.after)) {
        const found = stored.get(key)
        if (found !== undefined) entries.push(copy(found.entry))
        if (entries.length === limit) break
      }
      return entries
    }),
    txn: (compare, ops) => answer(() => {
      checkTransaction(compare, ops)
      for (const op of ops) {
        if ('put' in op && op.lease !== undefined && !leases.has(op.lease)) throw new ShoalError('STATE_FAILED', `Cannot write "${op.put}": its lease has ended. Take another lease.`)
      }
      if (compare.some(({ key, revision }) => (stored.get(key)?.entry.revision ?? 0) !== revision)) return { ok: false }
      return { ok: true, revision: apply(ops) }
    }),
    revision: () => answer(() => revision),
    watch (prefix, { fromRevision = revision, signal }) {
      live()
      checkPrefix(prefix)
      return copies(log.watch(prefix, fromRevision, signal))
    },
    lease: ttlMs => answer(() => {
      const id = String(++leaseCount)
      leases.set(id, { keys: new Set(), timer: setTimeout(() => { end(id) }, ttlMs) })
      return {
        id,
        renew: () => answer(() => {
          const lease = leases.get(id)
          if (lease === undefined) throw new ShoalError('STATE_FAILED', 'Cannot renew a lease: it has ended. Take another lease.')
          clearTimeout(lease.timer)
          lease.timer = setTimeout(() => { end(id) }, ttlMs)
        }),
        end: () => answer(() => { end(id) })
      }
    }),
    stop () {
      stopped = true
      for (const { timer } of leases.values()) clearTimeout(timer)
      log.close()
      return Promise.resolve()
    }
  }
}

export default definePlugin('state', 'memory', memoryState)
