/**
 * One process per folder. The lock is the operating system's own, on a file, taken through SQLite because Node has no call for it: it is free the moment its
 * process dies, however it dies, so nothing stale can block a start, no process id can be mistaken for another, and of two starters one wins.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ShoalError } from '../contract/index.ts'

export interface Lock { release (): void }

/** A database that nothing points to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>()

const busy = 5 // SQLITE_BUSY

const isBusy = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === busy

/** For the message only: it may be out of date, and decides nothing. */
const holder = (note: string): string => {
  try { return readFileSync(note, 'utf8').slice(0, 200).trim() } catch { return 'another process' }
}

/**
 * @param who what this process is, for the one who is refused
 * @throws ShoalError HOME_IN_USE, STATE_FAILED
 */
export const lockFolder = (folder: string, who: string): Lock => {
  const note = join(folder, 'lock.holder')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
    // never written to: the transaction is only held, and a journal in memory leaves no file behind
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    writeFileSync(note, `${who}, process ${process.pid}\n`, { mode: 0o600 })
  } catch (cause) {
    database?.close()
    if (isBusy(cause)) {
      throw new ShoalError('HOME_IN_USE', `The folder ${folder} is used by ${holder(note)}. Stop it, or set SHOAL_HOME to another folder.`, { cause })
    }
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ShoalError('STATE_FAILED', `Cannot lock the folder ${folder}: ${why}. Check the disk and the permissions of the folder.`, { cause })
  }
  const taken = database
  held.add(taken)
  return {
    release: () => {
      if (!held.delete(taken)) return
      rmSync(note, { force: true })
      taken.close()
    }
  }
}
