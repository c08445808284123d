/** Who hears of which log entry. Requests are between applicant and owner; who goes concerns all. */
import type { Group, UserName } from '../contract/index.ts'
import type { OpenedEntry } from '../core/log-entry.ts'
import type { GroupNotice, Notice } from './notice.ts'

const maxTold = 100

/** What to tell of an entry. @param before the group without it; undefined: it is the genesis, of which nobody is told */
export const noticesOf = (before: Group | undefined, after: Group, { entry: { action, seq } }: OpenedEntry): readonly Notice[] => {
  if (before === undefined) return []
  const notice = (change: GroupNotice['change'], user: UserName, to: readonly UserName[], members = false): Notice =>
    ({ event: { type: 'group', group: after.id, name: after.name, seq, user, change }, members, to: [...new Set(to)].slice(0, maxTold) })
  switch (action.kind) {
    case 'genesis': return []
    case 'request': return [notice(after.members.has(action.user) ? 'accepted' : 'requested', action.user, after.members.has(action.user) ? [action.user, after.owner] : [after.owner])]
    case 'accept': return [notice('accepted', action.user, [action.user, after.owner])]
    case 'reject': return [notice('rejected', action.user, [action.user, after.owner])]
    case 'device': return [notice('device', action.user, [action.user])]
    case 'remove': return [notice('removed', action.user, [action.user], true)]
    case 'policy': return [notice('policy', after.owner, [], true)]
    case 'leave': {
      if (after.dissolved) return [notice('dissolved', action.user, [action.user, ...before.requests.keys()])]
      const left = notice('left', action.user, [action.user], true)
      return after.owner === before.owner ? [left] : [left, notice('owner', after.owner, [after.owner], true)]
    }
  }
}
