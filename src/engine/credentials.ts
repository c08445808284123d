/** Keeps the session supplied with our own credential for each group in use: fetched, renewed, fetched again when the tracker was away. */
import { ShoalError } from '../contract/index.ts'
import type { GroupId, Membership } from '../contract/index.ts'
import type { Input } from '../core/io.ts'
import { pause } from './clock.ts'
import type { Clock } from './clock.ts'

/** `mine` answers from memory while the credential is fresh, so looking often costs nothing. */
const lookAgainMs = 10 * 60_000
const retryMs = 2_000

export interface Credentials {
  /** From now on the session has one for that group; resolves when it has the first, or there is none to have now. */
  hold (group: GroupId): Promise<void>
  drop (group: GroupId): void
  /** We are in the group anew: what was fetched before may not be accepted any more. */
  renew (group: GroupId): void
  stop (): void
}

export const createCredentials = (
  { membership, clock, input, log }: { membership: Membership, clock: Clock, input (input: Input): void, log (line: string): void }
): Credentials => {
  const held = new Map<GroupId, { readonly abort: AbortController, readonly first: Promise<void>, again: AbortController }>()

  const keep = async (group: GroupId, signal: AbortSignal, first: () => void): Promise<void> => {
    const isOver = (): boolean => signal.aborted
    let last: Uint8Array | undefined
    while (!isOver()) {
      const again = new AbortController()
      const entry = held.get(group)
      if (entry !== undefined) entry.again = again
      let waitMs = lookAgainMs
      try {
        const credential = await membership.mine(group)
        if (isOver()) return
        if (credential !== last) input({ type: 'credential', group, credential })
        last = credential
      } catch (error) {
        waitMs = retryMs
        // not a member (any more): there is no credential to have until we are one again
        if (isOver()) return
        if (ShoalError.is(error, 'NOT_FOUND')) { last = undefined; input({ type: 'left', group }) }
        log(`No credential for group ${group}: ${String(error)}`)
      }
      first()
      await pause(clock, waitMs, AbortSignal.any([signal, again.signal]))
    }
  }

  return {
    hold (group) {
      const known = held.get(group)
      if (known !== undefined) return known.first
      const abort = new AbortController()
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(group, { abort, first: promise, again: new AbortController() })
      void keep(group, abort.signal, resolve).finally(resolve)
      return promise
    },
    drop (group) {
      const known = held.get(group)
      if (known === undefined) return
      held.delete(group)
      known.abort.abort()
      input({ type: 'left', group })
    },
    renew (group) { held.get(group)?.again.abort() },
    stop () { for (const group of [...held.keys()]) { held.get(group)?.abort.abort(); held.delete(group); input({ type: 'left', group }) } }
  }
}
