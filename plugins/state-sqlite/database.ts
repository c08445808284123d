/**
 * Entries and changes in the database, synchronously: the writes of one batch are one SQLite transaction, durable before anything is answered. Owns
 * the statements. Runs in the database's thread: imports nothing but `node:` and its own folder.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Answer, Batch, Changed, Request, Settings, Standing } from './requests.ts'
import { failureOf } from './failure.ts'
import { openFile } from './schema.ts'

export interface Database {
  readonly standing: Standing
  run (requests: readonly Request[]): Batch
  close (): void
}

type Write = Extract<Request, { type: 'txn' | 'end' }>
type Row = Record<string, SQLOutputValue>

const toUtf8 = new TextEncoder()
const fromUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
/** Keys are blobs, so that SQLite compares them byte by byte and a NUL is a byte like any other. */
const blob = (key: string): Uint8Array => toUtf8.encode(key)
/** Above every key with the prefix: no byte of UTF-8 is 0xff. */
const above = (prefix: string): Uint8Array => Uint8Array.of(...blob(prefix), 0xff)
/** The least key above this one. */
const next = (key: Uint8Array): Uint8Array => Uint8Array.of(...key, 0)
const later = (a: Uint8Array, b: Uint8Array): Uint8Array => Buffer.compare(a, b) < 0 ? b : a
const bytes = (value: SQLOutputValue | undefined): Uint8Array => value instanceof Uint8Array ? value : new Uint8Array(0)
const keyOf = (row: Row): string => fromUtf8.decode(bytes(row.key))

