import { describe, expect, it, onTestFinished } from 'vitest'
import { toHex } from '../../src/contract/index.ts'
import type { GroupId } from '../../src/contract/index.ts'
import { successorOf } from '../../src/core/group.ts'
import { openEntry } from '../../src/core/log-entry.ts'
import { createMembership } from '../../src/membership/index.ts'
import { keyOf, user, write } from '../core/cast.ts'
import { trialTracker } from './trial-tracker.ts'
import { team, keys, tracker, person, listing, accept, remove, team2 } from './people.ts'

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
