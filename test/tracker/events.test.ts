import { describe, expect, it } from 'vitest'
import { memoryState } from '../../plugins/state-memory/index.ts'
import type { TrackerEvent } from '../../src/contract/index.ts'
import { listen, refused } from '../../src/testing/tracker-rig.ts'
import { testRealm } from './realm.ts'
import { settled } from './virtual-clock.ts'

const take = async (stream: AsyncIterator<TrackerEvent>, count: number): Promise<readonly TrackerEvent[]> => {
  const events: TrackerEvent[] = []
  while (events.length < count) {
    const next = await stream.next()
    if (next.done === true) break
    events.push(next.value)
  }
  return events
}

describe('a watch', () => {
  it('is resumed on another tracker, and after a restart, without a gap', async () => {
    const realm = await testRealm()
    const other = await realm.again()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    const there = await other.login('bob', bob.device)
    const first = await listen(bob.session)
    await alice.share(photos, 'one', '1')
    const one = await first.next('file')
    await first.end()
    await alice.share(photos, 'two', '2')
    const second = await listen(there.session, one.cursor)
    const two = await second.next('file', 'reset')
    expect(two).toMatchObject({ type: 'file', name: 'two' })
    await alice.share(photos, 'three', '3')
    expect(await second.next('file', 'reset')).toMatchObject({ type: 'file', name: 'three' })
    await second.end()
    await other.service.stop()
    await realm.service.stop()
    const after = await (await realm.again()).login('bob', bob.device)
    const third = await listen(after.session, two.cursor)
    expect(await third.next('file', 'reset')).toMatchObject({ type: 'file', name: 'three' })
    await third.end()
  })

  it('is resumed between two events of one change', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    const first = await listen(bob.session)
    await alice.act(photos, { kind: 'leave', user: alice.user, successor: bob.user })
    const left = await first.next('group')
    const owner = await first.next('group')
    await first.end()
    expect([left.change, owner.change]).toEqual(['left', 'owner'])
    const again = await listen(bob.session, left.cursor)
    expect(await again.next('group', 'reset')).toEqual(owner)
    await again.end()
  })

  it('begins anew when the state forgot what came after its cursor', async () => {
    const realm = await testRealm({ state: memoryState({ historyChanges: 50 }) })
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const first = await listen(alice.session)
    const cursor = first.first?.type === 'reset' ? first.first.cursor : ''
    await first.end()
    for (let i = 0; i < 40; i++) await alice.share(photos, `${i}`, `${i}`)
    await realm.service.stop()
    const after = await (await realm.again()).login('alice', alice.device)
    const stream = after.session.watch(cursor, new AbortController().signal)[Symbol.asyncIterator]()
    const events = await take(stream, 1)
    expect(events[0]?.type).toBe('reset')
    await after.share(photos, 'new', 'new')
    const [next] = await take(stream, 1)
    expect(next).toMatchObject({ type: 'file', name: 'new' })
    await stream.return?.()
  })

  it('that is under way begins anew when the stream lost changes, and goes on', async () => {
    const real = memoryState()
    const lost = { now: false }
    const state: typeof real = { ...real, async * watch (prefix, options) {
      for await (const change of real.watch(prefix, options)) {
        if (lost.now) {
          lost.now = false
          yield { kind: 'compacted', revision: await real.revision() }
          return
        }
        yield change
      }
    } }
    const realm = await testRealm({ state })
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const events = await listen(alice.session)
    lost.now = true
    await alice.share(photos, 'one', '1')
    expect((await events.next('file', 'reset')).type).toBe('reset')
    await alice.share(photos, 'two', '2')
    expect(await events.next('file', 'reset')).toMatchObject({ name: 'two' })
    await events.end()
  })

  it('that nobody reads is told to begin anew, and keeps no events beyond a bound', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    await alice.share(photos, 'a', 'x')
    const content = (await bob.session.files(photos))[0]?.versions[0]?.content ?? expect.unreachable()
    const stream = bob.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    await stream.next()
    await bob.announce([{ group: photos, content, role: 'wanter' }])
    const roles = ['wanter', 'source'] as const
    for (let i = 0; i < 1_003; i++) await alice.announce([{ group: photos, content, role: roles[i % 2] ?? 'source' }])
    const events = await take(stream, 4)
    expect(events.map(({ type }) => type)).toEqual(['reset', 'sighted', 'sighted', 'sighted'])
    // 1,003 of them, and that alice came: the queue ran over when the 1,001st came
    expect(await take(stream, 1)).toMatchObject([{ sighting: { role: 'wanter' } }])
    const next = stream.next()
    await alice.announce([{ group: photos, content, role: 'source' }])
    expect((await next).value).toMatchObject({ type: 'sighted', sighting: { role: 'source' } })
    await stream.return?.()
  })

  it('throws when the tracker stops', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const stream = alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    await stream.next()
    await Promise.all([refused('TRACKER_UNREACHABLE', stream.next()), realm.service.stop()])
    await refused('TRACKER_UNREACHABLE', alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]().next())
  })

  it('is one of eight at most from a device', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const streams = Array.from({ length: 8 }, () => alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]())
    await Promise.all(streams.map(stream => stream.next()))
    await refused('LIMIT_REACHED', alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]().next())
    await streams[0]?.return?.()
    const again = alice.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    expect((await again.next()).done).toBe(false)
    for (const stream of [...streams, again]) await stream.return?.()
  })

  it('ends when its session expires, as soon as there is something to say', async () => {
    const realm = await testRealm({ tokenMs: 60_000 })
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    const stream = bob.session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    await stream.next()
    const last = stream.next()
    await realm.clock.advance(59_000)
    const again = await realm.login('alice', alice.device)
    await realm.clock.advance(1_000)
    await Promise.all([refused('SESSION_EXPIRED', last), again.share(photos, 'a', 'x')])
  })

  it('goes on after the state failed for a while', async () => {
    const real = memoryState()
    const broken = { now: false }
    const state: typeof real = { ...real, async * watch (prefix, options) {
      for await (const change of real.watch(prefix, options)) {
        if (broken.now) throw new Error('the connection is lost')
        yield change
      }
    } }
    const realm = await testRealm({ state })
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const events = await listen(alice.session)
    broken.now = true
    await alice.share(photos, 'one', '1')
    await settled()
    broken.now = false
    await alice.share(photos, 'two', '2')
    await realm.clock.advance(1_000)
    expect([(await events.next('file')).name, (await events.next('file')).name]).toEqual(['one', 'two'])
    expect(realm.lines.join()).toContain('the connection is lost')
    await events.end()
  })
})
