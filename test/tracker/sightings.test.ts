import { describe, expect, it } from 'vitest'
import type { Announced, ContentId, Group, GroupId, GroupName, PeerId, Sighting, UserName } from '../../src/contract/index.ts'
import { presence } from '../../src/tracker/presence.ts'
import { sightingsFor, tellOthers } from '../../src/tracker/sightings.ts'
import { virtualClock } from './virtual-clock.ts'

const id = 'g' as GroupId
const group = (...users: readonly string[]): Group => ({
  id, name: 'photos' as GroupName, owner: 'alice' as UserName, policy: 'owner', requests: new Map(), removed: new Map(), head: { seq: 0, hash: '' }, dissolved: false,
  members: new Map(users.map(user => [user as UserName, { user: user as UserName, since: 0, devices: [] }]))
})
const item = (content: string, role: Announced['role']): Announced => ({ group: id, content: content as ContentId, role })

const scene = () => {
  const here = presence(virtualClock(0), { online: () => undefined, offline: () => undefined })
  const announce = (user: string, ...items: readonly Announced[]) => {
    const device = here.enter({ user: user as UserName, device: `${user}'s` as PeerId, sessionId: user }, true)
    for (const each of items) here.announce(device, each)
    return device
  }
  const told: string[] = []
  const tell = (peer: PeerId, { user, role, content }: Sighting): void => { told.push(`${peer}: ${user} ${role} ${content}`) }
  return { here, announce, told, tell }
}
const named = (sightings: readonly Sighting[]): readonly string[] => sightings.map(({ user, role, content }) => `${user} ${role} ${content}`).sort()

describe('sightings', () => {
  it('name nobody who is no member, and are told to nobody who is none, though their announcement is still there', () => {
    const { here, announce, told, tell } = scene()
    const alice = announce('alice', item('c', 'wanter'))
    announce('bob', item('c', 'source'))
    announce('gone', item('c', 'source'))
    const groups = new Map([[id, group('alice', 'bob')]])
    expect(named(sightingsFor(here, groups, alice, [item('c', 'wanter')], [], Math.random))).toEqual(['bob source c'])
    tellOthers(here, groups, alice, [item('c', 'wanter')], Math.random, tell)
    expect(told).toEqual(['bob\'s: alice wanter c'])
  })

  it('are of no group that the asker is not in', () => {
    const { here, announce, told, tell } = scene()
    const alice = announce('alice', item('c', 'wanter'))
    announce('bob', item('c', 'source'))
    expect(sightingsFor(here, new Map(), alice, [item('c', 'wanter')], [item('c', 'wanter')], Math.random)).toEqual([])
    tellOthers(here, new Map(), alice, [item('c', 'wanter')], Math.random, tell)
    expect(told).toEqual([])
  })

  it('bring at least one who wants together with another', () => {
    const { here, announce } = scene()
    const groups = new Map([[id, group('alice', 'source', 'wanter')]])
    announce('source', item('c', 'source'))
    announce('wanter', item('c', 'wanter'))
    const ask = (role: Announced['role']): readonly string[] => {
      const alice = announce('alice', item('c', role))
      return named(sightingsFor(here, groups, alice, [item('c', role)], [], Math.random))
    }
    expect(ask('wanter')).toEqual(['source source c', 'wanter wanter c'])
    expect(ask('source')).toEqual(['wanter wanter c'])
  })

  it('are first of what is sought, when there are more than can be told', () => {
    const { here, announce } = scene()
    const users = Array.from({ length: 80 }, (_, i) => `user-${i}`)
    for (const [i, user] of users.entries()) announce(user, i < 60 ? item('common', 'source') : item('rare', 'source'))
    const mine = [item('common', 'wanter'), item('rare', 'wanter')]
    const alice = announce('alice', ...mine)
    const groups = new Map([[id, group('alice', ...users)]])
    const sightings = sightingsFor(here, groups, alice, mine, [{ group: id, content: 'rare' as ContentId }], Math.random)
    expect(sightings).toHaveLength(50)
    expect(new Set(sightings.map(({ peer }) => peer)).size).toBe(50)
    expect(sightings.filter(({ content }) => content === 'rare')).toHaveLength(20)
  })

  it('are of what was announced alone, however much is sought', () => {
    const { here, announce } = scene()
    announce('bob', item('c', 'source'))
    const alice = announce('alice')
    expect(sightingsFor(here, new Map([[id, group('alice', 'bob')]]), alice, [], [item('c', 'wanter')], Math.random)).toEqual([])
  })
})
