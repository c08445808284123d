import { describe, expect, it } from 'vitest'
import { memoryState } from '../../plugins/state-memory/index.ts'
import { refused } from '../../src/testing/tracker-rig.ts'
import { interleavedState } from './interleaved-state.ts'
import { testRealm } from './realm.ts'

/** Alice's tracker, in whose steps something can happen, and bob's and carol's, where it does. */
const scene = async () => {
  const inner = memoryState()
  const state = interleavedState(inner)
  const here = await testRealm({ state })
  const there = await here.again({ state: inner })
  const [alice, bob, carol] = [await here.person('alice'), await there.person('bob'), await there.person('carol')]
  const photos = await here.group('photos', alice, bob, carol)
  const sharers = async () => (await carol.session.files(photos)).map(({ name, versions }) => [name, versions.map(version => version.sharers.map(({ user }) => user).sort())])
  return { state, here, there, alice, bob, carol, photos, sharers }
}

const sharesOf = async ({ here, photos }: Awaited<ReturnType<typeof scene>>, user: string): Promise<number> => {
  const { value } = await here.state.get(`member/${user}/${photos}`) ?? expect.unreachable()
  return new DataView(value.buffer, value.byteOffset).getUint32(value.byteLength - 4)
}

describe('between a tracker\'s reading and writing', () => {
  it('the heir of a group shares a file: the count of the heir\'s shares is not lost', async () => {
    const set = await scene()
    const { state, alice, bob, photos } = set
    state.beforeWrite(`member/alice/`, async () => await bob.share(photos, 'a', 'x'))
    await alice.act(photos, { kind: 'leave', user: alice.user, successor: bob.user })
    expect(await sharesOf(set, 'bob')).toBe(1)
    expect((await bob.session.groups())[0]?.state).toBe('owner')
  })

  it('another shares the version whose last sharer goes: it stays', async () => {
    const { state, alice, bob, photos, sharers } = await scene()
    await alice.share(photos, 'a', 'x')
    state.beforeWrite('entry/', async () => await bob.share(photos, 'a', 'x'))
    await alice.session.unshare(photos, 'a')
    expect(await sharers()).toEqual([['a', [['bob']]]])
  })

  it('the last sharer goes whose version another joins: it is listed anew', async () => {
    const { state, alice, bob, photos, sharers } = await scene()
    await bob.share(photos, 'a', 'x')
    state.beforeWrite('entry/', async () => { await bob.session.unshare(photos, 'a') })
    expect(await alice.share(photos, 'a', 'x')).toBe('listed')
    expect(await sharers()).toEqual([['a', [['alice']]]])
  })

  it('another takes the name with other content: it is taken', async () => {
    const { state, alice, bob, photos, sharers } = await scene()
    state.beforeWrite('entry/', async () => await bob.share(photos, 'a', 'other'))
    await refused('NAME_TAKEN', alice.share(photos, 'a', 'x'))
    expect(await sharers()).toEqual([['a', [['bob']]]])
  })

  it('the sharer is removed: nothing is shared, and who was removed is not in the group', async () => {
    const { state, here, alice, bob, carol, photos, sharers } = await scene()
    await alice.act(photos, { kind: 'leave', user: alice.user, successor: bob.user })
    await alice.request(photos)
    await bob.decide('accept', photos, alice.user)
    state.beforeWrite('entry/', async () => await bob.act(photos, { kind: 'remove', user: alice.user }))
    await refused('NOT_FOUND', alice.share(photos, 'a', 'x'))
    expect((await alice.session.groups())[0]?.state).toBe('none')
    expect(await sharers()).toEqual([])
    expect(await here.keys('share/')).toEqual([])
    expect((await carol.session.groups())[0]?.state).toBe('member')
  })

  it('the group changes: the entry has come second', async () => {
    const { state, alice, bob, photos } = await scene()
    state.beforeWrite('log/', async () => await bob.act(photos, { kind: 'leave', user: bob.user }))
    expect(await alice.act(photos, { kind: 'policy', policy: 'open' })).toBe('moved')
    expect(await alice.act(photos, { kind: 'policy', policy: 'open' })).toBe('appended')
  })

  it('the name of a new group is taken', async () => {
    const { state, alice, bob } = await scene()
    state.beforeWrite('name/music', async () => await bob.found('music'))
    await refused('GROUP_EXISTS', alice.found('music'))
    expect((await alice.session.groups({ name: 'music' }))[0]?.owner).toBe('bob')
  })

  it('another tracker makes the realm key: it is everybody\'s', async () => {
    const state = interleavedState(memoryState())
    let other: Awaited<ReturnType<typeof testRealm>> | undefined
    state.afterRead('realm/', async () => { other = await testRealm({ state }) })
    const { service } = await testRealm({ state })
    expect(service.realm.pin).toBe(other?.service.realm.pin)
  })

  it('a device logs out: what it announced meanwhile does not bring it back', async () => {
    const { state, alice, bob, photos } = await scene()
    await alice.share(photos, 'a', 'x')
    const content = (await alice.session.files(photos))[0]?.versions[0]?.content ?? expect.unreachable()
    state.afterRead(`group/${photos}`, async () => { await alice.session.logout() })
    await refused('SESSION_EXPIRED', alice.announce([{ group: photos, content, role: 'source' }]))
    expect(await bob.session.peers()).toEqual([])
  })

  it('a session ends that was just found good: it is not believed for another second', async () => {
    const { state, here, alice } = await scene()
    await here.clock.advance(1_000)
    state.afterRead('revoked/', async () => { await alice.session.logout() })
    await alice.session.groups()
    await refused('SESSION_EXPIRED', alice.session.groups())
  })

  it('a group is read again and again: an older reading never takes the place of a newer one', async () => {
    const { state, here, alice, bob, photos } = await scene()
    const again = await here.login('alice', alice.device)
    await bob.act(photos, { kind: 'leave', user: bob.user })
    state.afterRead(`group/${photos}`, async () => await again.act(photos, { kind: 'policy', policy: 'open' }))
    await alice.session.files(photos)
    expect(await alice.act(photos, { kind: 'policy', policy: 'owner' })).toBe('appended')
    expect((await alice.session.log(photos, 0)).length).toBe(8)
  })
})
