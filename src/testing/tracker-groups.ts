/** What a Tracker must do about groups: who is in, who may what, and in which order. */
import assert from 'node:assert/strict'
import type { GroupId, GroupName, PeerId, UserName } from '../contract/index.ts'
import { noHash, onRig, refused } from './tracker-rig.ts'
import type { Person, TrackerRealm } from './tracker-rig.ts'
import type { SuiteCase } from './suite.ts'

const absent = 'f'.repeat(64) as GroupId

const stateOf = async (person: Person, name: string): Promise<string | undefined> => (await person.session.groups({ name }))[0]?.state

export const trackerGroupSuite: readonly SuiteCase<TrackerRealm>[] = [
  onRig('a group is listed for everyone, with its owner, its end and what I am in it', async ({ person, group, realm }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice)
    await group('music', bob)
    const [genesis] = await alice.session.log(photos, 0)
    assert.ok(genesis)
    assert.equal(realm.open(genesis).hash, photos)
    const listed = await alice.session.groups()
    assert.deepEqual(listed.map(({ name, owner, state }) => [name, owner, state]).sort(), [['music', 'bob', 'none'], ['photos', 'alice', 'owner']])
    assert.deepEqual(await bob.session.groups({ name: 'photos' }), [{ id: photos, name: 'photos', owner: 'alice', state: 'none', policy: 'owner', head: { seq: 0, hash: photos } }])
    assert.deepEqual(await bob.session.groups({ name: 'Photos' }), [])
    assert.deepEqual(await bob.session.groups({ name: 'no such name' }), [])
  }),
  onRig('a group name is taken until the group dissolves', async ({ person }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const first = await alice.found('photos')
    await refused('GROUP_EXISTS', bob.found('photos'))
    await alice.act(first, { kind: 'leave', user: alice.user })
    assert.deepEqual(await alice.session.groups(), [])
    assert.notEqual(await bob.found('photos'), first)
  }),
  onRig('a genesis must be signed by the device that is logged in, in the name of its user', async ({ realm, person }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const genesis = (actor: PeerId, user: UserName, vouch: Uint8Array) =>
      ({ format: 1, group: undefined, seq: 0, prev: noHash, at: 0, actor, action: { kind: 'genesis', name: 'photos' as GroupName, user, vouch } } as const)
    await refused('BAD_REQUEST', alice.session.createGroup(await realm.seal(genesis(bob.device.peer, bob.user, bob.session.vouch), bob.device)))
    await refused('BAD_REQUEST', alice.session.createGroup(await realm.seal(genesis(alice.device.peer, bob.user, bob.session.vouch), alice.device)))
    await refused('BAD_REQUEST', alice.session.createGroup(await realm.seal(genesis(alice.device.peer, alice.user, bob.session.vouch), alice.device)))
    await refused('BAD_REQUEST', alice.session.createGroup(await realm.seal(genesis(alice.device.peer, alice.user, alice.session.vouch), bob.device)))
    await refused('BAD_REQUEST', alice.session.createGroup(new Uint8Array(100)))
    assert.deepEqual(await alice.session.groups(), [])
  }),
  onRig('an applicant is requested, then a member; a rejected one is neither', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice)
    await bob.request(photos)
    await carol.request(photos)
    assert.equal(await stateOf(bob, 'photos'), 'requested')
    assert.equal((await bob.session.log(photos, 0)).length, 3)
    await refused('NOT_FOUND', bob.session.files(photos))
    await alice.decide('accept', photos, bob.user)
    await alice.decide('reject', photos, carol.user)
    assert.deepEqual([await stateOf(bob, 'photos'), await stateOf(carol, 'photos'), await stateOf(alice, 'photos')], ['member', 'none', 'owner'])
    assert.deepEqual(await bob.session.files(photos), [])
    await refused('NOT_FOUND', carol.session.log(photos, 0))
    await carol.request(photos)
  }),
  onRig('who is not in a group is answered as if there were none', async ({ realm, person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice, bob)
    await bob.share(photos, 'a', 'a')
    const entry = async (id: GroupId): Promise<Uint8Array> =>
      await realm.seal({ format: 1, group: id, seq: 3, prev: absent, at: 0, actor: carol.device.peer, action: { kind: 'remove', user: bob.user } }, carol.device)
    const asks: readonly ((id: GroupId) => Promise<unknown>)[] = [
      id => carol.session.files(id), id => carol.session.files(id, { name: 'a' }), id => carol.session.log(id, 0), id => carol.session.credential(id),
      id => carol.share(id, 'a', 'a'), id => carol.share(id, 'b', 'b'), id => carol.session.unshare(id, 'a'), async id => await carol.session.append(id, await entry(id))
    ]
    for (const ask of asks) assert.equal(await refused('NOT_FOUND', ask(photos)), await refused('NOT_FOUND', ask(absent)))
  }),
  onRig('only the owner decides', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice, bob)
    await carol.request(photos)
    const request = (await bob.session.groups({ name: 'photos' }))[0]?.head.hash ?? ''
    await refused('NOT_OWNER', bob.act(photos, { kind: 'accept', user: carol.user, request }))
    await refused('NOT_OWNER', bob.act(photos, { kind: 'reject', user: carol.user, request }))
    await refused('NOT_OWNER', bob.act(photos, { kind: 'remove', user: alice.user }))
    await refused('NOT_OWNER', bob.act(photos, { kind: 'policy', policy: 'open' }))
    await refused('NOT_FOUND', carol.act(photos, { kind: 'accept', user: carol.user, request }))
  }),
  onRig('what does not fit the group is refused with its own code', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice, bob)
    await refused('ALREADY_MEMBER', bob.request(photos))
    await carol.request(photos)
    await refused('ALREADY_REQUESTED', carol.request(photos))
    await refused('NO_REQUEST', alice.act(photos, { kind: 'accept', user: carol.user, request: noHash }))
    await refused('ALREADY_MEMBER', alice.act(photos, { kind: 'accept', user: bob.user, request: noHash }))
    await refused('NO_MEMBER', alice.act(photos, { kind: 'remove', user: carol.user }))
    await refused('OWNER_CANNOT', alice.act(photos, { kind: 'remove', user: alice.user }))
    await refused('BAD_REQUEST', alice.act(photos, { kind: 'leave', user: alice.user }))
    await refused('BAD_REQUEST', alice.act(photos, { kind: 'leave', user: bob.user }))
    await refused('BAD_REQUEST', bob.act(photos, { kind: 'device', user: alice.user, vouch: alice.session.vouch }))
  }),
  onRig('an entry that another device signed is refused', async ({ realm, person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    const entry = await bob.entry(photos, { kind: 'leave', user: bob.user })
    await refused('BAD_REQUEST', alice.session.append(photos, entry))
    const forged = await realm.seal({ ...realm.open(entry).entry }, alice.device)
    await refused('BAD_REQUEST', bob.session.append(photos, forged))
    const flipped = entry.slice()
    flipped[5] = (flipped[5] ?? 0) ^ 1
    await refused('BAD_REQUEST', bob.session.append(photos, flipped))
    await refused('BAD_REQUEST', bob.session.append(photos, new Uint8Array(0)))
    assert.equal(await stateOf(bob, 'photos'), 'member')
  }),
  onRig('a log is read from any entry on', async ({ realm, person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    const all = await alice.session.log(photos, 0)
    assert.deepEqual(all.map(bytes => realm.open(bytes).entry.seq), [0, 1, 2])
    assert.deepEqual(await bob.session.log(photos, 2), all.slice(2))
    assert.deepEqual(await bob.session.log(photos, 3), [])
  }),
  onRig('of two entries for the same place one is appended, and appending it again changes nothing', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice)
    const entries = [await bob.entry(photos, { kind: 'request', user: bob.user, vouch: bob.session.vouch }), await carol.entry(photos, { kind: 'request', user: carol.user, vouch: carol.session.vouch })] as const
    const results = await Promise.all([bob.session.append(photos, entries[0]), carol.session.append(photos, entries[1])])
    assert.deepEqual([...results].sort(), ['appended', 'moved'])
    const [first, entry] = results[0] === 'appended' ? [bob, entries[0]] : [carol, entries[1]]
    assert.equal(await first.session.append(photos, entry), 'appended')
    assert.equal((await alice.session.log(photos, 0)).length, 2)
  }),
  onRig('an owner who leaves names the longest-standing member', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice, bob, carol)
    await refused('BAD_REQUEST', alice.act(photos, { kind: 'leave', user: alice.user, successor: carol.user }))
    assert.equal(await alice.act(photos, { kind: 'leave', user: alice.user, successor: bob.user }), 'appended')
    assert.deepEqual([await stateOf(alice, 'photos'), await stateOf(bob, 'photos'), await stateOf(carol, 'photos')], ['none', 'owner', 'member'])
    await refused('NOT_FOUND', alice.session.files(photos))
    assert.equal(await bob.act(photos, { kind: 'remove', user: carol.user }), 'appended')
    await refused('NOT_FOUND', carol.session.files(photos))
    await refused('NOT_FOUND', carol.session.credential(photos))
  }),
  onRig('an open group is listed as one and lets in whoever asks, also who asked before, without its owner', async ({ realm, person, group }) => {
    const [alice, bob, carol, dave] = [await person('alice'), await person('bob'), await person('carol'), await person('dave')]
    const photos = await group('photos', alice)
    const listed = async (): Promise<unknown> => (await dave.session.groups({ name: 'photos' }))[0]?.policy
    await carol.request(photos)
    assert.equal(await listed(), 'owner')
    await alice.act(photos, { kind: 'policy', policy: 'open' })
    assert.equal(await listed(), 'open')
    await alice.session.logout()
    for (const each of [bob, carol]) {
      await each.request(photos)
      assert.equal(await stateOf(each, 'photos'), 'member')
      assert.deepEqual(await each.session.files(photos), [])
      assert.equal((await realm.openCredential(await each.session.credential(photos))).user, each.user)
    }
    assert.equal(await listed(), 'open')
  }),
  onRig('a group that is open no more asks its owner again, and keeps who came meanwhile', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice)
    await alice.act(photos, { kind: 'policy', policy: 'open' })
    await bob.request(photos)
    await alice.act(photos, { kind: 'policy', policy: 'owner' })
    await carol.request(photos)
    assert.deepEqual([await stateOf(bob, 'photos'), await stateOf(carol, 'photos')], ['member', 'requested'])
    assert.equal((await carol.session.groups({ name: 'photos' }))[0]?.policy, 'owner')
  }),
  onRig('a credential names the group, user, device and role, for devices in the group alone', async ({ realm, person, group, login }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    const before = Date.now()
    const { notAfter, ...its } = await realm.openCredential(await bob.session.credential(photos))
    const { pin } = await bob.tracker.realm()
    assert.deepEqual(its, { format: 1, realm: pin, group: photos, user: 'bob', device: bob.device.peer, role: 'member', seq: 2 })
    assert.ok(notAfter > before && notAfter < before + 7 * 24 * 3_600_000)
    assert.equal((await realm.openCredential(await alice.session.credential(photos))).role, 'owner')
    const second = await login('bob')
    await refused('NOT_FOUND', second.session.credential(photos))
    await second.act(photos, { kind: 'device', user: bob.user, vouch: second.session.vouch })
    assert.equal((await realm.openCredential(await second.session.credential(photos))).device, second.device.peer)
  }),
  onRig('what one was told ok for holds for the other\'s next command, 100 times in turn', async ({ person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice)
    await alice.share(photos, 'a', 'a')
    for (let i = 0; i < 50; i++) {
      await bob.request(photos)
      await alice.decide('accept', photos, bob.user)
      assert.deepEqual(await bob.names(photos), ['a'], `round ${i}`)
      await alice.act(photos, { kind: 'remove', user: bob.user })
      await refused('NOT_FOUND', bob.session.files(photos))
    }
  }, 60_000)
]
