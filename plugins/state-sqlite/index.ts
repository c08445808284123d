/** A State in one SQLite file, durable before anything is acknowledged. Owns the leases, which live as long as this process. */
import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { checkKey, checkPage, checkPrefix, checkTransaction, definePlugin, integerOption, knownOptions, ShoalError } from 'shoal/plugin'
import type { Context, Entry, LeaseId, Op, State } from 'shoal/plugin'
import { startCourier } from './courier.ts'
import type { Answer } from './requests.ts'
import { watchers } from './watchers.ts'

export interface SqliteStateOptions {
  /** The database file. It is made if missing, readable for its owner only, in a folder that is made if missing. @default state.sqlite in the plugin's folder */
  readonly path?: string
  /** Changes that a watch can be resumed from. @default 100,000 */
  readonly historyChanges?: number
}

/** Until a failed end of a lease is tried again. */
const retryMs = 1000

interface LiveLease { timer: NodeJS.Timeout, ended: boolean }

/** The thread reads the values a moment later, and would copy the whole buffer that a view lies in. */
const ownOp = (op: Op): Op => 'put' in op ? { ...op, value: Uint8Array.from(op.value) } : op

const entriesOf = (answer: Answer): readonly Entry[] => answer.type === 'got' ? answer.entries : []

/** @throws ShoalError STATE_FAILED when the file cannot be opened, or another process has it open */
export const sqliteState = async (options: SqliteStateOptions & { readonly path: string }): Promise<State> => {
  knownOptions('state-sqlite', options, ['path', 'historyChanges'])
  const { path } = options
  const historyChanges = integerOption('state-sqlite', 'historyChanges', options.historyChanges, { min: 1, max: 10_000_000, otherwise: 100_000 })
  const courier = await startCourier({ path: resolve(path), historyChanges })
  const watches = watchers(courier)
  const leases = new Map<LeaseId, LiveLease>()
  let stopping: Promise<void> | undefined

  const live = (): void => { if (stopping !== undefined) throw new ShoalError('STATE_FAILED', `Cannot use the database ${path}: it was closed. Open it again.`) }

  const end = async (id: LeaseId): Promise<void> => {
    const lease = leases.get(id)
    if (lease === undefined) return
    clearTimeout(lease.timer)
    // from now on nothing more is written with it; what was asked before is written before
    lease.ended = true
    try { await courier.ask({ type: 'end', lease: id }) } catch (error) {
      // its keys must go all the same: again when the disk may have space
      if (stopping === undefined) lease.timer = expiry(id, retryMs)
      throw error
    }
    leases.delete(id)
  }

  const expiry = (id: LeaseId, ttlMs: number): NodeJS.Timeout =>
    setTimeout(() => { end(id).catch(() => { /* tried again; every other call fails too and says why */ }) }, ttlMs).unref()

  const holding = (id: LeaseId, doing: string): LiveLease => {
    const lease = leases.get(id)
    if (lease === undefined || lease.ended) throw new ShoalError('STATE_FAILED', `Cannot ${doing}: the lease has ended. Take another lease.`)
    return lease
  }

  return {
    async get (key) {
      live()
      checkKey(key)
      return entriesOf(await courier.ask({ type: 'get', key }))[0]
    },
    async list (prefix, page) {
      live()
      const limit = checkPage(prefix, page)
      return entriesOf(await courier.ask({ type: 'list', prefix, after: page?.after, limit }))
    },
    async txn (compare, ops) {
      live()
      checkTransaction(compare, ops)
      for (const op of ops) if ('put' in op && op.lease !== undefined) holding(op.lease, `write "${op.put}"`)
      const answer = await courier.ask({ type: 'txn', compare: [...compare], ops: ops.map(ownOp) })
      return answer.type === 'done' && answer.committed ? { ok: true, revision: answer.revision } : { ok: false }
    },
    async revision () {
      live()
      return await Promise.resolve(courier.standing.revision)
    },
    watch (prefix, { fromRevision = courier.standing.revision, signal }) {
      live()
      checkPrefix(prefix)
      return watches.watch(prefix, fromRevision, signal)
    },
    async lease (ttlMs) {
      live()
      const id = randomUUID()
      leases.set(id, { timer: expiry(id, ttlMs), ended: false })
      return await Promise.resolve({
        id,
        async renew () {
          live()
          const lease = holding(id, 'renew a lease')
          clearTimeout(lease.timer)
          lease.timer = expiry(id, ttlMs)
          await Promise.resolve()
        },
        end: () => end(id)
      })
    },
    async stop () {
      stopping ??= (async () => {
        watches.close()
        for (const { timer } of leases.values()) clearTimeout(timer)
        await courier.stop()
      })()
      await stopping
    }
  }
}

export default definePlugin('state', 'sqlite', (options: SqliteStateOptions, { folder }: Context) => {
  const path = options.path ?? (folder === undefined ? undefined : join(folder, 'state.sqlite'))
  if (path === undefined) throw new ShoalError('BAD_OPTION', 'Cannot open the state sqlite: it has no path and there is no folder. Give { path }.')
  return sqliteState({ ...options, path })
})
