import { admissionSuite, failures, runSuite } from 'shoal/testing'
import open from 'shoal/plugins/admission-open'
import owner from 'shoal/plugins/admission-owner'
import { definePlugin } from 'shoal/plugin'
import type { Admission, Plugin } from 'shoal/plugin'
import { describe, expect, it } from 'vitest'
import { createWorld, password } from '../peer/world.ts'

const quiet = { log: () => { /* quiet */ } }

runSuite('admission-open', admissionSuite, async () => ({ subject: await open().create(quiet) }))

describe('admission open', () => {
  it('is a plugin of its folder\'s name and kind, without options', async () => {
    expect([open.kind, open.pluginName]).toEqual(['admission', 'open'])
    await expect(open({ anyone: true }).create(quiet)).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('is held by the suite to one answer: one that lets in the first only fails', async () => {
    let asked = 0
    const fickle = (inner: Admission): Admission => ({ decide: async (request, group) => asked++ === 0 ? inner.decide(request, group) : 'ask-owner' })
    const failed = await failures(admissionSuite, async () => { asked = 0; return { subject: fickle(await open().create(quiet)) } })
    expect([...failed.keys()]).toEqual(['answers the same question alike, also when it is asked twice at once'])
  })
})

describe('a group whose owner\'s peer', () => {
  const group = async (admission: Plugin<'admission'>) => {
    const world = await createWorld()
    const [alice, bob] = [await world.peer('alice', { use: [admission] }), await world.peer('bob')]
    await alice.createGroup('crew')
    return { world, alice, bob }
  }
  const stateOf = async (shoal: Awaited<ReturnType<typeof group>>['bob']): Promise<string | undefined> => (await shoal.listGroups())[0]?.state

  it('runs admission-open lets in whoever asks, and says so', async () => {
    const { alice, bob } = await group(open())
    const told = (async () => { for await (const event of alice.events()) if (event.type === 'group' && event.change === 'accepted') return event.user })()
    expect(await bob.joinGroup('crew')).toBe('requested')
    expect(await told).toBe('bob')
    expect(await stateOf(bob)).toBe('member')
  })

  it.each<[string, () => unknown, string]>([
    ['fails', () => { throw new Error('No list today.') }, 'No list today.'],
    ['says what is no answer', () => Promise.resolve('perhaps'), '"perhaps" is no answer.']
  ])('runs an admission that %s has to decide itself, is told so, and can log in', async (_, decide, why) => {
    const broken = definePlugin('admission', 'broken', () => ({ decide: async () => await decide() as 'accept' }))
    const { alice, bob } = await group(broken())
    const told = (async () => { for await (const event of alice.events()) if (event.type === 'warning') return event.detail })()
    await bob.joinGroup('crew')
    expect(await told).toContain(`left "bob", who asks to join "crew", to you: ${why}`)
    await alice.logout()
    await alice.login('alice', password)
    await alice.acceptRequest('crew', 'bob')
    expect(await stateOf(bob)).toBe('member')
  })

  it('runs admission-owner lets in nobody by itself', async () => {
    const { alice, bob } = await group(owner())
    expect(await bob.joinGroup('crew')).toBe('requested')
    expect((await alice.listRequests('crew')).map(({ user }) => user)).toEqual(['bob'])
    expect(await stateOf(bob)).toBe('requested')
  })
})
