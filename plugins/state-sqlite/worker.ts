/**
 * The thread that has the database, and the one who starts it. This module is its own worker: loaded in a thread that `startWorker` started, it opens the
 * database and answers; loaded anywhere else it does nothing. So it works as TypeScript source, and bundled into whatever file, with no second file.
 * In the thread it must load without Shoal: it imports nothing but `node:` and its own folder.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { failureOf } from './failure.ts'
import type { FromWorker, Settings, ToWorker } from './requests.ts'

interface ThreadData { readonly shoalStateSqlite: Settings }

const isThreadData = (data: unknown): data is ThreadData => typeof data === 'object' && data !== null && 'shoalStateSqlite' in data

/** The flags of this process are not passed on; SQLite is experimental in Node 24, and users need not hear it at every start. */
export const startWorker = (settings: Settings): Worker => new Worker(new URL(import.meta.url), {
  name: 'shoal state-sqlite', workerData: { shoalStateSqlite: settings } satisfies ThreadData, execArgv: ['--disable-warning=ExperimentalWarning']
})

const serve = (settings: Settings, port: NonNullable<typeof parentPort>): void => {
  const tell = (message: FromWorker): void => { port.postMessage(message) }
  let database: Database
  try { database = openDatabase(settings) } catch (error) {
    tell({ type: 'unopened', failure: failureOf(error) })
    return
  }
  port.on('message', (message: ToWorker) => {
    if (message.type === 'batch') {
      tell({ type: 'batch', ...database.run(message.requests) })
      return
    }
    let failure
    try { database.close() } catch (error) { failure = failureOf(error) }
    tell({ type: 'closed', failure })
    port.close()
  })
  tell({ type: 'opened', standing: database.standing })
}

const data: unknown = workerData
if (!isMainThread && parentPort !== null && isThreadData(data)) serve(data.shoalStateSqlite, parentPort)
