/**
 * A State in a browser's IndexedDB: durable, for one page at a time. Owns the layout of the database and the order of transactions; what watches are told is
 * kept in memory, so that a watch from before the page was loaded is told to list again.
 */
import { checkKey, checkPage, checkPrefix, checkTransaction, definePlugin, integerOption, keyOf, knownOptions, ShoalError, stateHistory } from 'shoal/plugin'
import type { Change, Compare, Entry, LeaseId, Op, State, TxnResult } from 'shoal/plugin'
import { keysBetween, openDatabase, settled, takeLock } from './indexed-db.ts'
import type { Database, ObjectStore, Transaction } from './indexed-db.ts'

export interface IndexedDbStateOptions {
  /** Of the database, within the page's origin. @default 'shoal' */
  readonly name?: string
  /** Changes that a watch can be resumed from. @default 10,000 */
  readonly historyChanges?: number
}

const version = 1
const [entriesStore, factsStore] = ['entries', 'facts']
const revisionFact = 'revision'

/** As it lies in the database. The key is bytes, because IndexedDB compares text by UTF-16 units and a State by UTF-8. */
interface Stored { readonly key: Uint8Array<ArrayBuffer>, readonly value: Uint8Array<ArrayBuffer>, readonly revision: number, readonly leased?: LeaseId }

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Above every key with that beginning: no UTF-8 has this byte. */
const above = (prefix: Uint8Array): Uint8Array => Uint8Array.from([...prefix, 0xff])

const isStored = (found: unknown): found is Stored => typeof found === 'object' && found !== null && 'value' in found && 'revision' in found

const entryOf = ({ key, value, revision }: Stored): Entry => ({ key: text.decode(key), value: new Uint8Array(value), revision })
const copyOf = (change: Change): Change => change.kind === 'put' ? { kind: 'put', entry: { ...change.entry, value: Uint8Array.from(change.entry.value) } } : change

const failure = (doing: string, cause: unknown): ShoalError => ShoalError.is(cause)
  ? cause
  : new ShoalError('STATE_FAILED', `Cannot ${doing} the state in IndexedDB: ${cause instanceof Error ? cause.message : String(cause)}. Free space in the browser, or load the page again.`, { cause })

/** Keys of a page that is gone: leases do not outlive it. */
const dropLeased = async (database: Database): Promise<number> => {
  const transaction = database.transaction([entriesStore, factsStore], 'readwrite', { durability: 'strict' })
  const [entries, facts] = [transaction.objectStore(entriesStore), transaction.objectStore(factsStore)]
  const found = await settled(facts.get(revisionFact))
  const last = typeof found === 'number' ? found : 0
  const leased = (await settled(entries.getAll())).filter(isStored).filter(entry => entry.leased !== undefined)
  for (const { key } of leased) entries.delete(key)
  const revision = leased.length === 0 ? last : last + 1
  facts.put(revision, revisionFact)
  await ended(transaction)
  return revision
}

const ended = async (transaction: Transaction): Promise<void> => new Promise((resolve, reject) => {
  transaction.oncomplete = () => { resolve() }
  transaction.onabort = () => { reject(transaction.error instanceof Error ? transaction.error : new Error('the transaction was aborted')) }
})

