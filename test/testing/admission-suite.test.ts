import { describe, expect, it } from 'vitest'
import type { Admission, JoinRequest, UserName } from '../../src/contract/index.ts'
import { admissionSuite, failures } from '../../src/testing/index.ts'

let calls = 0
/** By the name of the case that must fail. */
const broken: Readonly<Record<string, Admission>> = {
  'answers every request with accept, reject or ask-owner': { decide: ({ user }) => user === 'bob' ? Promise.reject(new Error('Not today.')) : Promise.resolve('accept') },
  'answers the same question alike, also when it is asked twice at once': { decide: () => Promise.resolve(calls++ % 2 === 0 ? 'accept' : 'reject') },
  'changes neither the request nor the group': {
    decide (_, group) {
      (group.requests as Map<UserName, JoinRequest>).clear()
      return Promise.resolve('reject')
    }
  }
}

describe('the admission suite', () => {
  it('has a broken admission for every case', () => { expect(Object.keys(broken)).toEqual(admissionSuite.map(({ name }) => name)) })

  for (const [name, subject] of Object.entries(broken)) {
    it(`fails where an admission breaks: ${name}`, async () => {
      expect([...(await failures(admissionSuite.filter(suiteCase => suiteCase.name === name), () => ({ subject }))).keys()]).toEqual([name])
    })
  }
})
