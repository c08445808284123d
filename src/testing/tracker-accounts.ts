/** What a Tracker must do about accounts, logins and their end. */
import assert from 'node:assert/strict'
import { onRig, password, refused } from './tracker-rig.ts'
import type { TrackerRealm } from './tracker-rig.ts'
import type { SuiteCase } from './suite.ts'
import { createHash } from 'node:crypto'

export const trackerAccountSuite: readonly SuiteCase<TrackerRealm>[] = [
  onRig('the realm is named by the hash of its key, the same on every connection', async ({ realm, tracker }) => {
    const { key, pin } = await tracker.realm()
    assert.equal(pin, createHash('sha256').update(key).digest('hex'))
    assert.equal((await (await realm.connect()).realm()).pin, pin)
    assert.notEqual(tracker.where, '')
  }),
  onRig('an account is made once, and logs in with its password', async ({ realm, tracker }) => {
    await tracker.register('alice', password)
    await refused('USER_EXISTS', tracker.register('alice', password))
    const device = await realm.newDevice()
    const session = await tracker.login('alice', password, device)
    assert.deepEqual([session.user, session.device], ['alice', device.peer])
    assert.ok(session.vouch.byteLength > 64)
  }),
  onRig('names are of any script, case-sensitive, and refused when they are no names', async ({ realm, tracker }) => {
    for (const name of ['Alice', 'alice', 'Ζωή', '李小龙', 'a.b_c-d', 'ñ'.repeat(64)]) {
      await tracker.register(name, password)
      assert.equal((await tracker.login(name, password, await realm.newDevice())).user, name)
    }
    for (const name of ['', 'a b', 'a/b', 'x'.repeat(65), 'a\u0000', '😀']) await refused('BAD_NAME', tracker.register(name, password))
  }),
  onRig('passwords have 1 to 1,024 bytes, whatever they are', async ({ realm, tracker }) => {
    await refused('BAD_PASSWORD', tracker.register('alice', ''))
    await refused('BAD_PASSWORD', tracker.register('alice', 'é'.repeat(513)))
    for (const [name, text] of [['a1', 'x'], ['a2', 'é'.repeat(512)], ['a3', ' \t\u0001 ']] as const) {
      await tracker.register(name, text)
      await tracker.login(name, text, await realm.newDevice())
    }
  }),
  onRig('a wrong password and an unknown user are refused alike', async ({ realm, tracker }) => {
    await tracker.register('alice', password)
    const device = await realm.newDevice()
    const wrong = await refused('WRONG_PASSWORD', tracker.login('alice', `${password}!`, device))
    assert.equal(await refused('WRONG_PASSWORD', tracker.login('nobody', password, device)), wrong)
    assert.equal(await refused('WRONG_PASSWORD', tracker.login('no name', password, device)), wrong)
    assert.equal(await refused('WRONG_PASSWORD', tracker.login('Alice', password, device)), wrong)
  }),
  onRig('after many failures even the right password is refused, and other users are not', async ({ realm, tracker }) => {
    await tracker.register('alice', password)
    await tracker.register('bob', password)
    const device = await realm.newDevice()
    for (let i = 0; i < 10; i++) await refused('WRONG_PASSWORD', tracker.login('alice', 'guess', device))
    await refused('TOO_MANY_ATTEMPTS', tracker.login('alice', password, device))
    await tracker.login('bob', password, device)
  }),
  onRig('a user is logged in on many devices, and a session ends alone', async ({ login, person }) => {
    const here = await person('alice')
    const there = await login('alice')
    const again = await login('alice', here.device)
    await here.session.logout()
    assert.deepEqual(await there.session.groups(), [])
    assert.deepEqual(await again.session.groups(), [])
  }),
  onRig('a session that ended refuses everything', async ({ group, person }) => {
    const alice = await person('alice')
    const photos = await group('photos', alice)
    const entry = await alice.entry(photos, { kind: 'policy', policy: 'open' })
    await alice.session.logout()
    const { session } = alice
    const calls: readonly (() => Promise<unknown>)[] = [
      () => session.groups(), () => session.createGroup(entry), () => session.log(photos, 0), () => session.append(photos, entry), () => session.credential(photos),
      () => session.files(photos), () => alice.share(photos, 'a', 'a'), () => session.unshare(photos, 'a'), () => alice.announce([]), () => session.peers()
    ]
    for (const call of calls) await refused('SESSION_EXPIRED', call())
    await refused('SESSION_EXPIRED', session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]().next())
  }),
  onRig('200 accounts are made and logged in', async ({ realm, tracker }) => {
    const device = await realm.newDevice()
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      await tracker.register(`user-${i}`, password)
      assert.equal((await tracker.login(`user-${i}`, password, device)).user, `user-${i}`)
    }))
  }, 60_000)
]
