import { describe, expect, it } from 'vitest'
import type { Admission, Group, GroupId, GroupName, JoinRequest, PeerId, UserName } from '../../src/contract/index.ts'
import { askAdmission } from '../../src/peer/asking.ts'

const owner = 'alice' as UserName
const request: JoinRequest = { user: 'bob' as UserName, device: '12D3KooWbob' as PeerId, hash: '0'.repeat(64), at: 0 }
const group: Group = {
  id: '1'.repeat(64) as GroupId, name: 'photos' as GroupName, owner, policy: 'owner', members: new Map(), requests: new Map([[request.user, request]]),
  removed: new Map(), head: { seq: 1, hash: request.hash }, dissolved: false
}
const answer = (decide: () => unknown): ReturnType<typeof askAdmission> => askAdmission({ decide } as Admission, request, group, 20)

describe('an admission plugin', () => {
  it('is taken at its word', async () => {
    for (const decision of ['accept', 'reject', 'ask-owner'] as const) expect(await answer(() => Promise.resolve(decision))).toEqual({ decision })
  })

  it('that never answers, fails, or says what is no answer leaves it to the owner, with why', async () => {
    const left = (why: string): object => ({ decision: 'ask-owner', why })
    expect(await answer(() => new Promise(() => undefined))).toEqual(left('it has not answered within 0.02 s.'))
    expect(await answer(() => { throw new Error('out of luck') })).toEqual(left('out of luck'))
    expect(await answer(() => Promise.reject(new Error('out of luck')))).toEqual(left('out of luck'))
    expect(await answer(() => Promise.resolve('yes'))).toEqual(left('"yes" is no answer.'))
  })
})
