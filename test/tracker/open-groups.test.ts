/** What is told of open groups, by trackers and records from before they were. */
import { describe, expect, it } from 'vitest'
import { groupsReply } from '../../src/contract/api/groups.ts'
import { byteWriter } from '../../src/contract/index.ts'
import type { GroupId, UserName } from '../../src/contract/index.ts'
import { hashBytes } from '../../src/core/signed.ts'
import { nameForm } from '../../src/tracker/group-records.ts'

const [id, hash] = ['ab'.repeat(32) as GroupId, 'cd'.repeat(32)]
const record = { id, owner: 'alice' as UserName, seq: 7, hash }
/** As it was written before groups could be open. */
const old = byteWriter(128).u8(1).raw(hashBytes(id)).text16('alice').u64(7).raw(hashBytes(hash)).finish()
const entry = (value: Uint8Array) => ({ key: 'name', value, revision: 1 })

describe('the record of a group\'s name', () => {
  it('from before is of a group that its owner decides about, and such a group is still written so', () => {
    expect(nameForm.decode(entry(old))).toEqual({ ...record, policy: 'owner' })
    expect(Buffer.compare(nameForm.encode({ ...record, policy: 'owner' }), old)).toBe(0)
  })

  it('of an open group is read as one', () => {
    expect(nameForm.decode(entry(nameForm.encode({ ...record, policy: 'open' })))).toEqual({ ...record, policy: 'open' })
  })
})

describe('a listing of groups', () => {
  it('from a tracker that does not know of open groups has none', () => {
    const head = { seq: 0, hash }
    const listing = { id, name: 'crew', owner: 'alice', state: 'none', head }
    expect(groupsReply.parse({ groups: [listing, { ...listing, policy: 'open' }] }).groups.map(({ policy }) => policy)).toEqual(['owner', 'open'])
  })
})
