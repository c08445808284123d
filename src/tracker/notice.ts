/**
 * What happened to a group or its files, for whoever should hear of it: written in the transaction that did it, under one key per group, so that
 * the State's own history is the stream and nothing piles up. Owns the record; the stream is in feed.ts.
 */
import type { GroupId, GroupName, TrackerEvent, UserName } from '../contract/index.ts'
import { hashBytes, readHash } from '../core/signed.ts'
import { recordForm } from './record.ts'

type Uncursored<T> = T extends unknown ? Omit<T, 'cursor'> : never
export type GroupNotice = Uncursored<Extract<TrackerEvent, { type: 'group' }>>
export type FileNotice = Uncursored<Extract<TrackerEvent, { type: 'file' }>>

export interface Notice {
  readonly event: GroupNotice | FileNotice
  /** Whether all members hear of it: those who are members when they are told. */
  readonly members: boolean
  /** Who hears of it in any case. At most 100. */
  readonly to: readonly UserName[]
}

const groupChanges = ['requested', 'accepted', 'rejected', 'left', 'removed', 'owner', 'dissolved', 'device', 'policy'] as const satisfies readonly GroupNotice['change'][]
const fileChanges = ['shared', 'replaced', 'withdrawn'] as const satisfies readonly FileNotice['change'][]
/** File changes are numbered from here, so that both lists can grow. */
const firstFileChange = 128

const changeByte = (event: GroupNotice | FileNotice): number =>
  event.type === 'group' ? groupChanges.indexOf(event.change) : firstFileChange + fileChanges.indexOf(event.change)

export const noticesForm = recordForm<readonly Notice[]>(
  (writer, notices) => {
    writer.u8(notices.length)
    for (const { event, members, to } of notices) {
      writer.u8(changeByte(event)).raw(hashBytes(event.group)).text16(event.user)
      if (event.type === 'group') writer.text16(event.name).u64(event.seq)
      else writer.text16(event.groupName).text16(event.name)
      writer.u8(members ? 1 : 0).u8(to.length)
      for (const user of to) writer.text16(user)
    }
    return writer
  },
  reader => Array.from({ length: reader.u8() }, (): Notice => {
    const change = reader.u8()
    const [group, user] = [readHash(reader) as GroupId, reader.text16() as UserName]
    const event: GroupNotice | FileNotice = change < firstFileChange
      ? { type: 'group', change: groupChanges[change] ?? 'policy', group, user, name: reader.text16() as GroupName, seq: reader.u64() }
      : { type: 'file', change: fileChanges[change - firstFileChange] ?? 'shared', group, user, groupName: reader.text16() as GroupName, name: reader.text16() }
    return { event, members: reader.u8() === 1, to: Array.from({ length: reader.u8() }, () => reader.text16() as UserName) }
  }))
