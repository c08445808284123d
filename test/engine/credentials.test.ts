/** Our own credentials for the groups in use: when they are asked for, told to the session, and asked for no more. */
import { expect, it } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import type { GroupId, Membership } from '../../src/contract/index.ts'
import type { Input } from '../../src/core/io.ts'
import { createCredentials } from '../../src/engine/credentials.ts'
import type { Credentials } from '../../src/engine/credentials.ts'
import { quiet, virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'

const group = 'g'.repeat(64) as GroupId

interface Trial { readonly credentials: Credentials, readonly clock: VirtualClock, readonly told: string[], asked: number, answer: Uint8Array | ShoalError }

const trial = (): Trial => {
  const clock = virtualClock()
  const told: string[] = []
  const state = { asked: 0, answer: Uint8Array.of(1) as Uint8Array | ShoalError }
  const membership: Membership = {
    mine: () => { state.asked++; return state.answer instanceof ShoalError ? Promise.reject(state.answer) : Promise.resolve(state.answer) },
    admits: () => Promise.resolve({ ok: false, reason: 'not asked here' }),
    async * changes () { /* none */ }
  }
  const input = (fact: Input): void => { told.push(fact.type === 'credential' ? `credential ${fact.credential.join()}` : fact.type) }
  const credentials = createCredentials({ membership, clock, input, log: () => undefined })
  return Object.assign(state, { credentials, clock, told })
}

it('a credential is told once, and again only when it is another', async () => {
  const t = trial()
  await Promise.all([t.credentials.hold(group), t.credentials.hold(group)])
  expect(t).toMatchObject({ told: ['credential 1'], asked: 1 })
  t.clock.advance(11 * 60_000)
  await quiet()
  expect(t).toMatchObject({ told: ['credential 1'], asked: 2 })
  t.answer = Uint8Array.of(2)
  t.clock.advance(11 * 60_000)
  await quiet()
  expect(t.told).toEqual(['credential 1', 'credential 2'])
})

it('while the tracker is away it is asked for every two seconds, and nobody waits for it', async () => {
  const t = trial()
  t.answer = new ShoalError('TRACKER_UNREACHABLE', 'Away.')
  await t.credentials.hold(group)
  for (let i = 0; i < 3; i++) { t.clock.advance(2_000); await quiet() }
  expect(t).toMatchObject({ told: [], asked: 4 })
  t.answer = Uint8Array.of(1)
  t.clock.advance(2_000)
  await quiet()
  expect(t.told).toEqual(['credential 1'])
})

it('who is no member any more shows none, and who is one again shows a new one', async () => {
  const t = trial()
  await t.credentials.hold(group)
  t.answer = new ShoalError('NOT_FOUND', 'No member.')
  t.clock.advance(11 * 60_000)
  await quiet()
  expect(t.told).toEqual(['credential 1', 'left'])
  t.answer = Uint8Array.of(1)
  t.clock.advance(2_000)
  await quiet()
  expect(t.told).toEqual(['credential 1', 'left', 'credential 1'])
})

it('a group that was joined anew is looked at at once', async () => {
  const t = trial()
  await t.credentials.hold(group)
  t.answer = Uint8Array.of(2)
  t.credentials.renew(group)
  await quiet()
  expect(t).toMatchObject({ told: ['credential 1', 'credential 2'], asked: 2 })
})

it.each(['drop', 'stop'] as const)('after %s nothing is asked for any more, and no timer waits', async how => {
  const t = trial()
  await t.credentials.hold(group)
  t.credentials[how](group)
  await quiet()
  expect(t).toMatchObject({ told: ['credential 1', 'left'], asked: 1 })
  expect(t.clock.pending).toBe(0)
})
