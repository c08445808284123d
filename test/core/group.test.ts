import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Group, LogAction } from '../../src/contract/index.ts'
import { actorOf, applyEntry, foldGroup, successorOf } from '../../src/core/group.ts'
import type { OpenedEntry } from '../../src/core/log-entry.ts'
import { encodeVouch } from '../../src/core/vouch.ts'
import { user, write } from './cast.ts'
import { device, entryFor, logOf, realm, shown, tell, vouch } from './story.ts'

const made = ['alice makes'] as const
const joined = [...made, 'bob asks', 'alice accepts bob'] as const
const three = [...joined, 'carol asks', 'alice accepts carol'] as const

describe('joining', () => {
  it('makes the maker owner and first member', async () => { expect(await tell('alice makes')).toBe('alice*') })
  it('begins with a genesis only', async () => {
    const { entries } = await logOf(...made, 'bob asks')
    expect(() => foldGroup(entries.slice(1))).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(() => foldGroup([])).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })
  it('keeps a request until the owner decides', async () => { expect(await tell(...made, 'bob asks')).toBe('alice*; asks bob') })
  it('lets an accepted applicant in, with the device that asked', async () => {
    const { group } = await logOf(...made, 'bob@phone asks', 'alice accepts bob')
    expect(shown(group)).toBe('alice* bob')
    expect(group.members.get(user('bob'))).toEqual({ user: 'bob', since: 2, devices: [(await device('phone')).peer] })
  })
  it('drops a rejected request, and lets the applicant ask again', async () => {
    expect(await tell(...made, 'bob asks', 'alice rejects bob')).toBe('alice*')
    expect(await tell(...made, 'bob asks', 'alice rejects bob', 'bob asks')).toBe('alice*; asks bob')
  })
  it('takes one open request of a user', async () => { expect(await tell(...made, 'bob asks', 'bob@phone asks')).toBe('ALREADY_REQUESTED') })
  it('takes no request of a member', async () => { expect(await tell(...joined, 'bob asks')).toBe('ALREADY_MEMBER') })
  it('accepts nobody who did not ask', async () => { expect(await tell(...made, 'alice accepts bob')).toBe('NO_REQUEST') })
  it('accepts nobody twice', async () => { expect(await tell(...joined, 'alice accepts bob')).toBe('ALREADY_MEMBER') })
  it('accepts only the request that is open, not an earlier one', async () => {
    const { group, entries } = await logOf(...made, 'bob asks', 'alice rejects bob', 'bob asks')
    const stale = await write(group, await device('alice'), { kind: 'accept', user: user('bob'), request: entries[1]?.hash ?? '' })
    expect(() => applyEntry(group, stale)).toThrow(expect.objectContaining({ code: 'NO_REQUEST' }))
  })
  it('lets whoever asks into an open group', async () => {
    expect(await tell(...made, 'alice opens', 'bob asks')).toBe('alice* bob; open')
    expect(await tell(...made, 'alice opens', 'alice closes', 'bob asks')).toBe('alice*; asks bob')
  })
  it('lets an applicant who waits ask again once the group is open', async () => {
    expect(await tell(...made, 'bob asks', 'alice opens', 'bob asks')).toBe('alice* bob; open')
  })
  it('takes no vouch for another user or another device', async () => {
    const { group } = await logOf(...made)
    const phone = await device('phone')
    const laptop = await device('laptop')
    for (const forged of [await vouch('carol', phone.peer), await vouch('bob', laptop.peer), new Uint8Array(), Uint8Array.of(9, 9)]) {
      const request = await write(group, phone, { kind: 'request', user: user('bob'), vouch: forged })
      expect(() => applyEntry(group, request)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    }
  })
})

describe('who decides', () => {
  it.each(['accepts bob', 'rejects bob', 'removes alice', 'opens'])('the owner only: a member who %s is refused', async what => {
    expect(await tell(...made, 'carol asks', 'alice accepts carol', 'bob asks', `carol ${what}`)).toBe('NOT_OWNER')
  })
  it.each(['accepts bob', 'rejects bob', 'removes alice', 'opens'])('a stranger who %s is told nothing', async what => {
    expect(await tell(...made, 'bob asks', `mallory ${what}`)).toBe('NOT_FOUND')
  })
  it('any device of the owner', async () => { expect(await tell(...made, 'alice@laptop adds', 'bob asks', 'alice@laptop accepts bob')).toBe('alice*+1 bob') })
  it('a device of the owner that was not added decides nothing', async () => { expect(await tell(...made, 'bob asks', 'alice@laptop accepts bob')).toBe('NOT_FOUND') })
  it('acts in the name of the owner for decisions, of the subject for the rest', async () => {
    const { entries, group } = await logOf(...joined)
    expect(entries.map(({ entry }) => actorOf(group, entry))).toEqual(['alice', 'bob', 'alice'])
    expect(entries.map(({ entry }) => actorOf(undefined, entry))).toEqual(['alice', 'bob', undefined])
  })
})

describe('devices', () => {
  it('come to their member', async () => { expect(await tell(...joined, 'bob@phone adds')).toBe('alice* bob+1') })
  it('come once', async () => { expect(await tell(...joined, 'bob adds')).toBe('ALREADY_MEMBER') })
  it('of strangers stay out', async () => { expect(await tell(...joined, 'mallory adds')).toBe('NOT_FOUND') })
  it('serve two users of one machine', async () => { expect(await tell(...made, 'bob@alice asks', 'alice accepts bob')).toBe('alice* bob') })
})

describe('leaving', () => {
  it('takes a member out, with all devices', async () => { expect(await tell(...joined, 'bob@phone adds', 'bob leaves')).toBe('alice*; gone bob@4') })
  it('is for members', async () => {
    expect(await tell(...made, 'bob leaves')).toBe('NOT_FOUND')
    expect(await tell(...joined, 'bob@phone leaves')).toBe('NOT_FOUND')
  })
  it('hands the group to the longest-standing other member', async () => {
    expect(await tell(...three, 'alice leaves to bob')).toBe('bob* carol; gone alice@5')
    expect(successorOf((await logOf(...three)).group)).toBe('bob')
  })
  it('names no other successor', async () => {
    expect(await tell(...three, 'alice leaves to carol')).toBe('BAD_REQUEST')
    expect(await tell(...three, 'alice leaves to mallory')).toBe('BAD_REQUEST')
    expect(await tell(...three, 'alice leaves')).toBe('BAD_REQUEST')
    expect(await tell(...made, 'alice leaves to bob')).toBe('BAD_REQUEST')
    expect(await tell(...three, 'bob leaves to carol')).toBe('BAD_REQUEST')
  })
  it('starts seniority anew for who comes back', async () => {
    const back = [...three, 'bob leaves', 'bob asks', 'alice accepts bob'] as const
    expect(await tell(...back)).toBe('alice* carol bob; gone bob@5')
    expect(await tell(...back, 'alice leaves to carol')).toBe('carol* bob; gone bob@5 alice@8')
  })
  it('keeps seniority when a device is added', async () => { expect(successorOf((await logOf(...three, 'bob@phone adds')).group)).toBe('bob') })
  it('dissolves the group with its last member, and with it what was asked', async () => {
    expect(await tell(...made, 'bob asks', 'alice leaves')).toBe('dissolved; gone alice@2')
    expect(await tell(...made, 'alice leaves', 'bob asks')).toBe('NOT_FOUND')
  })
  it('ends the power of the old owner', async () => { expect(await tell(...three, 'alice leaves to bob', 'alice removes carol')).toBe('NOT_FOUND') })
})

describe('removing', () => {
  it('takes the member out, who may ask again', async () => {
    expect(await tell(...joined, 'alice removes bob')).toBe('alice*; gone bob@3')
    expect(await tell(...joined, 'alice removes bob', 'bob asks')).toBe('alice*; asks bob; gone bob@3')
  })
  it('is not for the owner, nor for who is not in', async () => {
    expect(await tell(...joined, 'alice removes alice')).toBe('OWNER_CANNOT')
    expect(await tell(...joined, 'alice removes carol')).toBe('NO_MEMBER')
  })
})

describe('the chain', () => {
  it('takes an entry only right after the one before', async () => {
    const { entries, group } = await logOf(...three)
    for (const entry of entries) expect(() => applyEntry(group, entry)).toThrow(expect.objectContaining({ code: 'GROUP_CHANGED' }))
    expect(() => foldGroup([...entries.slice(0, 2), ...entries.slice(3)])).toThrow(expect.objectContaining({ code: 'GROUP_CHANGED' }))
  })
  it('takes no second entry for one place', async () => {
    const { group } = await logOf(...made)
    const [first, second] = [await entryFor(group, 'bob asks'), await entryFor(group, 'carol asks')]
    expect(() => foldGroup([first, second], group)).toThrow(expect.objectContaining({ code: 'GROUP_CHANGED' }))
  })
  it('takes no entry of another branch', async () => {
    const { group } = await logOf(...made)
    const here = applyEntry(group, await entryFor(group, 'bob asks'))
    const there = applyEntry(group, await entryFor(group, 'carol asks'))
    const next = await entryFor(there, 'dave asks')
    expect(() => applyEntry(here, next)).toThrow(expect.objectContaining({ code: 'GROUP_CHANGED' }))
  })
  it('takes no entry of another group', async () => {
    const { group } = await logOf(...made)
    const { group: other } = await logOf('bob makes')
    const stray = await entryFor({ ...group, id: other.id }, 'carol asks')
    expect(() => applyEntry(group, stray)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
  it('gives the same group entry by entry as at once, and leaves the earlier ones as they were', async () => {
    const { entries } = await logOf(...three, 'bob leaves', 'alice removes carol')
    let group: Group | undefined
    const along: string[] = []
    const kept: Group[] = []
    for (const entry of entries) { group = applyEntry(group, entry); kept.push(group); along.push(shown(group)) }
    expect(group).toEqual(foldGroup(entries))
    expect(kept.map(shown)).toEqual(along)
  })
  it('tells of each member who ceased to be one, with the devices of then', async () => {
    const { entries } = await logOf(...three, 'bob@phone adds', 'bob leaves', 'bob asks', 'alice accepts bob', 'alice removes carol', 'alice removes bob')
    const gone: string[] = []
    foldGroup(entries, undefined, ({ user, since, devices }) => { gone.push(`${user}@${since} with ${devices.length}`) })
    expect(gone).toEqual(['bob@2 with 2', 'carol@4 with 1', 'bob@8 with 1'])
  })
  it('folds 10,000 entries in a moment', async () => {
    const { peer } = await device('alice')
    const { group, entries } = await logOf('alice makes', 'alice opens')
    const none = new Uint8Array(64)
    const later = Array.from({ length: 10_000 }, (_, i): OpenedEntry => {
      const name = user(`user-${i % 5000}`)
      const action: LogAction = i < 5000
        ? { kind: 'request', user: name, vouch: encodeVouch({ realm: realm.pin, user: name, device: peer }, none) }
        : { kind: 'remove', user: name }
      const hash = (place: number): string => place < 0 ? group.head.hash : place.toString(16).padStart(64, '0')
      const entry = { format: 1, group: group.id, seq: group.head.seq + 1 + i, prev: hash(i - 1), at: 0, actor: peer, action } as const
      return { entry, bytes: none, signed: none, signature: none, hash: hash(i) }
    })
    const began = performance.now()
    expect(foldGroup([...entries, ...later]).removed.size).toBe(5000)
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})

describe('whatever legal entries follow', () => {
  it('a group keeps one owner, members that are no applicants, and the right successor', async () => {
    const who = fc.constantFrom('alice', 'bob', 'carol', 'dave')
    const line = fc.oneof(
      who.map(name => `${name} asks`), who.map(name => `${name}@tablet adds`), fc.tuple(who, who).map(([a, b]) => `${a} accepts ${b}`),
      fc.tuple(who, who).map(([a, b]) => `${a} rejects ${b}`), fc.tuple(who, who).map(([a, b]) => `${a} removes ${b}`),
      fc.tuple(who, who).map(([a, b]) => `${a} leaves to ${b}`), who.map(name => `${name} leaves`), who.map(name => `${name} opens`), who.map(name => `${name} closes`)
    )
    await fc.assert(fc.asyncProperty(fc.array(line, { maxLength: 40 }), async lines => {
      let { group } = await logOf('alice makes', 'alice opens')
      let owner = group.owner
      for (const each of lines) {
        const opened = await entryFor(group, each)
        const expected = successorOf(group)
        try { group = applyEntry(group, opened) } catch { continue }
        expect(group.head).toEqual({ seq: opened.entry.seq, hash: opened.hash })
        expect(group.dissolved).toBe(group.members.size === 0)
        if (!group.dissolved) expect([...group.members.keys()].filter(name => name === group.owner)).toHaveLength(1)
        if (group.owner !== owner) expect([opened.entry.action.kind, group.owner]).toEqual(['leave', expected])
        owner = group.owner
        const since = [...group.members.values()].map(member => member.since)
        expect(since).toEqual(since.toSorted((a, b) => a - b))
        for (const [name, member] of group.members) {
          expect(new Set(member.devices).size).toBe(member.devices.length)
          expect(group.requests.has(name)).toBe(false)
          expect(group.removed.get(name) ?? -1).toBeLessThan(member.since)
        }
      }
    }), { numRuns: 200 })
  })
})
