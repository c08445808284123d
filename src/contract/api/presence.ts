/** Messages about who is online, has what and wants what, and the events of a watch. */
import { z } from 'zod'
import type { Announcement, AnnounceReply, OnlinePeer, TrackerEvent } from '../index.ts'
import { address, anyList, contentId, count, cursor, groupId, groupName, list, peerId, userName, word } from './forms.ts'

/** Announced contents in one message, so that it stays within the limit of a body. A longer announcement is sent as several, in sequence. */
export const maxAnnounced = 256

const announced = { group: groupId, content: contentId, role: z.enum(['source', 'wanter']) }
const sighting = z.object({ ...announced, peer: peerId, user: userName, addresses: list(address, 32) })

export const announceRequest = z.strictObject({
  sequence: count.min(1),
  full: z.boolean(),
  added: list(z.strictObject(announced), maxAnnounced),
  removed: list(z.strictObject(announced), maxAnnounced),
  addresses: list(address, 32).exactOptional(),
  transports: list(word, 16).exactOptional(),
  seek: list(z.strictObject({ group: groupId, content: contentId }), 50)
}) satisfies z.ZodType<Announcement>

export const announceReply = z.object({ resync: z.boolean(), sightings: list(sighting, 50), heartbeatMs: count.min(100).max(3_600_000) }) satisfies z.ZodType<AnnounceReply>

const onlinePeer = z.object({ user: userName, peer: peerId, since: count, transports: list(word, 16), groups: anyList(groupName) }) satisfies z.ZodType<OnlinePeer>
export const peersReply = z.object({ peers: anyList(onlinePeer) })

/** Where to resume; the header Last-Event-ID says the same. */
export const watchRequest = z.strictObject({ from: cursor.exactOptional() })

const fileName = z.string().max(1024)
export const event = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('group'), cursor, group: groupId, name: groupName, seq: count, user: userName,
    change: z.enum(['requested', 'accepted', 'rejected', 'left', 'removed', 'owner', 'dissolved', 'device', 'policy'])
  }),
  z.object({ type: z.literal('file'), cursor, group: groupId, groupName, name: fileName, user: userName, change: z.enum(['shared', 'replaced', 'withdrawn']) }),
  z.object({ type: z.literal('sighted'), sighting }),
  z.object({ type: z.literal('peer'), user: userName, peer: peerId, change: z.enum(['online', 'offline']) }),
  z.object({ type: z.literal('reset'), cursor })
]) satisfies z.ZodType<TrackerEvent>
