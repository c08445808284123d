import { beforeEach, describe, expect, it } from 'vitest'
import type { ContentId, GroupId, PeerId, UserName } from '../../src/contract/index.ts'
import { presence } from '../../src/tracker/presence.ts'
import type { Login, Presence } from '../../src/tracker/presence.ts'
import { listen, refused } from '../../src/testing/tracker-rig.ts'
import type { Person } from '../../src/testing/tracker-rig.ts'
import { testRealm } from './realm.ts'
import { virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'

describe('a device', () => {
  let clock: VirtualClock
  let here: Presence
  let events: string[]
  const login = (user: string, device: string, sessionId: string): Login => ({ user: user as UserName, device: device as PeerId, sessionId })
  const phone = login('alice', 'phone', '1')
  const item = { group: 'g' as GroupId, content: 'c' as ContentId, role: 'source' } as const

  beforeEach(() => {
    clock = virtualClock(0)
    events = []
    here = presence(clock, {
      online: ({ user, peer }, quiet) => { events.push(`${user}'s ${peer} ${quiet ? 'is still there' : 'came'} at ${clock.now()}`) },
      offline: ({ user, peer }) => { events.push(`${user}'s ${peer} went at ${clock.now()}`) }
    })
  })

  it('is gone when it announced nothing for 15 seconds', async () => {
    const device = here.enter(phone, false)
    here.announce(device, item)
    for (let beats = 0; beats < 10; beats++) {
      await clock.advance(5_000)
      here.heard(device)
    }
    await clock.advance(14_999)
    expect(here.announcers(item.group, item.content)).toHaveLength(1)
    await clock.advance(1)
    expect(events).toEqual(['alice\'s phone came at 0', 'alice\'s phone went at 65000'])
    expect([here.announcers(item.group, item.content), here.users().size, clock.timers]).toEqual([[], 0, 0])
  })

  it('costs one timer, however often it announces', () => {
    const device = here.enter(phone, false)
    for (let beats = 0; beats < 1000; beats++) here.heard(device)
    expect(clock.timers).toBe(1)
  })

  it('is gone two seconds after its last watch ended', async () => {
    const [first, second] = [here.watched(phone, false), here.watched(phone, false)]
    first()
    await clock.advance(3_000)
    second()
    await clock.advance(1_999)
    expect(events).toHaveLength(1)
    await clock.advance(1)
    expect(events).toEqual(['alice\'s phone came at 0', 'alice\'s phone went at 5000'])
  })

  it('was never away when it watches again in time', async () => {
    here.watched(phone, false)()
    await clock.advance(1_500)
    const over = here.watched(phone, false)
    await clock.advance(5_000)
    over()
    await clock.advance(1_000)
    here.watched(phone, false)()
    await clock.advance(1_500)
    here.watched(phone, false)
    await clock.advance(1_000)
    expect(events).toEqual(['alice\'s phone came at 0'])
  })

  it('that was silent, came back and then lost its watch is gone as fast as others', async () => {
    const over = here.watched(phone, false)
    await clock.advance(15_000)
    here.enter(phone, false)
    await clock.advance(1_000)
    over()
    await clock.advance(2_000)
    expect(events.at(-1)).toBe('alice\'s phone went at 18000')
  })

  it('in a new login of the same user takes its own place, without what it announced', async () => {
    const old = here.enter(phone, false)
    here.announce(old, item)
    const over = here.watched(phone, false)
    const again = here.enter(login('alice', 'phone', '2'), false)
    here.announce(old, item)
    here.heard(old)
    over()
    await clock.advance(2_000)
    expect(here.announcers(item.group, item.content)).toEqual([])
    expect(here.device('phone' as PeerId)).toBe(again)
    expect(here.of(phone)).toBeUndefined()
    expect(events).toEqual(['alice\'s phone came at 0'])
  })

  it('of which another user logged in is the other\'s', () => {
    here.enter(phone, false)
    here.enter(login('bob', 'phone', '2'), false)
    expect(events).toEqual(['alice\'s phone came at 0', 'alice\'s phone went at 0', 'bob\'s phone came at 0'])
    expect([...here.users().keys()]).toEqual(['bob'])
  })

  it('leaves at logout, and that login does not come back', () => {
    here.enter(phone, true)
    here.leave(login('alice', 'phone', 'of another time'))
    expect(here.users().size).toBe(1)
    here.leave(phone)
    expect(events).toEqual(['alice\'s phone is still there at 0', 'alice\'s phone went at 0'])
    expect(here.hasLeft(phone)).toBe(true)
  })

  it('withdraws from one group and stays in others', () => {
    const device = here.enter(phone, false)
    here.announce(device, item)
    here.announce(device, { ...item, group: 'h' as GroupId })
    here.withdrawGroup('alice' as UserName, item.group)
    expect([...device.announced.values()].map(({ group }) => group)).toEqual(['h'])
  })
})

describe('presence', () => {
  const scene = async (options: Parameters<typeof testRealm>[0] = {}) => {
    const realm = await testRealm(options)
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    await alice.share(photos, 'a', 'x')
    const sharer = async () => (await bob.session.files(photos))[0]?.versions[0]?.sharers[0]
    const content = (await bob.session.files(photos))[0]?.versions[0]?.content ?? expect.unreachable()
    return { realm, alice, bob, photos, sharer, source: { group: photos, content, role: 'source' } as const, wanter: { group: photos, content, role: 'wanter' } as const }
  }

  it('of a killed device ends, is told, and is remembered by a tracker that is started later', async () => {
    const { realm, alice, bob, sharer, source } = await scene()
    expect(await sharer()).toMatchObject({ online: false, since: 0 })
    const events = await listen(bob.session)
    const watch = await listen(alice.session)
    await alice.announce([source])
    expect((await events.next('peer')).change).toBe('online')
    await watch.end()
    await realm.clock.advance(2_000)
    expect((await events.next('peer')).change).toBe('offline')
    await events.end()
    const since = realm.clock.now()
    expect(await sharer()).toEqual({ user: 'alice', peer: alice.device.peer, online: false, since })
    await realm.clock.advance(60_000)
    expect((await sharer())?.since).toBe(since)
    await realm.service.stop()
    const after = await (await realm.again()).login('bob', bob.device)
    const group = (await after.session.groups())[0]?.id ?? expect.unreachable()
    expect((await after.session.files(group))[0]?.versions[0]?.sharers[0]?.since).toBe(since)
  })

  it('is written down for all when the tracker stops', async () => {
    const { realm, alice, bob, photos } = await scene()
    await alice.announce([])
    await realm.clock.advance(3_000)
    await realm.service.stop()
    const after = await (await realm.again()).login('bob', bob.device)
    expect((await after.session.files(photos))[0]?.versions[0]?.sharers[0]).toMatchObject({ online: false, since: realm.clock.now() })
  })

  it('needs no timer once the tracker stopped', async () => {
    const { realm, alice, bob, source } = await scene()
    const events = await listen(bob.session)
    await alice.announce([source])
    await alice.session.logout()
    expect(realm.clock.timers).toBeGreaterThan(0)
    await realm.service.stop()
    await events.end().catch(() => undefined)
    await bob.announce([])
    expect(realm.clock.timers).toBe(0)
  })

  it('costs the state nothing per heartbeat', async () => {
    const { realm, alice, source } = await scene()
    await alice.announce([source])
    await realm.clock.advance(5_000)
    const before = await realm.state.revision()
    for (let beats = 0; beats < 20; beats++) {
      await alice.announce([])
      await realm.clock.advance(5_000)
    }
    expect(await realm.state.revision()).toBe(before)
    expect((await alice.announce([])).resync).toBe(false)
  })

  it('is asked for anew by a tracker that was started again, and its return is no news', async () => {
    const { realm, alice, bob, source, wanter } = await scene()
    await alice.announce([source])
    await realm.service.stop()
    const after = await realm.again()
    const [source2, wanter2] = [await after.login('alice', alice.device), await after.login('bob', bob.device)]
    const events = await listen(wanter2.session)
    expect((await source2.announce([], { sequence: 2 })).resync).toBe(true)
    expect((await source2.announce([source], { sequence: 3, full: true })).resync).toBe(false)
    const { sightings } = await wanter2.announce([wanter], { sequence: 5, full: true })
    expect(sightings.map(({ user }) => user)).toEqual(['alice'])
    await source2.session.logout()
    expect((await events.next('peer')).change).toBe('offline')
    await events.end()
  })

  it('of a device that moved is told again to those who want the same', async () => {
    const { alice, bob, source, wanter } = await scene()
    const events = await listen(bob.session)
    await bob.announce([wanter])
    await alice.announce([source])
    await events.next('sighted')
    await alice.announce([], { addresses: ['/ip4/192.0.2.99/tcp/9'] })
    expect((await events.next('sighted')).sighting.addresses).toEqual(['/ip4/192.0.2.99/tcp/9'])
    await events.end()
  })

  it('of the removed is not told, nor are they told, from the removal on', async () => {
    const { realm, alice, bob, photos, source, wanter } = await scene()
    await bob.announce([wanter])
    const events = await listen(bob.session)
    await alice.act(photos, { kind: 'remove', user: bob.user })
    expect((await alice.announce([source])).sightings).toEqual([])
    await alice.share(photos, 'b', 'y')
    await bob.request(photos)
    await alice.decide('reject', photos, bob.user)
    const heard = [(await events.next('group', 'sighted')), (await events.next('group', 'sighted'))]
    expect(heard.map(event => event.type === 'group' ? event.change : 'sighted')).toEqual(['removed', 'rejected'])
    await events.end()
    // and what they announced is gone when they come back
    await bob.request(photos)
    await alice.decide('accept', photos, bob.user)
    expect((await alice.announce([], { seek: [source] })).sightings).toEqual([])
    expect(realm.lines).toEqual([])
  })

  it('of a content is told once it is in the catalog, though it was announced before', async () => {
    const { alice, bob, photos, source, wanter } = await scene()
    await alice.share(photos, 'b', 'y')
    const content = (await alice.session.files(photos, { name: 'b' }))[0]?.versions[0]?.content ?? expect.unreachable()
    const realm = await testRealm()
    const [carol, dave] = [await realm.person('carol'), await realm.person('dave')]
    const music = await realm.group('music', carol, dave)
    await carol.announce([{ group: music, content, role: 'source' }])
    expect((await dave.announce([{ group: music, content, role: 'wanter' }])).sightings).toEqual([])
    await carol.share(music, 'b', 'y')
    expect((await dave.announce([], { seek: [{ group: music, content }] })).sightings.map(({ user }) => user)).toEqual(['carol'])
    // what another group has is not known here
    await alice.announce([source])
    expect((await bob.announce([{ ...wanter, group: photos, content: source.content }])).sightings).toHaveLength(1)
  })

  it('is limited to 100,000 contents a device', async () => {
    const { alice, source } = await scene()
    const added = Array.from({ length: 100_001 }, () => source)
    await refused('LIMIT_REACHED', alice.announce(added))
  })

  it('chooses at random whom to tell of', async () => {
    let seed = 1
    const { realm, alice, wanter } = await scene({ random: () => { seed = seed * 48_271 % 2_147_483_647; return seed / 2_147_483_647 } })
    const devices: Person[] = []
    for (let i = 0; i < 60; i++) devices.push(await realm.login('bob'))
    for (const device of devices) await device.announce([wanter])
    await alice.announce([wanter])
    const counts = new Map<string, number>()
    const rounds = 200
    for (let round = 0; round < rounds; round++) for (const { peer } of (await alice.announce([], { seek: [wanter] })).sightings) counts.set(peer, (counts.get(peer) ?? 0) + 1)
    expect(counts.size).toBe(60)
    // each is told of in 5 of 6 rounds: 167 times, with a deviation of 5.3
    for (const count of counts.values()) expect(Math.abs(count - rounds * 50 / 60)).toBeLessThan(32)
  })
})
