import { describe, expect, it } from 'vitest'
import { contentId } from '../../src/core/content-id.ts'
import { manifestOf, refused } from '../../src/testing/tracker-rig.ts'
import type { ContentId, State } from '../../src/contract/index.ts'
import { memoryState } from '../../plugins/state-memory/index.ts'
import { testRealm } from './realm.ts'

/** A tracker over it finds nothing to sweep. */
const neverSwept = (state: State): State => ({ ...state, list: async (prefix, options) => prefix === 'sweep/' ? [] : await state.list(prefix, options) })

describe('the catalog', () => {
  it('is listed in pages of 1,000, of which only the last is short, also when some entries no longer count', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    for (let i = 0; i < 1_300; i++) await alice.share(photos, `file ${i}`, `${i}`)
    for (let i = 0; i < 200; i++) await bob.share(photos, `of bob ${i}`, `bob ${i}`)
    // bob's shares no longer count, but are not swept
    await realm.service.stop()
    const state = neverSwept(realm.state)
    const unswept = await (await realm.again({ state })).login('alice', alice.device)
    await unswept.act(photos, { kind: 'remove', user: bob.user })
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(1_500)
    const first = await unswept.session.files(photos)
    const last = first.at(-1)?.tag ?? expect.unreachable()
    const second = await unswept.session.files(photos, { after: last })
    expect([first.length, second.length]).toEqual([1_000, 300])
    const names = [...first, ...second].map(({ name }) => name)
    expect(new Set(names).size).toBe(1_300)
    expect(names.every(name => name.startsWith('file '))).toBe(true)
    const end = second.at(-1)?.tag ?? expect.unreachable()
    expect(await unswept.session.files(photos, { after: end })).toEqual([])
  })

  it('keeps a device\'s eight newest versions of a name', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    for (let i = 0; i < 20; i++) await alice.share(photos, 'a', `v${i}`, { replace: true })
    const [file] = await alice.session.files(photos)
    expect(file?.versions.map(({ manifest }) => manifest.root)).toEqual(Array.from({ length: 8 }, (_, i) => manifestOf(`v${19 - i}`).root))
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(8)
    expect(await realm.keys(`content/${photos}/`)).toHaveLength(8)
    await alice.session.unshare(photos, 'a')
    expect(await realm.keys(`share/${photos}/`)).toEqual([])
    expect(await realm.keys(`content/${photos}/`)).toEqual([])
    expect(await realm.keys(`entry/${photos}/`)).toEqual([])
  })

  it('makes an older version the newest again when it is shared to replace', async () => {
    const realm = await testRealm()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    await alice.share(photos, 'a', 'one')
    await alice.share(photos, 'a', 'two', { replace: true })
    await refused('NAME_TAKEN', bob.share(photos, 'a', 'one', { replace: true }))
    expect(await alice.share(photos, 'a', 'one', { replace: true })).toBe('replaced')
    const [file] = await bob.session.files(photos)
    expect(file?.versions.map(({ manifest }) => manifest.root)).toEqual(['one', 'two'].map(mark => manifestOf(mark).root))
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(2)
  })

  it('refuses a version above the limit of a name', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const devices = [alice]
    for (let i = 0; i < 8; i++) devices.push(await realm.login('alice'))
    for (const [i, device] of devices.slice(0, 8).entries()) {
      for (let version = 0; version < 8; version++) await device.share(photos, 'a', `${i} ${version}`, { replace: true })
    }
    await refused('LIMIT_REACHED', devices[8]?.share(photos, 'a', 'one more', { replace: true }) ?? expect.unreachable())
    expect(await alice.share(photos, 'a', 'in its own place', { replace: true })).toBe('replaced')
    expect((await alice.session.files(photos))[0]?.versions).toHaveLength(64)
  })

  it('does not count what was shared before leaving, swept or not, when its owner is back', async () => {
    const realm = await testRealm({ state: neverSwept(memoryState()) })
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    await bob.share(photos, 'a', 'one')
    await bob.share(photos, 'b', 'two')
    await bob.act(photos, { kind: 'leave', user: bob.user })
    await bob.request(photos)
    await alice.decide('accept', photos, bob.user)
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(2)
    expect(await alice.names(photos)).toEqual([])
    await refused('NOT_SHARED', bob.session.unshare(photos, 'a'))
    expect(await alice.share(photos, 'a', 'other')).toBe('listed')
    expect(await bob.share(photos, 'b', 'two')).toBe('listed')
    expect(await bob.names(photos)).toEqual(['a', 'b'])
    expect(await realm.keys(`share/${photos}/`)).toHaveLength(2)
  })

  it('has room in its keys for the longest names that there are', async () => {
    const realm = await testRealm()
    const longest = '\u{10400}'.repeat(64)
    const user = await realm.person(longest)
    const group = await realm.group(longest, user)
    await user.share(group, 'ü'.repeat(127), 'x')
    expect(Math.max(...(await realm.keys()).map(key => Buffer.byteLength(key)))).toBe(510)
    await user.announce([])
    await user.session.logout()
    await realm.clock.advance(1_000)
    await (await realm.login(longest, user.device)).act(group, { kind: 'leave', user: user.user })
    await realm.service.swept()
    expect(await realm.keys('share/')).toEqual([])
  })

  it('knows a content as long as it has a name, and remembers it when it lost the last', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    for (const name of ['a', 'b', 'c']) await alice.share(photos, name, 'x')
    for (const [name, left] of [['a', 1], ['b', 1], ['c', 0]] as const) {
      await alice.session.unshare(photos, name)
      expect(await realm.keys(`content/${photos}/`)).toHaveLength(left)
    }
    const gone = await realm.state.get(`gone/${photos}`) ?? expect.unreachable()
    expect(Buffer.from(gone.value).includes(contentId(manifestOf('x'), { rootDependsOnPieceLength: false }), 0, 'hex')).toBe(true)
  })

  it('knows the ids of sha256 and sha1, and takes those of other schemes from the sharer when they are of the manifest', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const listed = async (name: string): Promise<ContentId | undefined> => (await alice.session.files(photos, { name }))[0]?.versions[0]?.content
    const sha1 = { ...manifestOf('x'), scheme: 'sha1' }
    const own = { ...manifestOf('x'), scheme: 'mine' }
    await alice.share(photos, 'sha256', 'x')
    await alice.share(photos, 'sha1', 'x', { manifest: sha1 })
    await alice.share(photos, 'mine with', 'x', { manifest: own, content: contentId(own, { rootDependsOnPieceLength: true }) })
    await alice.share(photos, 'mine without', 'x', { manifest: own, content: contentId(own, { rootDependsOnPieceLength: false }) })
    await refused('BAD_REQUEST', alice.share(photos, 'wrong', 'x', { manifest: own, content: contentId(sha1, { rootDependsOnPieceLength: true }) }))
    expect(await listed('sha256')).toBe(contentId(manifestOf('x'), { rootDependsOnPieceLength: false }))
    expect(await listed('sha1')).toBe(contentId(sha1, { rootDependsOnPieceLength: true }))
    expect(await listed('mine with')).toBe(contentId(own, { rootDependsOnPieceLength: true }))
    expect(await listed('mine without')).toBe(contentId(own, { rootDependsOnPieceLength: false }))
  })

  it('refuses shares above the limit of a member, counted exactly', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    for (const name of ['a', 'b', 'c']) await alice.share(photos, name, name)
    await alice.share(photos, 'a', 'a')
    await alice.session.unshare(photos, 'b')
    const entry = await realm.state.get(`member/alice/${photos}`) ?? expect.unreachable()
    const count = new DataView(entry.value.buffer, entry.value.byteOffset).getUint32(entry.value.byteLength - 4)
    expect(count).toBe(2)
    const full = entry.value.slice()
    new DataView(full.buffer).setUint32(full.byteLength - 4, 100_000)
    await realm.state.txn([], [{ put: entry.key, value: full }])
    await refused('LIMIT_REACHED', alice.share(photos, 'd', 'd'))
    await alice.session.unshare(photos, 'a')
    expect(await alice.share(photos, 'd', 'd')).toBe('listed')
  })

  it('names sharers who are online first, then those who were lately, and not more than 100 in a listing', async () => {
    const realm = await testRealm()
    const alice = await realm.person('alice')
    const photos = await realm.group('photos', alice)
    const devices = await Promise.all(Array.from({ length: 120 }, async () => await realm.login('alice')))
    for (const device of devices) await device.share(photos, 'a', 'x')
    for (const device of devices.slice(0, 30)) await device.announce([])
    await realm.clock.advance(1000)
    for (const device of devices.slice(0, 10)) await device.session.logout()
    const sharers = async (options?: { name: string }) => (await alice.session.files(photos, options))[0]?.versions[0]?.sharers ?? []
    const listed = await sharers()
    expect(listed).toHaveLength(100)
    expect(listed.slice(0, 20).every(({ online }) => online)).toBe(true)
    expect(listed.slice(20, 30).map(({ since }) => since)).toEqual(Array.from({ length: 10 }, () => realm.clock.now()))
    expect(listed.slice(30).every(({ online, since }) => !online && since === 0)).toBe(true)
    expect(await sharers({ name: 'a' })).toHaveLength(120)
  })

  it('does not count a share that is written while its owner is removed', async () => {
    const realm = await testRealm()
    const other = await realm.again()
    const [alice, bob] = [await realm.person('alice'), await realm.person('bob')]
    const photos = await realm.group('photos', alice, bob)
    const there = await other.login('bob', bob.device)
    for (let round = 0; round < 20; round++) {
      const [shared] = await Promise.allSettled([there.share(photos, `${round}`, 'x'), alice.act(photos, { kind: 'remove', user: bob.user })])
      const names = await alice.names(photos)
      expect(names, shared.status).toEqual([])
      await bob.request(photos)
      await alice.decide('accept', photos, bob.user)
    }
    await realm.service.swept()
    expect(await realm.keys(`share/${photos}/`)).toEqual([])
  })
})
