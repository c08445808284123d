/** Messages about groups and their logs. */
import { z } from 'zod'
import type { GroupListing } from '../index.ts'
import { anyList, bytes, count, countInQuery, groupId, groupName, hashText, list, typed, userName } from './forms.ts'

/** A signed log entry, or a genesis. */
const entry = bytes({ max: 4096 })

const listing = z.object({
  id: groupId, name: groupName, owner: userName, state: z.enum(['owner', 'member', 'requested', 'none']),
  // a tracker from before open groups were listed leaves it out
  policy: z.enum(['owner', 'open']).default('owner'), head: z.object({ seq: count, hash: hashText })
}) satisfies z.ZodType<GroupListing>

export const groupsRequest = z.strictObject({ name: typed.exactOptional() })
export const groupsReply = z.object({ groups: anyList(listing) })

export const createGroupRequest = z.strictObject({ genesis: entry })
export const createGroupReply = z.object({ group: groupId })

export const logRequest = z.strictObject({ group: groupId, from: countInQuery })
export const logReply = z.object({ entries: list(entry, 1000) })

export const appendRequest = z.strictObject({ group: groupId, entry })
export const appendReply = z.object({ result: z.enum(['appended', 'moved']) })

export const credentialRequest = z.strictObject({ group: groupId })
export const credentialReply = z.object({ credential: bytes({ max: 1024 }) })
