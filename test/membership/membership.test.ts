import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import memoryPlugin from 'shoal/plugins/state-memory'
import { toHex } from '../../src/contract/index.ts'
import type { GroupId, GroupListing, GroupLogs, GroupName, LogAction, Removal, State } from '../../src/contract/index.ts'
import { credentialLifeMs, decodeCredential } from '../../src/core/credential.ts'
import { successorOf } from '../../src/core/group.ts'
import { openEntry } from '../../src/core/log-entry.ts'
import { createMembership } from '../../src/membership/index.ts'
import type { GroupMembership } from '../../src/membership/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'
import { keyOf, user, write } from '../core/cast.ts'
import { trialTracker } from './trial-tracker.ts'
import type { TrialTracker } from './trial-tracker.ts'

const team = 'team' as GroupName
const keys = { alice: await keyOf(1), laptop: await keyOf(2), bob: await keyOf(3), carol: await keyOf(4), phone: await keyOf(5), mallory: await keyOf(6) }

interface Person { readonly membership: GroupMembership, readonly key: SigningKey, readonly state: State, readonly logs: GroupLogs, readonly lines: string[] }

let tracker: TrialTracker
beforeEach(async () => { tracker = await trialTracker() })

/** Logs somebody in, on a device with a state of its own or that of before. */
const person = async (name: string, key: SigningKey, before?: Person): Promise<Person> => {
  const state = before?.state ?? await memoryPlugin().create({ log: () => undefined })
  const { logs } = await createProfile(state)
  const lines: string[] = []
  const session = await tracker.login(name, key)
  const membership = createMembership({ session, realm: tracker.realm, device: key, logs, now: () => tracker.now, log: line => { lines.push(line) } })
  onTestFinished(() => membership.stop())
  return { membership, key, state, logs, lines }
}

const listing = async (name = 'nobody'): Promise<GroupListing> => {
  const [found] = await (await tracker.login(name, keys.mallory)).groups({ name: team })
  if (found === undefined) throw new Error('There is no team.')
  return found
}
const accept = async (owner: Person, id: GroupId, name: string): Promise<void> => {
  await owner.membership.act(id, group => ({ kind: 'accept', user: user(name), request: group.requests.get(user(name))?.hash ?? '' }))
}
const remove = (name: string) => (): LogAction => ({ kind: 'remove', user: user(name) })

/** Alice owns the team, bob is in it. */
const team2 = async (): Promise<{ readonly alice: Person, readonly bob: Person, readonly id: GroupId }> => {
  const alice = await person('alice', keys.alice)
  const bob = await person('bob', keys.bob)
  const id = await alice.membership.create(team)
  await bob.membership.request(await listing())
  await accept(alice, id, 'bob')
  return { alice, bob, id }
}
const admitted = async (to: Person, from: Person, id: GroupId): Promise<unknown> => to.membership.admits(from.key.peer, id, await from.membership.mine(id))
const collect = (membership: GroupMembership): Removal[] => {
  const heard: Removal[] = []
  const end = new AbortController()
  onTestFinished(() => { end.abort() })
  const changes = membership.changes(end.signal)
  void (async () => { for await (const removal of changes) heard.push(removal) })()
  return heard
}

