/**
 * What the tracker tells at once: passed on to the engine, to the user, and to what must be read again. Nothing that a command does depends on it. Owns the
 * watch of one login, and its taking up again.
 */
import { ShoalError } from '../contract/index.ts'
import type { AdmissionPolicy, GroupId, TrackerEvent } from '../contract/index.ts'
import { pause, systemClock } from '../engine/index.ts'
import type { Account, House } from './house.ts'

export interface NoticeHandlers {
  /** We are out of that group. */
  removed (event: Extract<TrackerEvent, { type: 'group' }>): Promise<void>
  /** Somebody asks to be let in. */
  requested (event: Extract<TrackerEvent, { type: 'group' }>): void
  /** The stream began anew: something may have been missed. */
  reset (): Promise<void>
}

const firstRetryMs = 250
const lastRetryMs = 4_000

export const followNotices = async (house: House, account: Account, handlers: NoticeHandlers): Promise<void> => {
  const { events, engine } = house
  let cursor: string | undefined
  let retryMs = firstRetryMs
  /** What happened before we watched was not missed: the login has just read everything. */
  let began = false
  /** Who decides about requests, as told last. */
  const policies = new Map<GroupId, AdmissionPolicy>()

  const onGroup = async (event: Extract<TrackerEvent, { type: 'group' }>): Promise<void> => {
    const { change, user, name } = event
    if (change !== 'device' && change !== 'policy') events.send({ type: 'group', group: name, user, change })
    if (change === 'requested') handlers.requested(event)
    else if (user === account.user && (change === 'removed' || change === 'left')) await handlers.removed(event)
    else if (change !== 'rejected') await account.membership.refresh(event.group)
    if (user === account.user && change === 'accepted') engine.renew(event.group)
    if (change !== 'policy') return
    const { policy } = await account.membership.group(event.group)
    if (policies.get(event.group) === policy) return // it was changed twice, and what it is now is told
    policies.set(event.group, policy)
    events.send({ type: 'group', group: name, user, change: policy === 'open' ? 'opened' : 'closed' })
  }
  const hear = async (event: TrackerEvent): Promise<void> => {
    if ('cursor' in event) cursor = event.cursor
    switch (event.type) {
      case 'group': await onGroup(event); return
      case 'file': events.send({ type: 'file', group: event.groupName, name: event.name, user: event.user, change: event.change }); return
      case 'peer': events.send({ type: 'peer', user: event.user, peer: event.peer, change: event.change }); return
      case 'sighted': engine.sight(event.sighting); return
      case 'reset': if (began) await handlers.reset(); began = true
    }
  }

  const isOver = (): boolean => account.ended.aborted
  while (!isOver()) {
    try {
      for await (const event of account.session.watch(cursor, account.ended)) {
        retryMs = firstRetryMs
        await hear(event).catch((error: unknown) => {
          // the notice is lost, the next ones are not
          if (!isOver()) house.log(`A notice could not be followed: ${String(error)}`)
        })
      }
    } catch (error) {
      if (isOver() || ShoalError.is(error, 'SESSION_EXPIRED')) return
      house.log(`The notices broke off: ${String(error)}`)
    }
    await pause(systemClock, retryMs, account.ended)
    retryMs = Math.min(retryMs * 2, lastRetryMs)
  }
}