/** @throws Error of node:fs or node:sqlite */
export const openDatabase = ({ path, historyChanges }: Settings): Database => {
  const sqlite = openFile(path)
  const statements = prepare(sqlite)
  const readStanding = (): Standing => {
    const row = statements.last.get()
    return { revision: Number(row?.revision ?? 0), number: Number(row?.number ?? 0) }
  }
  let standing = readStanding()

  /** Writes one revision. @returns how many keys it changed */
  const change = (revision: number, key: Uint8Array, value: Uint8Array | undefined, lease: string | undefined): void => {
    if (value === undefined) {
      if (statements.remove.run(key).changes === 0) return
    } else statements.put.run(key, value, revision, lease ?? null)
    standing = { revision, number: standing.number + 1 }
    statements.record.run(standing.number, revision, key, value ?? null)
  }

  const write = (request: Write): Answer => {
    const revision = standing.revision + 1
    if (request.type === 'end') {
      for (const row of statements.leased.all(request.lease)) change(revision, bytes(row.key), undefined, undefined)
    } else {
      const holds = request.compare.every(({ key, revision }) => Number(statements.get.get(blob(key))?.revision ?? 0) === revision)
      if (!holds) return { type: 'done', committed: false, revision: standing.revision }
      for (const op of request.ops) {
        if ('put' in op) change(revision, blob(op.put), op.value, op.lease)
        else change(revision, blob(op.delete), undefined, undefined)
      }
    }
    return { type: 'done', committed: true, revision: standing.revision }
  }

  /** In large steps, so that most commits have nothing to delete. The last revision stays: it says where the state stands. */
  const compact = (): void => {
    const first = Number(statements.first.get()?.number ?? 1)
    if (standing.number - first + 1 <= historyChanges * 1.25) return
    const cut = Number(statements.revisionOf.get(standing.number - historyChanges)?.revision ?? 0)
    statements.compact.run(Math.min(cut, standing.revision - 1))
  }

  const commit = (writes: readonly Write[]): readonly Answer[] => {
    const before = standing
    try {
      sqlite.exec('BEGIN IMMEDIATE')
      const answers = writes.map(write)
      if (standing !== before) compact()
      sqlite.exec('COMMIT')
      return answers
    } catch (error) {
      // all of them fail together: each happened wholly or not at all
      standing = before
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
      const failure = failureOf(error)
      return writes.map(() => ({ type: 'failed', failure }))
    }
  }

  const read = (request: Exclude<Request, Write>): Answer => {
    switch (request.type) {
      case 'get': {
        const row = statements.get.get(blob(request.key))
        return { type: 'got', entries: row === undefined ? [] : [{ key: request.key, value: bytes(row.value), revision: Number(row.revision) }] }
      }
      case 'list': {
        const { prefix, after, limit } = request
        const rows = statements.list.all(after === undefined ? blob(prefix) : later(blob(prefix), next(blob(after))), above(prefix), limit)
        return { type: 'got', entries: rows.map(row => ({ key: keyOf(row), value: bytes(row.value), revision: Number(row.revision) })) }
      }
      case 'changes': return readChanges(request)
    }
  }

  const readChanges = ({ prefix, after, limit }: Extract<Request, { type: 'changes' }>): Answer => {
    const first = statements.first.get()
    const gone = 'revision' in after
      ? after.revision > standing.revision || after.revision < Number(first?.revision ?? 1) - 1
      : after.number < Number(first?.number ?? 1) - 1
    if (gone) return { type: 'compacted', revision: standing.revision }
    const number = 'number' in after ? after.number : Number(statements.through.get(after.revision)?.number ?? 0)
    const rows = statements.changes.all(number, blob(prefix), above(prefix), limit)
    const changes = rows.map((row): Changed => ({ key: keyOf(row), revision: Number(row.revision), value: row.value === null ? undefined : bytes(row.value) }))
    return { type: 'changed', changes, number: rows.length < limit ? standing.number : Number(rows.at(-1)?.number) }
  }

  const attempt = (request: Exclude<Request, Write>): Answer => {
    try { return read(request) } catch (error) { return { type: 'failed', failure: failureOf(error) } }
  }

  // leases lived in the process that had the file before
  const [ended] = commit(statements.leases.all().map(row => ({ type: 'end', lease: String(row.lease) })))
  if (ended?.type === 'failed') {
    sqlite.close()
    throw new Error(ended.failure.message)
  }

  return {
    get standing () { return standing },
    run (requests) {
      const writes = requests.filter(request => request.type === 'txn' || request.type === 'end')
      const written = (writes.length === 0 ? [] : commit(writes)).values()
      // reads see only what is durable
      const answers = requests.map(request => request.type === 'txn' || request.type === 'end' ? written.next().value : attempt(request))
      return { answers: answers.filter(answer => answer !== undefined), standing }
    },
    close: () => { sqlite.close() }
  }
}

const prepare = (sqlite: DatabaseSync) => ({
  get: sqlite.prepare('SELECT value, revision FROM entries WHERE key = ?'),
  list: sqlite.prepare('SELECT key, value, revision FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT ?'),
  put: sqlite.prepare('INSERT INTO entries (key, value, revision, lease) VALUES (?, ?, ?, ?) ' +
    'ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision, lease = excluded.lease'),
  remove: sqlite.prepare('DELETE FROM entries WHERE key = ?'),
  leased: sqlite.prepare('SELECT key FROM entries WHERE lease = ? ORDER BY key'),
  leases: sqlite.prepare('SELECT DISTINCT lease FROM entries WHERE lease IS NOT NULL'),
  record: sqlite.prepare('INSERT INTO changes (number, revision, key, value) VALUES (?, ?, ?, ?)'),
  first: sqlite.prepare('SELECT number, revision FROM changes ORDER BY number LIMIT 1'),
  last: sqlite.prepare('SELECT number, revision FROM changes ORDER BY number DESC LIMIT 1'),
  revisionOf: sqlite.prepare('SELECT revision FROM changes WHERE number = ?'),
  through: sqlite.prepare('SELECT max(number) AS number FROM changes WHERE revision <= ?'),
  changes: sqlite.prepare('SELECT number, revision, key, value FROM changes WHERE number > ? AND key >= ? AND key < ? ORDER BY number LIMIT ?'),
  compact: sqlite.prepare('DELETE FROM changes WHERE revision <= ?')
})
