/** Shares through every race that a user, a login and a tracker can make of them. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import type { Shoal, TrackerSession } from '../../src/contract/index.ts'
import { faults } from '../../src/testing/index.ts'
import { createWorld, gate, gated, KiB, listed, password } from './world.ts'

const length = 700 * KiB

const away = (): ShoalError => new ShoalError('TRACKER_UNREACHABLE', 'The tracker is said to be away. Wait.')

const failed = async (peer: Shoal): Promise<{ readonly name: string, readonly code: string }> => {
  for await (const event of peer.events()) if (event.type === 'share') return event
  throw new Error('no share failed')
}

describe('a share', () => {
  it('of one file that is ordered several times at once is one share', async () => {
    const world = await createWorld()
    const ann = await world.peer('ann')
    await world.group('films', ann)
    const path = world.file('a.bin', length)
    await Promise.all([1, 2, 3].map(() => ann.share(path, 'films')))
    expect(ann.shares()).toHaveLength(1)
    await ann.logout()
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 0 })
    await ann.stopShare('films', 'a.bin')
    expect(await listed(ann, 'films')).toEqual([])
  })

  it('of one content in two groups is cut alike in both, whatever piece size is asked for: it is one transfer', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    await world.group('music', ann, bob)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films', { pieceSize: 64 * KiB })
    await ann.share(path, 'music', { pieceSize: 256 * KiB, name: 'b.bin' })
    for (const [group, file] of [['films', 'a.bin'], ['music', 'b.bin']] as const) {
      for await (const { versions } of bob.listFiles(group)) expect(versions[0]?.manifest.pieceLength).toBe(64 * KiB)
      await (await bob.download(group, file, join(world.folder, `copy-${file}`))).finished
      expect(readFileSync(join(world.folder, `copy-${file}`)).equals(readFileSync(path))).toBe(true)
    }
  })

  it('whose user logs out while it is listed is not served to nobody: the next login takes it up', async () => {
    const world = await createWorld()
    const held = gate()
    let isHeld = true
    const [ann, bob] = [await world.peer('ann', { session: session => isHeld ? gated(session, 'share', held.pass) : session }), await world.peer('bob')]
    await world.group('films', ann, bob)
    const sharing = ann.share(world.file('a.bin', length), 'films')
    const refused = expect(sharing).rejects.toMatchObject({ code: 'STOPPED' })
    await held.reached
    const logout = ann.logout()
    held.open()
    await logout
    await refused
    expect(() => ann.downloads()).toThrow('Nobody is logged in')
    isHeld = false
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 0 })
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
  })

  it('that the tracker could not be told of at the login is served, and listed when it answers', async () => {
    const world = await createWorld()
    let isAway = false
    const told = Promise.withResolvers<void>()
    const unreachable = (session: TrackerSession): TrackerSession => {
      const failing = faults.failing(session, { method: 'share', when: () => isAway, error: away })
      return { ...failing, user: session.user, device: session.device, vouch: session.vouch, async share (...args) {
        const as = await failing.share(...args)
        if (args[1].name === 'a.bin') told.resolve()
        return as
      } }
    }
    const [ann, bob] = [await world.peer('ann', { session: unreachable }), await world.peer('bob')]
    await world.group('films', ann, bob)
    await ann.share(world.file('a.bin', length), 'films')
    await ann.logout()
    isAway = true
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 0 })
    expect(ann.shares()).toMatchObject([{ name: 'a.bin' }])
    expect(ann.shares()[0]).not.toHaveProperty('error')
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
    isAway = false
    await told.promise
  })

  it('that the tracker refused is forgotten, and one that stood before stays', async () => {
    const world = await createWorld()
    let code: 'LIMIT_REACHED' | undefined
    const session = (real: TrackerSession): TrackerSession => faults.failing(real, { method: 'share', when: () => code !== undefined, error: () => new ShoalError(code ?? 'BUG', 'Refused.') })
    const [ann, bob] = [await world.peer('ann', { session }), await world.peer('bob')]
    await world.group('films', ann, bob)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films')
    code = 'LIMIT_REACHED'
    await expect(ann.share(path, 'films')).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
    await expect(ann.share(world.file('b.bin', length), 'films')).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
    code = undefined
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
    await ann.logout()
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 0 })
  })

  it('of many files is taken up by a login some at a time', async () => {
    const world = await createWorld()
    let [now, most] = [0, 0]
    const session = (real: TrackerSession): TrackerSession => gated(real, 'share', async () => {
      most = Math.max(most, ++now)
      await new Promise(resolve => { setImmediate(resolve) })
      now--
    })
    const ann = await world.peer('ann', { session })
    await world.group('films', ann)
    for (let i = 0; i < 60; i++) await ann.share(world.file(`${i}`, 100 + i), 'films')
    await ann.logout()
    most = 0
    expect(await ann.login('ann', password)).toMatchObject({ shares: 60, failedShares: 0 })
    expect(most).toBeGreaterThan(4)
    expect(most).toBeLessThanOrEqual(16)
  })
})

describe('a file that changed', () => {
  it('as an older version leaves the newer one listed and served', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    const [one, two] = [world.file('one', length), world.file('two', length)]
    await ann.share(one, 'films', { name: 'a.bin' })
    await ann.logout()
    const old = await bob.download('films', 'a.bin', join(world.folder, 'old/'))
    await ann.login('ann', password)
    await old.finished
    await ann.share(two, 'films', { name: 'a.bin', replace: true })
    await ann.logout()
    writeFileSync(one, 'changed')
    const told = failed(ann)
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 1 })
    expect(await told).toMatchObject({ name: 'a.bin', code: 'SOURCE_CHANGED' })
    await (await bob.download('films', 'a.bin', join(world.folder, 'new/'))).finished
    expect(readFileSync(join(world.folder, 'new/a.bin')).equals(readFileSync(two))).toBe(true)
  })

  it('as the newest version leaves an older one listed and served', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    const [one, two] = [world.file('one', length), world.file('two', length)]
    await ann.share(one, 'films', { name: 'a.bin' })
    await ann.share(two, 'films', { name: 'a.bin', replace: true })
    await ann.logout()
    rmSync(two)
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 1 })
    expect(await listed(ann, 'films')).toEqual(['a.bin 1'])
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
    expect(readFileSync(join(world.folder, 'to/a.bin')).equals(readFileSync(one))).toBe(true)
  })

  it('and is shared again with --replace is served as it is now, and as it was no more', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    const path = world.file('a.bin', length)
    await ann.share(path, 'films')
    world.file('a.bin', length, 'another')
    await ann.share(path, 'films', { replace: true })
    expect(ann.shares()).toHaveLength(1)
    await (await bob.download('films', 'a.bin', join(world.folder, 'to/'))).finished
    expect(readFileSync(join(world.folder, 'to/a.bin')).equals(readFileSync(path))).toBe(true)
    await ann.logout()
    expect(await ann.login('ann', password)).toMatchObject({ shares: 1, failedShares: 0 })
  })

  it('leaves the same content that is shared from another path served', async () => {
    const world = await createWorld()
    const [ann, bob] = [await world.peer('ann'), await world.peer('bob')]
    await world.group('films', ann, bob)
    const [one, two] = [world.file('one', length, 'same'), world.file('two', length, 'same')]
    await ann.share(one, 'films')
    await ann.share(two, 'films')
    writeFileSync(one, 'changed')
    const told = failed(ann)
    await (await bob.download('films', 'two', join(world.folder, 'to/'))).finished
    expect(await told).toMatchObject({ name: 'one', code: 'SOURCE_CHANGED' })
    expect(ann.shares().filter(({ error }) => error === undefined)).toMatchObject([{ name: 'two' }])
    expect(readFileSync(join(world.folder, 'to/two')).equals(readFileSync(two))).toBe(true)
  })
})
