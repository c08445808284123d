import { describe, expect, it } from 'vitest'
import type { GroupId } from '../../src/contract/index.ts'
import { credentialLifeMs, decodeCredential } from '../../src/core/credential.ts'
import type { GroupMembership } from '../../src/membership/index.ts'
import { user, write } from '../core/cast.ts'
import { trialTracker } from './trial-tracker.ts'
import { keys, tracker, person, listing, accept, remove, team2, admitted, collect } from './people.ts'

describe('our own credential', () => {
  it('is fetched once, renewed after half its life, used to its end while the tracker is away', async () => {
    const { bob, id } = await team2()
    const mine = async (): Promise<number> => decodeCredential(await bob.membership.mine(id)).value.notAfter
    const first = await mine()
    expect([await mine(), tracker.issued]).toEqual([first, 1])
    tracker.now += credentialLifeMs / 2 - 1
    expect([await mine(), tracker.issued]).toEqual([first, 1])
    tracker.away = true
    tracker.now += 2
    expect(await mine()).toBe(first)
    await expect.poll(() => bob.lines.length).toBe(1)
    tracker.now = first
    expect(await mine()).toBe(first)
    tracker.away = false
    await expect.poll(mine).toBe(first + credentialLifeMs)
    tracker.away = true
    tracker.now = first + credentialLifeMs + 1
    await expect(mine()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
  })

  it('is fetched once for all who ask at the same time', async () => {
    const { bob, id } = await team2()
    await Promise.all([bob.membership.mine(id), bob.membership.mine(id)])
    expect(tracker.issued).toBe(1)
  })

  it('brings a device of a member into the log that is new there', async () => {
    const { alice, id } = await team2()
    const phone = await person('bob', keys.phone)
    expect(await admitted(alice, phone, id)).toEqual({ ok: true, user: 'bob' })
    expect((await alice.membership.group(id)).members.get(user('bob'))?.devices).toHaveLength(2)
  })

  it('is not to be had by a stranger', async () => {
    const { id } = await team2()
    const carol = await person('carol', keys.carol)
    await expect(carol.membership.mine(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await carol.membership.request(await listing())
    await expect(carol.membership.mine(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is a new one for who was removed and is back', async () => {
    const { alice, bob, id } = await team2()
    await bob.membership.mine(id)
    await alice.membership.act(id, remove('bob'))
    await bob.membership.request(await listing())
    await accept(alice, id, 'bob')
    expect(await admitted(alice, bob, id)).toEqual({ ok: true, user: 'bob' })
  })

  it('is a new one for who is back in an open group, though the old one was still on its way', async () => {
    const { alice, bob, id } = await team2()
    await alice.membership.act(id, () => ({ kind: 'policy', policy: 'open' }))
    const gate = Promise.withResolvers<void>()
    tracker.delay = () => gate.promise
    const old = bob.membership.mine(id)
    await expect.poll(() => tracker.issued).toBe(1)
    await alice.membership.act(id, remove('bob'))
    await bob.membership.request(await listing())
    tracker.delay = undefined
    gate.resolve()
    expect(await alice.membership.admits(keys.bob.peer, id, await old)).toEqual({ ok: true, user: 'bob' })
    await alice.membership.act(id, remove('bob'))
    await bob.membership.request(await listing())
    expect(await admitted(alice, bob, id)).toEqual({ ok: true, user: 'bob' })
  })

  it('is forgotten when a renewal finds us out, and used until then', async () => {
    const { alice, bob, id } = await team2()
    await bob.membership.mine(id)
    await alice.membership.act(id, remove('bob'))
    tracker.now += credentialLifeMs * 0.6
    await bob.membership.mine(id)
    await expect.poll(() => bob.membership.mine(id).then(() => 'used', (error: unknown) => (error as { code: string }).code)).toBe('NOT_FOUND')
  })

  it('is forgotten when a notice finds us out', async () => {
    const { alice, bob, id } = await team2()
    await bob.membership.mine(id)
    await alice.membership.act(id, remove('bob'))
    await bob.membership.refresh(id)
    await expect(bob.membership.mine(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is not taken when nobody would accept it', async () => {
    const { bob, id } = await team2()
    for (const wrong of [{ device: keys.mallory.peer }, { group: 'ab'.repeat(32) as GroupId }, { user: user('carol') }]) {
      tracker.misissue = wrong
      await expect(bob.membership.mine(id)).rejects.toMatchObject({ code: 'INTEGRITY' })
    }
    tracker.misissue = undefined
    tracker.signer = keys.mallory
    await expect(bob.membership.mine(id)).rejects.toMatchObject({ code: 'INTEGRITY' })
  })
})

describe('a credential that is shown', () => {
  it('lets a member in', async () => {
    const { alice, bob, id } = await team2()
    expect(await admitted(alice, bob, id)).toEqual({ ok: true, user: 'bob' })
    expect(await admitted(bob, alice, id)).toEqual({ ok: true, user: 'alice' })
  })

  it('lets nobody in with a byte changed, wherever', async () => {
    const { alice, bob, id } = await team2()
    const bytes = await bob.membership.mine(id)
    expect(await alice.membership.admits(keys.bob.peer, id, bytes)).toMatchObject({ ok: true })
    for (let at = 0; at < bytes.length; at++) {
      expect(await alice.membership.admits(keys.bob.peer, id, bytes.map((byte, i) => i === at ? byte ^ (1 << (at % 8)) : byte))).toMatchObject({ ok: false })
    }
  })

  it('lets nobody in that is garbage, forged, of another device, group or realm, or expired', async () => {
    const { alice, bob, id } = await team2()
    const admits: GroupMembership['admits'] = (...shown) => alice.membership.admits(...shown)
    const peer = keys.bob.peer
    const good = await tracker.credential(id, 'bob', keys.bob)
    expect(await admits(peer, id, good)).toMatchObject({ ok: true })
    const other = await trialTracker(201)
    const refused: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(), 'too few'], [new Uint8Array(2_000), 'above the limit'], [new Uint8Array(300), 'Format 0'],
      [await other.credential(id, 'bob', keys.bob, { realm: tracker.realm.pin }), 'not signed by the realm'], [await other.credential(id, 'bob', keys.bob), 'not signed by the realm'],
      [await tracker.credential(id, 'bob', keys.bob, { realm: other.realm.pin }), 'another realm'],
      [await tracker.credential(id, 'bob', keys.mallory), 'another device'], [await tracker.credential('ab'.repeat(32) as GroupId, 'bob', keys.bob), 'another group'],
      [await tracker.credential(id, 'bob', keys.bob, { notAfter: tracker.now - 1 }), 'expired']
    ]
    for (const [bytes, reason] of refused) expect(await admits(peer, id, bytes)).toEqual({ ok: false, reason: expect.stringContaining(reason) as string })
    expect(await admits(keys.mallory.peer, id, good)).toMatchObject({ ok: false })
    expect(await bob.membership.admits(peer, 'ab'.repeat(32) as GroupId, good)).toMatchObject({ ok: false })
    tracker.now += credentialLifeMs + 1
    expect(await admits(peer, id, good)).toMatchObject({ ok: false, reason: 'it has expired' })
  })

  it('lets nobody in whom the log does not have, though the realm signed', async () => {
    const { alice, id } = await team2()
    expect(await alice.membership.admits(keys.mallory.peer, id, await tracker.credential(id, 'mallory', keys.mallory))).toEqual({ ok: false, reason: 'the group\'s log does not have that device' })
    expect(await alice.membership.admits(keys.mallory.peer, id, await tracker.credential(id, 'bob', keys.mallory))).toMatchObject({ ok: false })
  })

  it('lets a member in who is newer than what we know, once we read on', async () => {
    const { alice, bob, id } = await team2()
    await alice.membership.group(id)
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    const laptop = await person('alice', keys.laptop)
    await accept(laptop, id, 'carol')
    expect(await admitted(bob, carol, id)).toEqual({ ok: true, user: 'carol' })
    const before = tracker.reads
    expect(await admitted(bob, carol, id)).toMatchObject({ ok: true })
    expect(tracker.reads).toBe(before)
  })

  it('lets a member in on the realm\'s word while the tracker is away, and does not ask it each time', async () => {
    const { bob, id } = await team2()
    await bob.membership.group(id)
    const alice = await person('alice', keys.alice)
    const newer = await tracker.credential(id, 'carol', keys.carol, { seq: 99 })
    tracker.away = true
    expect(await bob.membership.admits(keys.carol.peer, id, newer)).toEqual({ ok: true, user: 'carol' })
    expect(await alice.membership.admits(keys.bob.peer, id, await tracker.credential(id, 'bob', keys.bob))).toEqual({ ok: true, user: 'bob' })
    const before = tracker.reads
    expect(await bob.membership.admits(keys.carol.peer, id, newer)).toMatchObject({ ok: true })
    expect(tracker.reads).toBe(before)
  })

  it('lets nobody in who was removed after it, and changes nothing for the others', async () => {
    const { alice, bob, id } = await team2()
    const [bobs, alices] = [await bob.membership.mine(id), await alice.membership.mine(id)]
    const phone = await person('bob', keys.phone)
    await phone.membership.mine(id)
    await alice.membership.act(id, remove('bob'))
    expect(await alice.membership.admits(keys.bob.peer, id, bobs)).toEqual({ ok: false, reason: 'the user has been removed since' })
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    await accept(alice, id, 'carol')
    expect(await carol.membership.admits(keys.alice.peer, id, alices)).toEqual({ ok: true, user: 'alice' })
    expect(await carol.membership.admits(keys.bob.peer, id, bobs)).toMatchObject({ ok: false })
  })
})

describe('removals', () => {
  it('are heard once, with all devices, however they are learnt', async () => {
    const { alice, bob, id } = await team2()
    const phone = await person('bob', keys.phone)
    await phone.membership.mine(id)
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    await accept(alice, id, 'carol')
    await carol.membership.group(id)
    const [atAlice, atCarol] = [collect(alice.membership), collect(carol.membership)]
    await alice.membership.act(id, remove('bob'))
    await carol.membership.refresh(id)
    await carol.membership.refresh(id)
    const bobs = { group: id, user: 'bob', devices: [keys.bob.peer, keys.phone.peer] }
    await expect.poll(() => [atAlice, atCarol]).toEqual([[bobs], [bobs]])
    await bob.membership.request(await listing())
    await accept(alice, id, 'bob')
    await bob.membership.act(id, () => ({ kind: 'leave', user: user('bob') }))
    await carol.membership.refresh(id)
    await expect.poll(() => atCarol).toEqual([bobs, { ...bobs, devices: [keys.bob.peer] }])
  })

  it('are heard of who is back by the time we read', async () => {
    const { alice, bob, id } = await team2()
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    await accept(alice, id, 'carol')
    const before = await carol.membership.group(id)
    const heard = collect(carol.membership)
    await alice.membership.act(id, remove('bob'))
    const removal = tracker.kept.get(id)?.entries.at(-1) ?? new Uint8Array()
    await bob.membership.request(await listing())
    await accept(alice, id, 'bob')
    const after = await carol.membership.group(id)
    await expect.poll(() => heard).toHaveLength(1)
    expect([before, after].map(({ members }) => [...members.keys()])).toEqual([['alice', 'bob', 'carol'], ['alice', 'carol', 'bob']])
    await carol.membership.learn(removal)
    expect(await admitted(carol, bob, id)).toMatchObject({ ok: true })
    expect(heard).toHaveLength(1)
  })

  it('of before are only told of those who are still out', async () => {
    const { alice, bob, id } = await team2()
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    await accept(alice, id, 'carol')
    await carol.membership.act(id, () => ({ kind: 'leave', user: user('carol') }))
    await bob.membership.act(id, () => ({ kind: 'leave', user: user('bob') }))
    await bob.membership.request(await listing())
    await accept(alice, id, 'bob')
    const fresh = await person('bob', keys.bob)
    const heard = collect(fresh.membership)
    await fresh.membership.refresh(id)
    await expect.poll(() => heard).toEqual([{ group: id, user: 'carol', devices: [keys.carol.peer] }])
  })

  it('told by a peer are believed when the owner, or the leaver, signed them', async () => {
    const { alice, bob, id } = await team2()
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    await accept(alice, id, 'carol')
    const known = await carol.membership.group(id)
    const bobs = await bob.membership.mine(id)
    const alices = await alice.membership.mine(id)
    expect(await carol.membership.admits(keys.bob.peer, id, bobs)).toMatchObject({ ok: true })
    const heard = collect(carol.membership)
    tracker.away = true
    const removal = await write(known, keys.alice, { kind: 'remove', user: user('bob') })
    await carol.membership.learn(removal.bytes)
    await expect.poll(() => heard).toEqual([{ group: id, user: 'bob', devices: [keys.bob.peer] }])
    expect(await carol.membership.admits(keys.bob.peer, id, bobs)).toEqual({ ok: false, reason: 'the user has been removed since' })
    const leaving = await write(known, keys.alice, { kind: 'leave', user: user('alice'), successor: user('bob') })
    await carol.membership.learn(leaving.bytes)
    expect(await carol.membership.admits(keys.alice.peer, id, alices)).toMatchObject({ ok: false })
  })

  it('told by a peer fall when the tracker knows better', async () => {
    const { alice, bob, id } = await team2()
    const known = await alice.membership.group(id)
    const bobs = await bob.membership.mine(id)
    tracker.away = true
    await alice.membership.learn((await write(known, keys.alice, { kind: 'remove', user: user('bob') })).bytes)
    expect(await alice.membership.admits(keys.bob.peer, id, bobs)).toMatchObject({ ok: false })
    tracker.away = false
    await alice.membership.refresh(id)
    expect(await alice.membership.admits(keys.bob.peer, id, bobs)).toMatchObject({ ok: true })
  })

  it('told by a peer are not believed from anybody else', async () => {
    const { alice, bob, id } = await team2()
    const known = await alice.membership.group(id)
    await bob.membership.group(id)
    const heard = collect(bob.membership)
    const removal = await write(known, keys.alice, { kind: 'remove', user: user('bob') })
    const untrue = [
      (await write(known, keys.mallory, { kind: 'remove', user: user('bob') })).bytes, (await write(known, keys.bob, { kind: 'remove', user: user('bob') })).bytes,
      (await write(known, keys.alice, { kind: 'remove', user: user('alice') })).bytes, (await write(known, keys.alice, { kind: 'remove', user: user('carol') })).bytes,
      (await write(known, keys.alice, { kind: 'leave', user: user('bob') })).bytes, (await write(known, keys.alice, { kind: 'policy', policy: 'open' })).bytes,
      (await write({ ...known, id: 'ab'.repeat(32) as GroupId }, keys.alice, { kind: 'remove', user: user('bob') })).bytes,
      removal.bytes.map((byte, i) => i === removal.bytes.length - 1 ? byte ^ 1 : byte), new Uint8Array(200)
    ]
    for (const bytes of untrue) await expect(bob.membership.learn(bytes)).rejects.toMatchObject({ code: 'INTEGRITY' })
    expect(heard).toEqual([])
  })

  it('end with the watch, and with the membership', async () => {
    const { alice } = await team2()
    const ended = new AbortController()
    const reading = (async () => { for await (const removal of alice.membership.changes(ended.signal)) return removal; return 'ended' })()
    ended.abort()
    expect(await reading).toBe('ended')
    const last = (async () => { for await (const removal of alice.membership.changes(new AbortController().signal)) return removal; return 'ended' })()
    await alice.membership.stop()
    expect(await last).toBe('ended')
  })
})
