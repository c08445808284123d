import { describe, expect, it } from 'vitest'
import { listen } from '../../src/testing/tracker-rig.ts'
import { testRealm } from './realm.ts'
import type { TestRealm } from './realm.ts'

/** What is about groups, not about users. */
const traces = async (realm: TestRealm): Promise<readonly string[]> =>
  (await realm.keys()).filter(key => !/^(?:user|device|realm|revoked)\//.test(key))

describe('sweeping', () => {
  it('removes what the removed shared, without a notice for each', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    for (let i = 0; i < 120; i++) await bob.share(photos, `of bob ${i}`, `${i}`)
    await bob.share(photos, 'both', 'x')
    await alice.share(photos, 'both', 'x')
    const events = await listen(alice.session)
    await alice.act(photos, { kind: 'remove', user: bob.user })
    await realm.service.swept()
    await alice.share(photos, 'last', 'y')
    const heard = [await events.next('group', 'file'), await events.next('group', 'file')]
    expect(heard.map(({ change }) => change)).toEqual(['removed', 'shared'])
    await events.end()
    await alice.session.unshare(photos, 'last')
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(1)
    expect(await realm.keys(`entry/${photos}/`)).toHaveLength(1)
    expect(await realm.keys(`content/${photos}/`)).toHaveLength(1)
    expect(await realm.keys('sweep/')).toEqual([])
    expect(await alice.names(photos)).toEqual(['both'])
  })

  it('removes more shares of one name than a transaction takes', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    await alice.act(photos, { kind: 'policy', policy: 'open' })
    const bob = await realm.person('bob')
    await bob.request(photos)
    for (let i = 0; i < 110; i++) await (await realm.login('bob')).share(photos, 'a', 'x')
    await alice.share(photos, 'a', 'x')
    await bob.act(photos, { kind: 'leave', user: bob.user })
    await realm.service.swept()
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(1)
    expect((await alice.session.files(photos))[0]?.versions[0]?.sharers).toHaveLength(1)
  })

  it('leaves nothing of a group that dissolved', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice)
    await bob.request(photos)
    for (let i = 0; i < 150; i++) await alice.share(photos, `${i}`, `${i}`)
    await alice.session.unshare(photos, '0')
    await alice.act(photos, { kind: 'leave', user: alice.user })
    await realm.service.swept()
    expect(await traces(realm)).toEqual([])
    expect(await bob.session.groups()).toEqual([])
  })

  it('goes on after a restart where a tracker that was killed left it', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const [photos, music] = [await realm.group('photos', alice, bob), await realm.group('music', alice)]
    for (let i = 0; i < 150; i++) {
      await bob.share(photos, `${i}`, `${i}`)
      await alice.share(music, `${i}`, `${i}`)
    }
    await bob.act(photos, { kind: 'leave', user: bob.user })
    await alice.act(music, { kind: 'leave', user: alice.user })
    await realm.service.stop()
    expect((await realm.keys('sweep/')).length).toBeGreaterThan(0)
    const after = await realm.again()
    await after.service.swept()
    expect(await realm.keys('sweep/')).toEqual([])
    expect(await realm.keys('share/')).toEqual([])
    expect((await traces(realm)).every(key => key.includes(photos) || key === 'name/photos')).toBe(true)
  })

  it('is tried again when the state failed', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    await realm.service.stop()
    let broken = true
    const state: typeof realm.state = { ...realm.state, list: async (prefix, options) => {
      if (prefix === 'sweep/' && broken) throw new Error('the disk is gone')
      return await realm.state.list(prefix, options)
    } }
    const again = await realm.again({ state })
    const person = await again.login('alice', alice.device)
    const photos = await person.found('photos')
    await person.act(photos, { kind: 'leave', user: alice.user })
    await again.service.swept()
    expect(again.lines.join()).toContain('the disk is gone')
    broken = false
    await realm.clock.advance(3_600_000)
    await again.service.swept()
    expect(await traces(realm)).toEqual([])
  })
})
