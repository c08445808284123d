/**
 * The file: its permissions, pragmas, tables and format number. Owns no statement about entries. Runs in the database's thread: imports nothing but
 * `node:` and its own folder.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

/** Written into the file as `user_version`. */
const format = 1
/** "Shoa": tells our files from other programs' databases. */
const applicationId = 0x53686f61

const tables = `
  CREATE TABLE entries (key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL, revision INTEGER NOT NULL, lease TEXT) STRICT;
  CREATE INDEX leased ON entries (lease) WHERE lease IS NOT NULL;
  CREATE TABLE changes (number INTEGER PRIMARY KEY NOT NULL, revision INTEGER NOT NULL, key BLOB NOT NULL, value BLOB) STRICT;
  CREATE INDEX changed ON changes (revision);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${format};
`

const numberOf = (row: Record<string, unknown> | undefined): number => Number(Object.values(row ?? {})[0] ?? 0)

/** SQLite would make it readable for all; its log gets the same mode. */
const makeFile = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

/** @throws Error of node:fs or node:sqlite */
export const openFile = (path: string): DatabaseSync => {
  makeFile(path)
  // not imported: loading it in the main thread would print an experimental warning there
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  // a process that was just killed may hold its lock for a moment
  const database = new DatabaseSync(path, { timeout: 500 })
  try {
    // exclusive: a second process is told that the database is locked, and the kernel frees the lock of a killed one
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
    const found = numberOf(database.prepare('PRAGMA user_version').get())
    const application = numberOf(database.prepare('PRAGMA application_id').get())
    const empty = numberOf(database.prepare('SELECT count(*) FROM sqlite_schema').get()) === 0
    if (empty) database.exec(tables)
    else if (application !== applicationId) throw new Error('it is the database of another program')
    else if (found !== format) throw new Error(`it has format ${found}, and this program knows format ${format}`)
    database.exec('COMMIT')
    chmodSync(path, 0o600)
    database.exec('PRAGMA journal_mode = WAL')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
