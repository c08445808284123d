/** Watches of the state. A watcher is a place among the recorded changes, not a queue: a slow one costs no memory, and is told when it was left behind. */
import type { Change } from 'shoal/plugin'
import type { Courier } from './courier.ts'
import type { Answer, Changed, Place, Request } from './requests.ts'

/** Bounds the memory of one read: 16 MiB of the largest values. */
const page = 256

export interface Watchers {
  watch (prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<Change>
  /** Ends every watch. */
  close (): void
}

interface Watcher { readonly prefix: string, place: Place, idle: boolean, dirty: boolean, wake: () => void }

const toChange = ({ key, revision, value }: Changed): Change =>
  value === undefined ? { kind: 'delete', key, revision } : { kind: 'put', entry: { key, value, revision } }

const concerns = (prefix: string, requests: readonly Request[], answers: readonly Answer[]): boolean => requests.some((request, i) => {
  const answer = answers[i]
  if (answer?.type !== 'done' || !answer.committed) return false
  // the keys of a lease are known to the database only
  return request.type === 'end' || (request.type === 'txn' && request.ops.some(op => ('put' in op ? op.put : op.delete).startsWith(prefix)))
})

export const watchers = (courier: Courier): Watchers => {
  const all = new Set<Watcher>()
  let closed = false

  courier.onChange = (requests, answers) => {
    for (const watcher of all) {
      if (concerns(watcher.prefix, requests, answers)) {
        watcher.dirty = true
        watcher.wake()
      } else if (watcher.idle && !watcher.dirty) watcher.place = { number: courier.standing.number }
    }
  }

  async function * read (prefix: string, fromRevision: number, signal: AbortSignal): AsyncGenerator<Change> {
    const watcher: Watcher = { prefix, place: { revision: fromRevision }, idle: false, dirty: true, wake: () => { /* not waiting */ } }
    const ended = (): boolean => signal.aborted || closed
    const onAbort = (): void => { watcher.wake() }
    all.add(watcher)
    signal.addEventListener('abort', onAbort)
    try {
      while (!ended()) {
        if (!watcher.dirty) {
          watcher.idle = true
          await new Promise<void>(resolve => { watcher.wake = resolve })
          watcher.idle = false
          continue
        }
        watcher.dirty = false
        const answer = await courier.ask({ type: 'changes', prefix, after: watcher.place, limit: page })
        if (answer.type === 'compacted') {
          yield { kind: 'compacted', revision: answer.revision }
          return
        }
        if (answer.type !== 'changed') return
        watcher.place = { number: answer.number }
        if (answer.changes.length === page) watcher.dirty = true
        for (const changed of answer.changes) {
          if (ended()) return
          yield toChange(changed)
        }
      }
    } catch (error) {
      // aborted or stopped while it asked: a watch ends without an error
      if (!ended()) throw error
    } finally {
      all.delete(watcher)
      signal.removeEventListener('abort', onAbort)
    }
  }

  return {
    watch: read,
    close () {
      closed = true
      for (const { wake } of all) wake()
    }
  }
}
