/** What a Tracker must do about files: who may list and share, versions, and what goes when. */
import assert from 'node:assert/strict'
import type { CatalogFile, ContentId, GroupId } from '../contract/index.ts'
import { manifestOf, onRig, refused } from './tracker-rig.ts'
import type { Person, TrackerRealm } from './tracker-rig.ts'
import type { SuiteCase } from './suite.ts'

const one = async (person: Person, group: GroupId, name: string): Promise<CatalogFile> => {
  const [file, ...more] = await person.session.files(group, { name })
  assert.ok(file !== undefined && more.length === 0, `"${name}" is listed once`)
  return file
}

const sharersOf = async (person: Person, group: GroupId, name: string): Promise<readonly (readonly string[])[]> =>
  (await one(person, group, name)).versions.map(({ sharers }) => sharers.map(({ user }) => user).sort())

export const trackerCatalogSuite: readonly SuiteCase<TrackerRealm>[] = [
  onRig('what is shared is listed for every member at once, with all that was said of it', async ({ person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    const before = Date.now()
    assert.equal(await bob.share(photos, 'über uns.jpg', 'a', { combined: 'abcd' }), 'listed')
    const [file] = await alice.session.files(photos)
    assert.equal(file?.name, 'über uns.jpg')
    assert.match(file.tag, /^[0-9a-f]{64}$/)
    const [version, ...older] = file.versions
    assert.deepEqual(older, [])
    assert.deepEqual(version?.manifest, manifestOf('a'))
    assert.equal(version.combined, 'abcd')
    assert.match(version.content, /^[0-9a-f]{64}$/)
    assert.ok(version.at >= before - 60_000 && version.at <= Date.now() + 60_000)
    assert.deepEqual(version.sharers.map(({ user, peer, online }) => [user, peer, online]), [['bob', bob.device.peer, false]])
    assert.deepEqual(await one(bob, photos, 'über uns.jpg'), file)
    assert.deepEqual(await bob.session.files(photos, { name: 'other' }), [])
  }),
  onRig('a listing goes on after any entry', async ({ person, group }) => {
    const alice = await person('alice')
    const photos = await group('photos', alice)
    for (const name of ['a', 'b', 'c', 'd']) await alice.share(photos, name, name)
    const all = await alice.session.files(photos)
    assert.deepEqual(all.map(({ tag }) => tag), all.map(({ tag }) => tag).sort())
    for (const [i, { tag }] of all.entries()) assert.deepEqual((await alice.session.files(photos, { after: tag })).map(({ name }) => name), all.slice(i + 1).map(({ name }) => name))
  }),
  onRig('the same content again is one more source, and again by the same device changes nothing', async ({ person, group, login }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    assert.equal(await alice.share(photos, 'a', 'x'), 'listed')
    assert.equal(await alice.share(photos, 'a', 'x'), 'added')
    assert.equal(await bob.share(photos, 'a', 'x'), 'added')
    assert.equal(await (await login('bob')).share(photos, 'a', 'x'), 'added')
    assert.equal(await alice.share(photos, 'a', 'x', { replace: true }), 'added')
    assert.deepEqual(await sharersOf(alice, photos, 'a'), [['alice', 'bob', 'bob']])
  }),
  onRig('another spelling of a name is the same name', async ({ person, group }) => {
    const alice = await person('alice')
    const photos = await group('photos', alice)
    await alice.share(photos, 'e\u0301t\u00e9', 'x')
    await refused('NAME_TAKEN', alice.share(photos, '\u00e9te\u0301', 'y'))
    assert.equal((await one(alice, photos, '\u00e9t\u00e9')).name, '\u00e9t\u00e9')
  }),
  onRig('other content of the same name is refused, unless who shares it or the owner replaces it', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice, bob, carol)
    await bob.share(photos, 'a', 'one')
    await refused('NAME_TAKEN', bob.share(photos, 'a', 'two'))
    await refused('NAME_TAKEN', carol.share(photos, 'a', 'two', { replace: true }))
    assert.equal(await bob.share(photos, 'a', 'two', { replace: true }), 'replaced')
    assert.equal(await alice.share(photos, 'a', 'three', { replace: true }), 'replaced')
    assert.deepEqual((await one(carol, photos, 'a')).versions.map(({ manifest }) => manifest.root), ['three', 'two', 'one'].map(mark => manifestOf(mark).root))
    assert.equal(await carol.share(photos, 'a', 'one'), 'added')
    assert.deepEqual(await sharersOf(carol, photos, 'a'), [['alice'], ['bob'], ['bob', 'carol']])
    assert.equal(await carol.share(photos, 'b', 'four', { replace: true }), 'listed')
  }),
  onRig('a version goes with its last share, and an entry with its last version', async ({ person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    await alice.share(photos, 'a', 'one')
    await bob.share(photos, 'a', 'one')
    await alice.share(photos, 'a', 'two', { replace: true })
    await alice.session.unshare(photos, 'a')
    assert.deepEqual(await sharersOf(alice, photos, 'a'), [['bob']])
    await refused('NOT_SHARED', alice.session.unshare(photos, 'a'))
    await refused('NOT_SHARED', alice.session.unshare(photos, 'no such'))
    await bob.session.unshare(photos, 'a')
    assert.deepEqual(await alice.session.files(photos), [])
    assert.equal(await alice.share(photos, 'a', 'three'), 'listed')
  }),
  onRig('the first piece length of a content in a group is everyone\'s', async ({ person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const photos = await group('photos', alice, bob)
    await alice.share(photos, 'a', 'x', { manifest: manifestOf('x', 65536) })
    assert.equal(await bob.share(photos, 'a', 'x', { manifest: manifestOf('x', 131072) }), 'added')
    assert.equal(await bob.share(photos, 'same under another name', 'x', { manifest: manifestOf('x', 131072) }), 'listed')
    for (const { versions } of await bob.session.files(photos)) assert.deepEqual(versions.map(({ manifest }) => manifest.pieceLength), [65536])
  }),
  onRig('who leaves or is removed shares nothing any more, nor after coming back', async ({ person, group }) => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const photos = await group('photos', alice, bob, carol)
    await bob.share(photos, 'only bob', 'one')
    await bob.share(photos, 'both', 'two')
    await alice.share(photos, 'both', 'two')
    await carol.share(photos, 'only carol', 'three')
    await bob.act(photos, { kind: 'leave', user: bob.user })
    assert.deepEqual(await alice.names(photos), ['both', 'only carol'])
    assert.deepEqual(await sharersOf(alice, photos, 'both'), [['alice']])
    await alice.act(photos, { kind: 'remove', user: carol.user })
    assert.deepEqual(await alice.names(photos), ['both'])
    assert.equal(await alice.share(photos, 'only carol', 'other'), 'listed')
    await bob.request(photos)
    await alice.decide('accept', photos, bob.user)
    assert.deepEqual(await bob.names(photos), ['both', 'only carol'])
    await refused('NOT_SHARED', bob.session.unshare(photos, 'both'))
  }),
  onRig('a name that no catalog takes and a manifest that is none are refused', async ({ person, group }) => {
    const alice = await person('alice')
    const photos = await group('photos', alice)
    for (const name of ['', '.', '..', 'a/b', 'a\\b', 'a\u001b[31m', 'ü'.repeat(128)]) await refused('BAD_FILE_NAME', alice.share(photos, name, 'x'))
    await refused('BAD_REQUEST', alice.share(photos, 'a', 'x', { manifest: { ...manifestOf('x'), pieceLength: 1000 } }))
    await refused('BAD_REQUEST', alice.share(photos, 'a', 'x', { manifest: { ...manifestOf('x'), root: 'ab' } }))
    await refused('BAD_REQUEST', alice.share(photos, 'a', 'x', { content: 'a'.repeat(64) as ContentId }))
    assert.deepEqual(await alice.session.files(photos), [])
    assert.equal(await alice.share(photos, 'ü'.repeat(127), 'x'), 'listed')
  }),
  onRig('the same content has the same id in every group, and catalogs are apart', async ({ person, group }) => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const [photos, music] = [await group('photos', alice), await group('music', bob)]
    await alice.share(photos, 'a', 'x')
    await bob.share(music, 'b', 'x')
    assert.equal((await one(alice, photos, 'a')).versions[0]?.content, (await one(bob, music, 'b')).versions[0]?.content)
    assert.deepEqual([await alice.names(photos), await bob.names(music)], [['a'], ['b']])
  }),
  onRig('20 members who share the same new file at once are 20 sharers of one entry', async ({ person, group }) => {
    const alice = await person('alice')
    const photos = await group('photos', alice)
    await alice.act(photos, { kind: 'policy', policy: 'open' })
    const others: Person[] = []
    for (let i = 0; i < 20; i++) {
      const other = await person(`user-${i}`)
      await other.request(photos)
      others.push(other)
    }
    const results = await Promise.all(others.map(async other => await other.share(photos, 'a', 'x')))
    assert.deepEqual(results.filter(result => result === 'listed').length, 1)
    assert.equal((await one(alice, photos, 'a')).versions[0]?.sharers.length, 20)
  })
]
