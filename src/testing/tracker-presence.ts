/** What a Tracker must do about who is online, has what and wants what. */
import assert from 'node:assert/strict'
import type { Announced, ContentId, GroupId, Sighting } from '../contract/index.ts'
import { listen, onRig, refused } from './tracker-rig.ts'
import type { Person, TrackerRealm, TrackerRig } from './tracker-rig.ts'
import type { SuiteCase } from './suite.ts'

/** A group of alice and bob in which alice shares one file. */
const scene = async ({ person, group }: TrackerRig): Promise<{ readonly alice: Person, readonly bob: Person, readonly photos: GroupId, readonly source: Announced, readonly wanter: Announced }> => {
  const [alice, bob] = [await person('alice'), await person('bob')]
  const photos = await group('photos', alice, bob)
  await alice.share(photos, 'a', 'x')
  const content = (await alice.session.files(photos))[0]?.versions[0]?.content as ContentId
  return { alice, bob, photos, source: { group: photos, content, role: 'source' }, wanter: { group: photos, content, role: 'wanter' } }
}

const seen = (sightings: readonly Sighting[]): readonly (readonly string[])[] => sightings.map(({ user, role }) => [user, role])

export const trackerPresenceSuite: readonly SuiteCase<TrackerRealm>[] = [
  onRig('a wanter is told of the source with its addresses, and the source, at once, of the wanter', async rig => {
    const { alice, bob, source, wanter } = await scene(rig)
    const events = await listen(alice.session)
    const mine = await alice.announce([source], { addresses: ['/ip4/192.0.2.7/tcp/4001', '/ip6/2001:db8::1/udp/4001/quic-v1'] })
    assert.deepEqual([mine.resync, mine.sightings], [false, []])
    assert.ok(mine.heartbeatMs >= 1000 && mine.heartbeatMs <= 60_000)
    const its = await bob.announce([wanter], { addresses: ['/ip4/192.0.2.8/tcp/4002'] })
    assert.deepEqual(its.sightings, [{ ...source, peer: alice.device.peer, user: 'alice', addresses: ['/ip4/192.0.2.7/tcp/4001', '/ip6/2001:db8::1/udp/4001/quic-v1'] }])
    assert.deepEqual((await events.next('sighted')).sighting, { ...wanter, peer: bob.device.peer, user: 'bob', addresses: ['/ip4/192.0.2.8/tcp/4002'] })
    await events.end()
  }),
  onRig('wanters are told of each other, sources are not', async rig => {
    const { alice, bob, photos, source, wanter } = await scene(rig)
    const carol = await rig.person('carol')
    await carol.request(photos)
    await alice.decide('accept', photos, carol.user)
    await alice.announce([source])
    await bob.announce([wanter])
    assert.deepEqual(seen((await carol.announce([wanter])).sightings).toSorted(), [['alice', 'source'], ['bob', 'wanter']])
    assert.deepEqual(seen((await bob.announce([source])).sightings), [['carol', 'wanter']])
  }),
  onRig('more are told when they are sought, and those who withdrew are not', async rig => {
    const { alice, bob, source, wanter } = await scene(rig)
    await bob.announce([wanter])
    await alice.announce([source])
    assert.deepEqual(seen((await bob.announce([], { seek: [wanter] })).sightings), [['alice', 'source']])
    assert.deepEqual((await bob.announce([])).sightings, [])
    await alice.announce([], { removed: [source] })
    assert.deepEqual((await bob.announce([], { seek: [wanter] })).sightings, [])
  }),
  onRig('a sequence that does not follow is to be sent whole, and then goes on', async rig => {
    const { alice, bob, source, wanter } = await scene(rig)
    await alice.announce([source])
    assert.equal((await alice.announce([], { sequence: 2 })).resync, false)
    assert.equal((await alice.announce([], { sequence: 2 })).resync, false, 'the same again, because the answer was lost')
    assert.equal((await alice.announce([], { sequence: 7 })).resync, true)
    assert.deepEqual(seen((await bob.announce([wanter])).sightings), [['alice', 'source']])
    assert.equal((await alice.announce([], { sequence: 8, full: true })).resync, false)
    assert.deepEqual((await bob.announce([], { seek: [wanter] })).sightings, [], 'whole means that the rest is withdrawn')
    assert.equal((await alice.announce([source], { sequence: 9 })).resync, false)
    assert.deepEqual(seen((await bob.announce([], { seek: [wanter] })).sightings), [['alice', 'source']])
  }),
  onRig('only members announce and are told, and only of what the group has or had', async rig => {
    const { alice, bob, photos, source, wanter } = await scene(rig)
    const mallory = await rig.person('mallory')
    const unknown = 'a'.repeat(64) as ContentId
    await alice.announce([source, { ...source, content: unknown }])
    assert.deepEqual((await mallory.announce([wanter])).sightings, [])
    assert.deepEqual((await bob.announce([{ ...wanter, content: unknown }])).sightings, [])
    assert.deepEqual((await bob.announce([], { seek: [{ group: photos, content: unknown }] })).sightings, [])
    assert.deepEqual((await alice.announce([], { seek: [source] })).sightings, [])
    await alice.session.unshare(photos, 'a')
    assert.deepEqual(seen((await bob.announce([wanter])).sightings), [['alice', 'source']], 'a running download of what was withdrawn may go on')
    await alice.act(photos, { kind: 'remove', user: bob.user })
    assert.deepEqual((await bob.announce([], { seek: [wanter] })).sightings, [])
    assert.deepEqual((await alice.announce([], { seek: [source] })).sightings, [])
  }),
  onRig('an announcement that says what no device may say is refused', async rig => {
    const { alice, bob, source } = await scene(rig)
    const refusedWith = async (options: Parameters<Person['announce']>[1]): Promise<void> => { await refused('BAD_REQUEST', alice.announce([source], options)) }
    await refusedWith({ addresses: Array.from({ length: 33 }, (_, i) => `/ip4/192.0.2.1/tcp/${i}`) })
    await refusedWith({ addresses: ['not a multiaddr'] })
    await refusedWith({ addresses: [`/ip4/192.0.2.1/tcp/1/${'x'.repeat(300)}`] })
    await refusedWith({ addresses: [`/ip4/192.0.2.1/tcp/1/p2p/${bob.device.peer}`] })
    await refusedWith({ sequence: 0 })
    await refusedWith({ seek: Array.from({ length: 51 }, () => source) })
  }),
  onRig('at most 50 are told', async rig => {
    const { alice, photos, wanter } = await scene(rig)
    await alice.act(photos, { kind: 'policy', policy: 'open' })
    const user = await rig.person('many')
    await user.request(photos)
    const devices = await Promise.all(Array.from({ length: 60 }, async () => await rig.login('many')))
    for (const device of devices) assert.equal((await device.announce([wanter])).resync, false)
    const { sightings } = await alice.announce([wanter])
    assert.equal(sightings.length, 50)
    assert.equal(new Set(sightings.map(({ peer }) => peer)).size, 50)
  }, 60_000),
  onRig('who shares a group with me is listed while online, with groups and transports', async rig => {
    const { alice, bob, photos } = await scene(rig)
    const [carol, mallory] = [await rig.person('carol'), await rig.person('mallory')]
    await rig.group('music', alice, carol, bob)
    await mallory.request(photos)
    for (const person of [alice, bob, carol, mallory]) await person.announce([], { transports: ['tcp', 'quic'] })
    const peers = await alice.session.peers()
    assert.deepEqual(peers.map(({ user, peer, groups, transports }) => [user, peer, groups, transports]).sort(), [
      ['bob', bob.device.peer, ['music', 'photos'], ['tcp', 'quic']], ['carol', carol.device.peer, ['music'], ['tcp', 'quic']]
    ])
    for (const { since } of peers) assert.ok(Math.abs(since - Date.now()) < 60_000)
    assert.deepEqual(await mallory.session.peers(), [])
    await bob.session.logout()
    assert.deepEqual((await alice.session.peers()).map(({ user }) => user), ['carol'])
  }),
  onRig('a listing says which sharers are online, and since when the others are not', async rig => {
    const { alice, bob, photos, source } = await scene(rig)
    const sharer = async () => (await bob.session.files(photos))[0]?.versions[0]?.sharers[0]
    await alice.announce([source])
    assert.equal((await sharer())?.online, true)
    await alice.session.logout()
    const away = await sharer()
    assert.equal(away?.online, false)
    assert.ok(Math.abs(away.since - Date.now()) < 60_000)
  })
]
