/** What a Tracker must tell those who watch: who hears what, and that nothing is missed by whoever comes back. */
import assert from 'node:assert/strict'
import type { TrackerEvent } from '../contract/index.ts'
import { listen, onRig, refused } from './tracker-rig.ts'
import type { Listener, TrackerRealm } from './tracker-rig.ts'
import type { SuiteCase } from './suite.ts'

const group = async (listener: Listener): Promise<readonly (string | number)[]> => {
  const { change, user, name } = await listener.next('group')
  return [change, user, name]
}

const file = async (listener: Listener): Promise<readonly string[]> => {
  const { change, user, name, groupName } = await listener.next('file')
  return [change, user, name, groupName]
}

/** What comes before something that is known to come. */
const until = async (listener: Listener, last: (event: TrackerEvent) => boolean): Promise<readonly string[]> => {
  const heard: string[] = []
  for (;;) {
    const event = await listener.next('group', 'file')
    heard.push(`${event.change} ${event.type === 'group' ? event.user : event.name}`)
    if (last(event)) return heard
  }
}

export const trackerEventSuite: readonly SuiteCase<TrackerRealm>[] = [
  onRig('a request is told to the owner alone, its answer to the applicant and the owner', async ({ person, group: makeGroup }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await makeGroup('photos', alice, bob)
    const [owner, member, applicant] = [await listen(alice.session), await listen(bob.session), await listen(carol.session)]
    await carol.request(photos)
    assert.deepEqual(await group(owner), ['requested', 'carol', 'photos'])
    await alice.decide('reject', photos, carol.user)
    assert.deepEqual([await group(owner), await group(applicant)], [['rejected', 'carol', 'photos'], ['rejected', 'carol', 'photos']])
    await carol.request(photos)
    await alice.decide('accept', photos, carol.user)
    assert.deepEqual([await group(owner), await group(owner)], [['requested', 'carol', 'photos'], ['accepted', 'carol', 'photos']])
    assert.deepEqual(await group(applicant), ['accepted', 'carol', 'photos'])
    await alice.share(photos, 'end', 'x')
    assert.deepEqual(await until(member, event => event.type === 'file'), ['shared end'])
    for (const listener of [owner, member, applicant]) await listener.end()
  }),
  onRig('who goes is told to all members and to who went, and a new owner with it', async ({ person, group: makeGroup }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await makeGroup('photos', alice, bob, carol)
    const all = [await listen(alice.session), await listen(bob.session), await listen(carol.session)] as const
    await alice.act(photos, { kind: 'remove', user: carol.user })
    for (const listener of all) assert.deepEqual(await group(listener), ['removed', 'carol', 'photos'])
    await alice.act(photos, { kind: 'leave', user: alice.user, successor: bob.user })
    for (const listener of [all[0], all[1]]) assert.deepEqual(await group(listener), ['left', 'alice', 'photos'])
    assert.deepEqual(await group(all[1]), ['owner', 'bob', 'photos'])
    await bob.act(photos, { kind: 'leave', user: bob.user })
    assert.deepEqual(await group(all[1]), ['dissolved', 'bob', 'photos'])
    for (const listener of all) await listener.end()
  }),
  onRig('files are told to members, and to nobody else', async ({ person, group: makeGroup }) => {
    const [alice, bob, mallory] = [await person('alice'), await person('bob'), await person('mallory')]
    const photos = await makeGroup('photos', alice, bob)
    await mallory.request(photos)
    const [member, stranger] = [await listen(bob.session), await listen(mallory.session)]
    await alice.share(photos, 'a', 'one')
    await alice.share(photos, 'a', 'two', { replace: true })
    await alice.session.unshare(photos, 'a')
    assert.deepEqual([await file(member), await file(member), await file(member)], [['shared', 'alice', 'a', 'photos'], ['replaced', 'alice', 'a', 'photos'], ['withdrawn', 'alice', 'a', 'photos']])
    await alice.decide('reject', photos, mallory.user)
    assert.deepEqual(await until(stranger, event => event.type === 'group'), ['rejected mallory'])
    await member.end()
    await stranger.end()
  }),
  onRig('a watch that is resumed misses nothing and repeats nothing', async ({ person, group: makeGroup, login }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await makeGroup('photos', alice, bob)
    let listener = await listen(bob.session)
    let cursor = listener.first?.type === 'reset' ? listener.first.cursor : ''
    const heard: string[] = []
    for (let i = 0; i < 12; i++) {
      // some while watching, some while away
      await alice.share(photos, `${i}`, `${i}`)
      if (i % 3 === 0) {
        await listener.end()
        const again = i % 2 === 0 ? bob : await login('bob')
        listener = await listen(again.session, cursor)
      }
      if (i % 3 === 2) continue
      while (heard.length <= i) {
        const event = await listener.next('file', 'reset')
        assert.ok(event.type === 'file', 'it could be resumed')
        heard.push(event.name)
        cursor = event.cursor
      }
    }
    await listener.end()
    assert.deepEqual(heard, Array.from({ length: 11 }, (_, i) => `${i}`))
  }),
  onRig('a watch with a cursor that cannot be resumed begins with reset', async ({ person, group: makeGroup }) => {
    const alice = await person('alice')
    for (const cursor of ['999999999', 'nonsense', '-1']) {
      const listener = await listen(alice.session, cursor)
      assert.equal((await listener.next('reset', 'group')).type, 'reset')
      await listener.end()
    }
    const listener = await listen(alice.session, 'nonsense')
    const { cursor } = await listener.next('reset')
    const photos = await makeGroup('photos', alice)
    await alice.share(photos, 'a', 'x')
    assert.equal((await listener.next('file')).name, 'a')
    await listener.end()
    const resumed = await listen(alice.session, cursor)
    assert.equal((await resumed.next('file')).name, 'a')
    await resumed.end()
  }),
  onRig('who comes and goes is told to those who share a group', async ({ person, group: makeGroup }) => {
    const [alice, bob, mallory] = [await person('alice'), await person('bob'), await person('mallory')]
    const photos = await makeGroup('photos', alice, bob)
    const [member, stranger] = [await listen(alice.session), await listen(mallory.session)]
    await bob.announce([])
    const online = await member.next('peer')
    assert.deepEqual([online.user, online.peer, online.change], ['bob', bob.device.peer, 'online'])
    await bob.session.logout()
    assert.deepEqual((await member.next('peer')).change, 'offline')
    await mallory.request(photos)
    await alice.decide('reject', photos, mallory.user)
    assert.equal((await stranger.next('peer', 'group')).type, 'group')
    await member.end()
    await stranger.end()
  }),
  onRig('a watch ends without an error when aborted, and with one when the session ends', async ({ person }) => {
    const alice = await person('alice')
    const stop = new AbortController()
    const stream = alice.session.watch(undefined, stop.signal)[Symbol.asyncIterator]()
    await stream.next()
    const next = stream.next()
    stop.abort()
    assert.equal((await next).done, true)
    const other = alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    await other.next()
    const last = other.next()
    await Promise.all([refused('SESSION_EXPIRED', last), alice.session.logout()])
  })
]
