/** Logins that fail, overlap and end in the middle: what they leave behind, and that the next one works. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import { faults } from '../../src/testing/index.ts'
import { createWorld, gate, gated, KiB, password } from './world.ts'

const away = (): ShoalError => new ShoalError('TRACKER_UNREACHABLE', 'The tracker is said to be away. Wait.')

describe('a login', () => {
  it('that loses the tracker on its way leaves nobody logged in, and the next one works', async () => {
    const world = await createWorld()
    let isAway = true
    const ann = await world.bare({ session: session => faults.failing(session, { method: 'groups', when: () => isAway, error: away }) })
    await ann.createUser('ann', password)
    await expect(ann.login('ann', password)).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
    expect(ann.user).toBeUndefined()
    isAway = false
    await ann.login('ann', password)
    expect(ann.user).toBe('ann')
    await ann.createGroup('films')
  })

  it('is ended by a logout, and nobody is logged in before it is whole', async () => {
    const world = await createWorld()
    const held = gate()
    let isHeld = true
    const ann = await world.bare({ session: session => isHeld ? gated(session, 'groups', held.pass) : session })
    await ann.createUser('ann', password)
    const login = expect(ann.login('ann', password)).rejects.toMatchObject({ code: 'STOPPED' })
    await held.reached
    expect(ann.user).toBeUndefined()
    expect(() => ann.downloads()).toThrow('Nobody is logged in')
    const logout = ann.logout()
    held.open()
    await Promise.all([login, logout])
    expect(ann.user).toBeUndefined()
    isHeld = false
    await ann.login('ann', password)
  })

  it('is ended by a stop, which gives the same promise twice, and after which there is none', async () => {
    const world = await createWorld()
    const held = gate()
    const ann = await world.bare({ session: session => gated(session, 'groups', held.pass) })
    await ann.createUser('ann', password)
    const login = expect(ann.login('ann', password)).rejects.toMatchObject({ code: 'STOPPED' })
    await held.reached
    const stopping = ann.stop()
    expect(ann.stop()).toBe(stopping)
    held.open()
    await Promise.all([login, stopping])
    await expect(ann.login('ann', password)).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('that is ordered twice at once happens once', async () => {
    const world = await createWorld()
    const ann = await world.bare()
    await ann.createUser('ann', password)
    const results = await Promise.allSettled([ann.login('ann', password), ann.login('ann', password)])
    expect(results.map(result => result.status === 'rejected' ? (result.reason as ShoalError).code : 'ok')).toEqual(['ok', 'ALREADY_LOGGED_IN'])
  })

  it('that is aborted rejects with the reason, and the next one works', async () => {
    const world = await createWorld()
    const held = gate()
    let isHeld = true
    const ann = await world.bare({ session: session => isHeld ? gated(session, 'groups', held.pass) : session })
    await ann.createUser('ann', password)
    const abort = new AbortController()
    const reason = new Error('The user pressed Ctrl-C.')
    const login = expect(ann.login('ann', password, { signal: abort.signal })).rejects.toBe(reason)
    await held.reached
    abort.abort(reason)
    held.open()
    await login
    isHeld = false
    await ann.login('ann', password)
  })
})

describe('a logout', () => {
  it('ends everything, also when the profile cannot be written, and says so', async () => {
    const world = await createWorld()
    let isBroken = false
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob', {
      state: state => faults.failing(state, { method: 'txn', when: () => isBroken, error: () => new ShoalError('STATE_FAILED', 'The disk is said to be broken.') })
    })]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', 700 * KiB), 'films')
    await ann.logout()
    const download = await bob.download('films', 'a.bin', join(world.folder, 'to/'))
    const ended = expect(download.finished).rejects.toMatchObject({ code: 'STOPPED' })
    isBroken = true
    await expect(bob.logout()).rejects.toMatchObject({ code: 'STATE_FAILED' })
    await ended
    isBroken = false
    await ann.login('ann', password)
    const complete = Promise.withResolvers<void>()
    void (async () => { for await (const event of bob.events()) if (event.type === 'download' && event.change === 'complete') complete.resolve() })()
    await bob.login('bob', password)
    await complete.promise
  })

  it('is refused when nobody is logged in', async () => {
    const world = await createWorld()
    await expect((await world.bare()).logout()).rejects.toMatchObject({ code: 'NOT_LOGGED_IN' })
  })
})

describe('a member who left a group and is back', () => {
  it('is served at once, by peers who know that it had left', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', 700 * KiB), 'films')
    await (await bob.download('films', 'a.bin', join(world.folder, 'one/'))).finished
    await bob.leaveGroup('films')
    await bob.joinGroup('films')
    await ann.acceptRequest('films', 'bob')
    await ann.share(world.file('b.bin', 700 * KiB), 'films')
    await (await bob.download('films', 'b.bin', join(world.folder, 'two/'))).finished
  })
})