describe('writing to a log', () => {
  it('makes a group, asks, accepts and leaves', async () => {
    const { alice, bob, id } = await team2()
    expect([...(await bob.membership.group(id)).members.keys()]).toEqual(['alice', 'bob'])
    const after = await alice.membership.act(id, group => ({ kind: 'leave', user: user('alice'), successor: successorOf(group) ?? user('') }))
    expect(after.owner).toBe('bob')
    const last = await bob.membership.act(id, () => ({ kind: 'leave', user: user('bob') }))
    expect(last.dissolved).toBe(true)
  })

  it('asks an open group and is in', async () => {
    const alice = await person('alice', keys.alice)
    const id = await alice.membership.create(team)
    await alice.membership.act(id, () => ({ kind: 'policy', policy: 'open' }))
    const bob = await person('bob', keys.bob)
    expect((await bob.membership.request(await listing())).members.has(user('bob'))).toBe(true)
  })

  it('passes on what the rules refuse, and what the decision throws, and sends nothing', async () => {
    const { bob, id } = await team2()
    let appended = 0
    tracker.first = () => { appended++; return Promise.resolve() }
    await expect(bob.membership.act(id, remove('alice'))).rejects.toMatchObject({ code: 'NOT_OWNER' })
    await expect(bob.membership.act(id, () => { throw new RangeError('mine') })).rejects.toThrow('mine')
    const carol = await person('carol', keys.carol)
    await expect(carol.membership.act(id, remove('bob'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(carol.membership.group(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(appended).toBe(0)
    await expect(bob.membership.request(await listing())).rejects.toMatchObject({ code: 'ALREADY_MEMBER' })
  })

  it('decides anew when somebody came first', async () => {
    const { alice, id } = await team2()
    const carol = await person('carol', keys.carol)
    tracker.first = async () => {
      tracker.first = undefined
      await carol.membership.request(await listing())
    }
    const seen: number[] = []
    const after = await alice.membership.act(id, group => { seen.push(group.requests.size); return { kind: 'remove', user: user('bob') } })
    expect(seen).toEqual([0, 1])
    expect([...after.members.keys(), ...after.requests.keys()]).toEqual(['alice', 'carol'])
  })

  it('asks anew when somebody came first', async () => {
    const { alice, id } = await team2()
    const carol = await person('carol', keys.carol)
    const at = await listing()
    await alice.membership.act(id, remove('bob'))
    expect((await carol.membership.request(at)).requests.has(user('carol'))).toBe(true)
  })

  it('gives up when somebody always comes first', async () => {
    const { alice, id } = await team2()
    let times = 0
    tracker.first = async () => {
      const kept = tracker.kept.get(id)
      if (kept === undefined) return
      times++
      const { bytes } = await write(kept.group, keys.alice, { kind: 'policy', policy: 'owner' })
      const first = tracker.first
      tracker.first = undefined
      await (await tracker.login('alice', keys.alice)).append(id, bytes)
      tracker.first = first
    }
    await expect(alice.membership.act(id, remove('bob'))).rejects.toMatchObject({ code: 'GROUP_CHANGED' })
    expect(times).toBe(20)
  })

  it('takes an entry for written whose answer was lost', async () => {
    const { alice, id } = await team2()
    tracker.deaf = true
    let decided = 0
    await alice.membership.act(id, () => { decided++; return { kind: 'remove', user: user('bob') } })
    expect(decided).toBe(1)
    const carol = await person('carol', keys.carol)
    tracker.deaf = true
    expect((await carol.membership.request(await listing())).requests.has(user('carol'))).toBe(true)
  })

  it('brings a new device of a member in first', async () => {
    const { alice, id } = await team2()
    const laptop = await person('alice', keys.laptop)
    const carol = await person('carol', keys.carol)
    await carol.membership.request(await listing())
    await accept(laptop, id, 'carol')
    expect((await alice.membership.group(id)).members.get(user('alice'))?.devices).toEqual([keys.alice.peer, keys.laptop.peer])
  })

  it('runs many at once in one process', async () => {
    const { alice, id } = await team2()
    const names = Array.from({ length: 12 }, (_, i) => `user-${i}`)
    await Promise.all(names.map(async (name, i) => {
      const each = await person(name, await keyOf(50 + i))
      await each.membership.request(await listing())
      await accept(alice, id, name)
    }))
    expect((await alice.membership.group(id)).members.size).toBe(14)
  })

  it('stops', async () => {
    const { alice, id } = await team2()
    await alice.membership.stop()
    await expect(alice.membership.group(id)).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(alice.membership.mine(id)).rejects.toMatchObject({ code: 'STOPPED' })
    const end = new AbortController()
    end.abort(new Error('enough'))
    const { membership } = await person('alice', keys.alice)
    await expect(membership.group(id, end.signal)).rejects.toThrow('enough')
    await expect(membership.act(id, remove('bob'), end.signal)).rejects.toThrow('enough')
  })
})

describe('reading a log', () => {
  it('reads only what is new, also in the next process', async () => {
    const { alice, id } = await team2()
    const from: number[] = []
    tracker.lie = page => { if (page[0] !== undefined) from.push(openEntry(page[0]).entry.seq); return page }
    await alice.membership.group(id)
    const again = await person('alice', keys.alice, alice)
    await again.membership.group(id)
    expect(from).toEqual([])
    await again.membership.act(id, remove('bob'))
    await alice.membership.group(id)
    expect(from).toEqual([3])
  })

  it('reads a log of several pages', async () => {
    const { alice, id } = await team2()
    const kept = tracker.kept.get(id)
    const session = await tracker.login('alice', keys.alice)
    while (kept !== undefined && kept.entries.length < 2_500) {
      await session.append(id, (await write(kept.group, keys.alice, { kind: 'policy', policy: kept.entries.length % 2 === 0 ? 'open' : 'owner' })).bytes)
    }
    const fresh = await person('bob', keys.bob)
    expect((await fresh.membership.group(id)).head.seq).toBe(2_499)
    expect(await fresh.logs.read(id)).toHaveLength(2_500)
    expect((await alice.membership.group(id)).head).toEqual(kept?.group.head)
  })

  it('reads again what began after the call, and shares what had not begun', async () => {
    const { alice, id } = await team2()
    const before = tracker.reads
    const [first, second, third] = [alice.membership.group(id), alice.membership.group(id), alice.membership.group(id)]
    await Promise.all([first, second, third])
    expect(tracker.reads - before).toBeLessThan(3)
  })

  const liars: readonly (readonly [string, (page: readonly Uint8Array[]) => Promise<readonly Uint8Array[]> | readonly Uint8Array[]])[] = [
    ['leaves an entry out', page => page.filter((_, i) => i !== 1)],
    ['changes an entry', page => page.map((bytes, i) => i === 2 ? bytes.map((byte, at) => at === bytes.length - 70 ? byte ^ 1 : byte) : bytes)],
    ['changes the last signature', page => page.map((bytes, i) => i === page.length - 1 ? bytes.map((byte, at) => at === bytes.length - 1 ? byte ^ 1 : byte) : bytes)],
    ['takes in a device by itself', async page => {
      const last = openEntry(page.at(-1) ?? new Uint8Array())
      const vouch = await (await trialTracker(201)).vouch('bob', keys.mallory.peer)
      return [...page, (await write({ id: last.entry.group as GroupId, head: { seq: last.entry.seq, hash: last.hash } }, keys.mallory, { kind: 'device', user: user('bob'), vouch })).bytes]
    }],
    ['tells garbage', page => [...page.slice(0, -1), new Uint8Array(100)]],
    ['tells nothing', () => []],
    ['tells the log of another group', async () => [(await write(undefined, keys.mallory, { kind: 'genesis', name: team, user: user('mallory'), vouch: await tracker.vouch('mallory', keys.mallory.peer) })).bytes]],
    ['lets somebody in by itself', async page => {
      const last = openEntry(page.at(-1) ?? new Uint8Array())
      const { bytes } = await write({ id: last.entry.group as GroupId, head: { seq: last.entry.seq, hash: last.hash } }, keys.mallory, { kind: 'device', user: user('bob'), vouch: await tracker.vouch('mallory', keys.mallory.peer) })
      return [...page, bytes]
    }]
  ]
  it.each(liars)('believes no tracker that %s', async (_, lie) => {
    const { bob, id } = await team2()
    const truth = await bob.membership.group(id)
    const entries = tracker.kept.get(id)?.entries ?? []
    const lies = await lie(entries)
    tracker.lie = page => page.length === entries.length ? lies : page
    const fresh = await person('bob', keys.bob)
    await expect(fresh.membership.group(id)).rejects.toMatchObject({ code: 'INTEGRITY' })
    expect(await fresh.logs.read(id)).toEqual([])
    tracker.lie = undefined
    expect(await fresh.membership.group(id)).toEqual(truth)
  })

  it('believes no tracker that tells another history than before', async () => {
    const { bob, id } = await team2()
    await bob.membership.group(id)
    const kept = tracker.kept.get(id)
    kept?.entries.push((await write({ id, head: { seq: 2, hash: 'ab'.repeat(32) } }, keys.alice, { kind: 'remove', user: user('bob') })).bytes)
    await expect(bob.membership.group(id)).rejects.toMatchObject({ code: 'INTEGRITY' })
  })

  it('reads anew what its cache damaged', async () => {
    const { bob, id } = await team2()
    const truth = await bob.membership.group(id)
    const [, chunk] = (await bob.state.list('log')).filter(({ key }) => key.startsWith('log'))
    if (chunk === undefined) throw new Error('There is no cache.')
    await bob.state.txn([], [{ put: chunk.key, value: chunk.value.map((byte, i) => i === 60 ? byte ^ 1 : byte) }])
    const again = await person('bob', keys.bob, bob)
    expect(await again.membership.group(id)).toEqual(truth)
    expect(again.lines).toHaveLength(1)
    expect((await again.logs.read(id)).map(toHex)).toEqual(tracker.kept.get(id)?.entries.map(toHex))
  })
})

describe('a cache that fails', () => {
  it('costs reading from the tracker, nothing else', async () => {
    const { bob, id } = await team2()
    await bob.state.stop()
    const session = await tracker.login('bob', keys.bob)
    const lines: string[] = []
    const membership = createMembership({ session, realm: tracker.realm, device: keys.bob, logs: bob.logs, now: () => tracker.now, log: line => { lines.push(line) } })
    onTestFinished(() => membership.stop())
    expect((await membership.group(id)).members.size).toBe(2)
    expect(await membership.admits(keys.alice.peer, id, await tracker.credential(id, 'alice', keys.alice))).toMatchObject({ ok: true })
    expect(lines).toHaveLength(2)
  })
})

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
