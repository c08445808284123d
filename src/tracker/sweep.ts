/**
 * Removes what no longer counts: shares of those who left, all of a group that dissolved, records of sessions that are over anyway. What is to be
 * swept was written down in the transaction that made it so; a tracker that dies goes on after its start. Nothing visible waits for it.
 */
import type { GroupId, State } from '../contract/index.ts'
import { openEntry } from '../core/log-entry.ts'
import { shareForm } from './catalog-records.ts'
import type { Clock } from './clock.ts'
import type { Groups } from './groups.ts'
import { trackerTimes } from './limits.ts'
import { lastOfKey, listAll, places, shareOfKey } from './places.ts'
import type { Sharing } from './sharing.ts'
import type { Tokens } from './tokens.ts'

export interface Sweeper {
  /** There is something to sweep. */
  wake (): void
  /** Resolves when nothing is being swept and nothing waits to be. */
  idle (): Promise<void>
  stop (): Promise<void>
}

const opsAtOnce = 100

export const startSweeper = (state: State, groups: Groups, sharing: Sharing, tokens: Tokens, clock: Clock, log: (line: string) => void): Sweeper => {
  let running: Promise<void> | undefined
  /** Calls to sweep, and how many of them were begun. */
  let wanted = 0
  let begun = 0
  const stopping = new AbortController()
  const stopped = (): boolean => stopping.signal.aborted
  let cancelTimer = (): void => { /* none yet */ }

  const deleteAll = async (prefix: string): Promise<void> => {
    while (!stopped()) {
      const page = await state.list(prefix, { limit: opsAtOnce })
      if (page.length === 0) return
      await state.txn([], page.map(({ key }) => ({ delete: key })))
    }
  }

  const sweepDissolved = async (id: GroupId): Promise<void> => {
    // the log goes last: it names those whose requests are still in their own lists
    for await (const { value } of listAll(state, places.log(id))) {
      const { action } = openEntry(value).entry
      if (action.kind === 'request') await state.txn([], [{ delete: places.membership(action.user, id) }])
      if (stopped()) return
    }
    for (const prefix of [places.shares(id), places.entries(id), places.contents(id), places.log(id)]) await deleteAll(prefix)
    if (!stopped()) await state.txn([], [places.goneContents(id), places.feed(id), places.group(id), places.sweep(id)].map(key => ({ delete: key })))
  }

  const sweepGroup = async (id: GroupId, revision: number): Promise<void> => {
    const now = await groups.current(id)
    if (now === undefined) { await sweepDissolved(id); return }
    let pruned: string | undefined
    for await (const entry of listAll(state, places.shares(id))) {
      const { tag, user } = shareOfKey(entry.key)
      if (tag === pruned || now.group.members.get(user)?.since === shareForm.decode(entry).since) continue
      await sharing.prune(id, tag)
      pruned = tag
      if (stopped()) return
    }
    // not when somebody else left meanwhile: then it is swept once more
    const done = await state.txn([{ key: places.sweep(id), revision }], [{ delete: places.sweep(id) }])
    if (!done.ok) wanted++
  }

  const run = async (): Promise<void> => {
    try {
      while (begun < wanted) {
        begun = wanted
        for await (const { key, revision } of listAll(state, places.sweeps)) {
          if (stopped()) return
          await sweepGroup(lastOfKey(key) as GroupId, revision)
        }
      }
      await tokens.sweep()
    } catch (error) {
      begun = wanted
      log(`sweeping failed, is tried again in an hour: ${String(error)}`)
    }
  }

  const start = (): void => {
    if (stopped() || running !== undefined) return
    running = run().finally(() => {
      running = undefined
      if (begun < wanted) start()
    })
  }

  const wake = (): void => {
    wanted++
    start()
  }

  const everyHour = (): void => {
    wake()
    if (!stopped()) cancelTimer = clock.after(trackerTimes.sweepEveryMs, everyHour)
  }
  everyHour()

  return {
    wake,
    async idle () { while (running !== undefined) await running },
    async stop () {
      stopping.abort()
      cancelTimer()
      await running
    }
  }
}