const openState = async (name: string, historyChanges: number): Promise<State> => {
  const unlock = await takeLock(`shoal state ${name}`)
  let database: Database
  let revision: number
  try {
    database = await openDatabase(name, version, fresh => {
      fresh.createObjectStore(entriesStore, { keyPath: 'key' })
      fresh.createObjectStore(factsStore)
    })
    revision = await dropLeased(database)
  } catch (cause) {
    unlock()
    throw failure('open', cause)
  }
  const history = stateHistory(historyChanges, revision)
  const leases = new Map<LeaseId, ReturnType<typeof setTimeout>>()
  let leaseCount = 0
  let stopping: Promise<void> | undefined
  let lost = false
  /** Under way. */
  const works = new Set<Promise<unknown>>()

  const work = async <T>(doing: string, run: () => Promise<T>): Promise<T> => {
    if (stopping !== undefined) throw new ShoalError('STATE_FAILED', `Cannot ${doing} the state in IndexedDB: it was stopped. Open another.`)
    if (lost) throw new ShoalError('STATE_FAILED', `Cannot ${doing} the state in IndexedDB: the browser closed it. Load the page again.`)
    const done = run().catch((cause: unknown) => { throw failure(doing, cause) })
    const settling = done.then(() => { /* told to the caller */ }, () => { /* likewise */ })
    works.add(settling)
    try { return await done } finally { works.delete(settling) }
  }
  database.onclose = () => { lost = true }
  database.onversionchange = () => { lost = true; database.close() }

  const reading = (): ObjectStore => database.transaction([entriesStore], 'readonly').objectStore(entriesStore)

  /** What the database says is put in its transaction; the rest is known before, so that nothing is awaited that would let it end. */
  const write = async (choose: (entries: ObjectStore) => Promise<readonly Op[] | undefined>, leaseOf: (op: Op) => LeaseId | undefined): Promise<TxnResult> => {
    const transaction = database.transaction([entriesStore, factsStore], 'readwrite', { durability: 'strict' })
    const over = ended(transaction)
    over.catch(() => undefined) // awaited below, unless something fails before
    const entries = transaction.objectStore(entriesStore)
    const facts = transaction.objectStore(factsStore)
    const changes: Change[] = []
    let next: number
    try {
      const ops = await choose(entries)
      const last = await settled(facts.get(revisionFact))
      next = (typeof last === 'number' ? last : 0) + 1
      for (const op of ops ?? []) {
        const key = utf8.encode(keyOf(op))
        if ('put' in op) {
          const leased = leaseOf(op)
          const value = Uint8Array.from(op.value)
          entries.put({ key, value, revision: next, ...(leased === undefined ? {} : { leased }) } satisfies Stored)
          changes.push({ kind: 'put', entry: { key: op.put, value, revision: next } })
        } else if (isStored(await settled(entries.get(key)))) {
          entries.delete(key)
          changes.push({ kind: 'delete', key: op.delete, revision: next })
        }
      }
      if (changes.length > 0) facts.put(next, revisionFact)
      await over
      if (ops === undefined) return { ok: false }
    } catch (error) {
      try { transaction.abort() } catch { /* it has ended by itself, which is why we are here */ }
      throw error
    }
    if (changes.length === 0) return { ok: true, revision: next - 1 }
    revision = next
    history.push(revision, changes)
    return { ok: true, revision }
  }

  const holds = async (entries: ObjectStore, compare: readonly Compare[]): Promise<boolean> => {
    const found = await Promise.all(compare.map(async ({ key }) => settled(entries.get(utf8.encode(key)))))
    return compare.every((wanted, i) => {
      const entry = found[i]
      return (isStored(entry) ? entry.revision : 0) === wanted.revision
    })
  }

  const gone = (doing: string): ShoalError => new ShoalError('STATE_FAILED', `Cannot ${doing}: the lease has ended. Take another lease.`)
  const endLease = async (id: LeaseId): Promise<void> => {
    clearTimeout(leases.get(id))
    if (!leases.delete(id)) return
    await write(async entries => (await settled(entries.getAll())).filter(isStored).filter(({ leased }) => leased === id).map(({ key }) => ({ delete: text.decode(key) })), () => undefined)
  }
  const expire = (id: LeaseId, ttlMs: number): ReturnType<typeof setTimeout> =>
    setTimeout(() => { work('end a lease of', async () => endLease(id)).catch(() => undefined /* stopped, or it is over with the page */) }, ttlMs)

  async function * copies (changes: AsyncIterable<Change>): AsyncGenerator<Change> {
    for await (const change of changes) yield copyOf(change)
  }

  return {
    get: async key => work('read', async () => {
      checkKey(key)
      const found = await settled(reading().get(utf8.encode(key)))
      return isStored(found) ? entryOf(found) : undefined
    }),
    list: async (prefix, page) => work('list', async () => {
      const limit = checkPage(prefix, page)
      const first = utf8.encode(prefix)
      const after = page?.after === undefined ? undefined : utf8.encode(page.after)
      const isWithin = after !== undefined && compareBytes(after, first) >= 0
      const lower = isWithin ? after : first
      if (compareBytes(lower, above(first)) >= 0) return []
      return (await settled(reading().getAll(keysBetween(lower, !isWithin, above(first)), limit))).filter(isStored).map(entryOf)
    }),
    txn: async (compare, ops) => work('write', async () => {
      checkTransaction(compare, ops)
      for (const op of ops) if ('put' in op && op.lease !== undefined && !leases.has(op.lease)) throw gone(`write "${op.put}"`)
      // the caller's buffers are its own again when this returns
      const kept = ops.map(op => 'put' in op ? { ...op, value: Uint8Array.from(op.value) } : op)
      return write(async entries => await holds(entries, compare) ? kept : undefined, op => 'put' in op ? op.lease : undefined)
    }),
    revision: async () => work('read', async () => {
      const found = await settled(database.transaction([factsStore], 'readonly').objectStore(factsStore).get(revisionFact))
      return typeof found === 'number' ? found : 0
    }),
    watch (prefix, { fromRevision = revision, signal }) {
      if (stopping !== undefined) throw new ShoalError('STATE_FAILED', 'Cannot watch the state in IndexedDB: it was stopped. Open another.')
      checkPrefix(prefix)
      return copies(history.watch(prefix, fromRevision, signal))
    },
    lease: async ttlMs => work('take a lease of', async () => {
      const id = String(++leaseCount)
      leases.set(id, expire(id, ttlMs))
      return Promise.resolve({
        id,
        renew: async () => work('renew a lease of', async () => {
          if (!leases.has(id)) throw gone('renew a lease')
          clearTimeout(leases.get(id))
          leases.set(id, expire(id, ttlMs))
          return Promise.resolve()
        }),
        end: async () => work('end a lease of', async () => endLease(id))
      })
    }),
    async stop () {
      stopping ??= (async () => {
        for (const timer of leases.values()) clearTimeout(timer)
        history.close()
        await Promise.all(works)
        database.close()
        unlock()
      })()
      return stopping
    }
  }
}

/** As IndexedDB orders them. */
const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.byteLength, b.byteLength)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0)
  return a.byteLength - b.byteLength
}

export const indexedDbState = async (options: IndexedDbStateOptions = {}): Promise<State> => {
  knownOptions('state-indexeddb', options, ['name', 'historyChanges'])
  const historyChanges = integerOption('state-indexeddb', 'historyChanges', options.historyChanges, { min: 1, max: 10_000_000, otherwise: 10_000 })
  return openState(options.name ?? 'shoal', historyChanges)
}

export default definePlugin('state', 'indexeddb', indexedDbState)
