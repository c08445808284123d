/** Open groups: the owner's entry in the log lets people in, whether or not the owner is there. */
import type { Shoal } from 'shoal'
import { describe, expect, it, vi } from 'vitest'
import { createWorld, listed } from './world.ts'

const state = async (peer: Shoal, group = 'crew'): Promise<string | undefined> => (await peer.listGroups()).find(({ name }) => name === group)?.state
const policy = async (peer: Shoal, group = 'crew'): Promise<string | undefined> => (await peer.listGroups()).find(({ name }) => name === group)?.policy

describe('an open group', () => {
  it('lets in whoever asks while its owner is away, and they exchange files with each other', async () => {
    const world = await createWorld()
    const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
    await alice.createGroup('crew', { admission: 'open' })
    await alice.stop()
    expect(await policy(bob)).toBe('open')
    expect([await bob.joinGroup('crew'), await carol.joinGroup('crew')]).toEqual(['member', 'member'])
    await bob.share(world.file('notes', 100_000), 'crew')
    expect(await listed(carol, 'crew')).toEqual(['notes 1'])
    await (await carol.download('crew', 'notes', `${world.folder}/copy`)).finished
    await expect(bob.joinGroup('crew')).rejects.toMatchObject({ code: 'ALREADY_MEMBER' })
    await expect(bob.joinGroup('nobody')).rejects.toThrow(/^There is no group "nobody"\. Check the name with `list_groups`; `create_group` makes one\.$/)
  })

  it('is made of one that was not by its owner, who lets in those who had asked', async () => {
    const world = await createWorld()
    const [alice, bob, carol, dave] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol'), await world.peer('dave')]
    await alice.createGroup('crew')
    expect([await bob.joinGroup('crew'), await carol.joinGroup('crew')]).toEqual(['requested', 'requested'])
    await expect(bob.setAdmission('crew', 'open')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await alice.setAdmission('crew', 'open')
    expect([await state(bob), await state(carol), await alice.listRequests('crew')]).toEqual(['member', 'member', []])
    await expect(bob.setAdmission('crew', 'owner')).rejects.toMatchObject({ code: 'NOT_OWNER' })
    expect(await dave.joinGroup('crew')).toBe('member')
  })

  it('asks its owner again when it is open no more, keeping its members', async () => {
    const world = await createWorld()
    const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
    await alice.createGroup('crew', { admission: 'open' })
    await bob.joinGroup('crew')
    await alice.setAdmission('crew', 'owner')
    await alice.setAdmission('crew', 'owner')
    expect([await policy(alice), await state(bob), await carol.joinGroup('crew')]).toEqual(['owner', 'member', 'requested'])
  })

  it('is told of to its members, as is that it is open no more', async () => {
    const world = await createWorld()
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    await world.group('crew', alice, bob)
    const told: string[] = []
    const all = (async () => {
      for await (const event of bob.events()) {
        if (event.type === 'group' && ['opened', 'closed'].includes(event.change)) told.push(`${event.group} ${event.user} ${event.change}`)
        if (event.type === 'group' && event.change === 'removed') return
      }
    })()
    await alice.setAdmission('crew', 'open')
    await vi.waitFor(() => { expect(told).toEqual(['crew alice opened']) }, 5_000)
    for (const policy of ['owner', 'open', 'owner'] as const) await alice.setAdmission('crew', policy)
    await alice.removeMember('crew', 'bob')
    await all
    expect(told.at(-1)).toBe('crew alice closed')
    // what changed twice before it was heard of is told once, never the same twice
    expect(told.every((each, i) => each !== told[i - 1])).toBe(true)
  })

  it('lets in by asking once more who had asked before, when the owner went away in between', async () => {
    const world = await createWorld()
    let writes = Infinity
    // the owner's peer is cut off after the entry that opens the group
    const alice = await world.peer('alice', {
      session: inner => ({ ...inner, append: async (...args) => writes-- > 0 ? inner.append(...args) : Promise.reject(new Error('The line is cut.')) })
    })
    const bob = await world.peer('bob')
    await alice.createGroup('crew')
    expect(await bob.joinGroup('crew')).toBe('requested')
    await expect(bob.joinGroup('crew')).rejects.toMatchObject({ code: 'ALREADY_REQUESTED' })
    writes = 1
    await expect(alice.setAdmission('crew', 'open')).rejects.toThrow('The line is cut.')
    await alice.stop()
    expect([await policy(bob), await state(bob)]).toEqual(['open', 'requested'])
    expect(await bob.joinGroup('crew')).toBe('member')
  })

  it('lets in who asks once more though others come first, every time anew', async () => {
    const world = await createWorld()
    let [writes, before] = [Infinity, (): Promise<unknown> => Promise.resolve()]
    const alice = await world.peer('alice', {
      session: inner => ({ ...inner, append: async (...args) => writes-- > 0 ? inner.append(...args) : Promise.reject(new Error('The line is cut.')) })
    })
    const bob = await world.peer('bob', { session: inner => ({ ...inner, async append (...args) { await before(); return inner.append(...args) } }) })
    const [carol, dave] = [await world.peer('carol'), await world.peer('dave')]
    await alice.createGroup('crew')
    await bob.joinGroup('crew')
    writes = 1
    await alice.setAdmission('crew', 'open').catch(() => undefined)
    const first = [carol, dave]
    before = async () => first.pop()?.joinGroup('crew')
    expect(await bob.joinGroup('crew')).toBe('member')
    expect(first).toEqual([])
  })

  it('takes back a member who was removed, once they ask', async () => {
    const world = await createWorld()
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    await alice.createGroup('crew', { admission: 'open' })
    await bob.joinGroup('crew')
    await alice.removeMember('crew', 'bob')
    expect(await state(bob)).toBe('none')
    expect(await bob.joinGroup('crew')).toBe('member')
  })
})
