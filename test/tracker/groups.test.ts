import { describe, expect, it } from 'vitest'
import { refused } from '../../src/testing/tracker-rig.ts'
import { testRealm } from './realm.ts'

describe('groups', () => {
  it('are the same after a restart', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    const before = [await bob.session.groups(), await bob.session.log(photos, 0)]
    await realm.service.stop()
    const after = await (await realm.again()).login('bob', bob.device)
    expect([await after.session.groups(), await after.session.log(photos, 0)]).toEqual(before)
    expect(await after.session.files(photos)).toEqual([])
  })

  it('have logs longer than a page', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    for (let i = 0; i < 1_010; i++) await alice.act(photos, { kind: 'policy', policy: i % 2 === 0 ? 'open' : 'owner' })
    const page = await alice.session.log(photos, 0)
    expect(page).toHaveLength(1_000)
    expect(await alice.session.log(photos, 1_000)).toHaveLength(11)
    const again = await (await realm.again()).login('alice', alice.device)
    expect((await again.session.groups())[0]?.head.seq).toBe(1_010)
    expect(await again.act(photos, { kind: 'policy', policy: 'open' })).toBe('appended')
  })

  it('have one end on several trackers: of racing entries one is appended at each place', async () => {
    const realm = await testRealm()
    const trackers = [realm, await realm.again(), await realm.again()]
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const applicants = await Promise.all(Array.from({ length: 9 }, async (_, i) => {
      await realm.tracker.register(`user-${i}`, 'correct horse')
      return await trackers[i % 3]?.login(`user-${i}`) ?? expect.unreachable()
    }))
    const join = async (person: typeof alice): Promise<number> => {
      for (let tries = 1; ; tries++) if (await person.act(photos, { kind: 'request', user: person.user, vouch: person.session.vouch }) === 'appended') return tries
    }
    const tries = await Promise.all(applicants.map(join))
    expect(tries.reduce((sum, count) => sum + count)).toBeGreaterThan(9) // they did get in each other's way
    for (const tracker of trackers) {
      const session = (await tracker.login('alice', alice.device)).session
      const seqs = (await session.log(photos, 0)).map(bytes => realm.realm.open(bytes).entry.seq)
      expect(seqs).toEqual(Array.from({ length: 10 }, (_, i) => i))
    }
  })

  it('are written by one tracker and obeyed by another at once', async () => {
    const realm = await testRealm()
    const other = await realm.again()
    const alice = await realm.person('alice')
    await realm.tracker.register('bob', 'correct horse')
    const bob = await other.login('bob')
    const photos = await realm.group('photos', alice)
    for (let round = 0; round < 10; round++) {
      await bob.request(photos)
      await alice.decide('accept', photos, bob.user)
      expect(await bob.session.files(photos)).toEqual([])
      await alice.act(photos, { kind: 'remove', user: bob.user })
      await refused('NOT_FOUND', bob.session.files(photos))
    }
  })

  it('are made once even when the answer was lost and the genesis came again', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await alice.found('photos')
    const [genesis] = await alice.session.log(photos, 0)
    expect(await alice.session.createGroup(genesis ?? new Uint8Array())).toBe(photos)
    expect(await alice.session.groups()).toHaveLength(1)
  })

  it('are limited in number for a user, who may be let in to no more either', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await bob.found('photos')
    for (let page = 0; page < 10; page++) {
      await realm.state.txn([], Array.from({ length: 100 }, (_, i) => ({ put: `member/alice/${page * 100 + i}`, value: new Uint8Array([1]) })))
    }
    await refused('LIMIT_REACHED', alice.found('music'))
    const { head: { seq, hash } } = (await bob.session.groups())[0] ?? expect.unreachable()
    const action = { kind: 'request', user: alice.user, vouch: alice.session.vouch } as const
    const request = await realm.realm.seal({ format: 1, group: photos, seq: seq + 1, prev: hash, at: 0, actor: alice.device.peer, action }, alice.device)
    await refused('LIMIT_REACHED', alice.session.append(photos, request))
  })

  it('do not take decisions of the owner from another user who logged in on the owner\'s device', async () => {
    const realm = await testRealm()
    const [alice, bob, carol] = [await realm.person('alice'), await realm.person('bob'), await realm.person('carol')]
    const photos = await realm.group('photos', alice, bob, carol)
    const borrowed = await realm.login('bob', alice.device)
    await refused('NOT_OWNER', borrowed.act(photos, { kind: 'remove', user: carol.user }))
    await refused('BAD_REQUEST', borrowed.act(photos, { kind: 'leave', user: alice.user, successor: bob.user }))
    await realm.person('dave')
    const stranger = await realm.login('dave', alice.device)
    const { head: { seq, hash } } = (await alice.session.groups())[0] ?? expect.unreachable()
    const entry = await realm.realm.seal({ format: 1, group: photos, seq: seq + 1, prev: hash, at: 0, actor: alice.device.peer, action: { kind: 'remove', user: carol.user } }, alice.device)
    await refused('NOT_FOUND', stranger.session.append(photos, entry))
  })
})
