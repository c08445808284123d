/** What any admission policy must hold to: one of three answers, the same for the same question, and nothing changed by asking. */
import { strict as assert } from 'node:assert'
import type { Admission, Group, GroupId, GroupName, JoinRequest, Member, PeerId, UserName } from '../contract/index.ts'
import type { SuiteCase } from './suite.ts'

const answers: readonly unknown[] = ['accept', 'reject', 'ask-owner']
const owner = 'owner' as UserName

const requestOf = (name: string): JoinRequest => ({ user: name as UserName, device: `12D3KooW${name}` as PeerId, hash: '0'.repeat(64), at: 0 })

const groupOf = (policy: Group['policy'], members: number, requests: readonly JoinRequest[]): Group => ({
  id: '1'.repeat(64) as GroupId, name: 'team' as GroupName, owner, policy,
  members: new Map([[owner, { user: owner, since: 0, devices: [] }], ...Array.from({ length: members }, (_, i): [UserName, Member] => {
    const user = `member${i}` as UserName
    return [user, { user, since: i + 1, devices: [] }]
  })]),
  requests: new Map(requests.map(request => [request.user, request])), removed: new Map(), head: { seq: members, hash: '2'.repeat(64) }, dissolved: false
})

const situations = (): readonly { readonly request: JoinRequest, readonly group: Group }[] => (['owner', 'open'] as const).flatMap(policy =>
  [0, 1, 1_000].flatMap(members => ['bob', '日本', 'a.b-c_d'].map(name => {
    const request = requestOf(name)
    return { request, group: groupOf(policy, members, [requestOf('other'), request]) }
  })))

export const admissionSuite: readonly SuiteCase<Admission>[] = [
  {
    name: 'answers every request with accept, reject or ask-owner',
    async run (admission) {
      for (const { request, group } of situations()) {
        const answer = await admission.decide(request, group)
        assert.ok(answers.includes(answer), `${answer} is no answer`)
      }
    }
  },
  {
    name: 'answers the same question alike, also when it is asked twice at once',
    async run (admission) {
      for (const { request, group } of situations()) {
        const [first, second] = await Promise.all([admission.decide(request, group), admission.decide(request, group)])
        assert.equal(second, first)
        assert.equal(await admission.decide(request, group), first)
      }
    }
  },
  {
    name: 'changes neither the request nor the group',
    async run (admission) {
      for (const { request, group } of situations()) {
        const before = structuredClone({ request, group })
        await admission.decide(request, group)
        assert.deepEqual({ request, group }, before)
      }
    }
  }
]
