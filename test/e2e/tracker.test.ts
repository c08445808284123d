import { describe, expect, it } from 'vitest'
import { createWorld, eventually, finished, hashOf, MiB, password, status } from './world.ts'

describe('a tracker', () => {
  it('that is killed in the middle stops no running download, and needs no new login', async () => {
    const world = await createWorld()
    const alice = await world.user('alice', { args: ['--up-limit', '4MiB'] })
    const bob = await world.user('bob')
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 12 * MiB)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await eventually('a beginning', 10_000, async () => (await status(bob, 'data.bin')).haveBytes > 0)
    world.tracker.kill()
    await world.tracker.ended
    await finished(bob, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    await expect(bob.run('list_groups')).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
    await world.restartTracker()
    expect(await bob.run('list_groups')).toEqual(['crew\talice\tmember'])
    await eventually('both online again', 10_000, async () => (await bob.run('list_peers')).some(line => line.startsWith('alice\t')))
  })

  it('that is killed twenty times under writes, on one port, loses nothing it acknowledged', async () => {
    const world = await createWorld()
    const alice = await world.user('alice')
    const acknowledged: string[] = []
    const stop = new AbortController()
    const writing = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) {
        await alice.run('create_group', `g${i}`).then(() => { acknowledged.push(`g${i}`) }, (error: unknown) => {
          if (!(error instanceof Error && /TRACKER_UNREACHABLE|TRACKER_ERROR|GROUP_EXISTS/.test(error.message))) throw error
        })
      }
    })()
    for (let kill = 0; kill < 20; kill++) {
      const count = acknowledged.length
      await eventually('another write', 10_000, () => Promise.resolve(acknowledged.length > count))
      await world.restartTracker()
    }
    stop.abort()
    await writing
    const groups = new Set((await alice.run('list_groups')).map(line => line.split('\t')[0]))
    expect(acknowledged.filter(name => !groups.has(name))).toEqual([])
    expect(acknowledged.length).toBeGreaterThanOrEqual(20)
  }, 90_000)

  it('gives every peer the effect of a command that said ok: two shells alternate a hundred times without waiting', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await alice.run('upload_file', world.file('seed.bin', 10), await alice.run('create_group', 'g').then(() => 'g'))
    for (let round = 0; round < 100; round++) {
      await bob.run('join_group', 'g')
      expect(await alice.run('list_requests', 'g')).toHaveLength(1)
      await alice.run('accept_request', 'g', 'bob')
      expect(await bob.run('list_files', 'g')).toHaveLength(1)
      if (round % 2 === 0) await bob.run('leave_group', 'g')
      else await alice.run('remove_member', 'g', 'bob')
      await expect(bob.run('list_files', 'g')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  }, 60_000)

  it('shows a killed peer as gone within five seconds, and one that comes back as there', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    expect((await alice.run('list_peers'))[0]).toMatch(/^bob\t12D3KooW/)
    bob.kill()
    await bob.ended
    await eventually('bob gone', 5_000, async () => (await alice.run('list_peers')).length === 0)
    const again = world.peer('bob')
    await again.run('login', 'bob', password)
    expect((await alice.run('list_peers'))[0]).toMatch(/^bob\t12D3KooW/)
  })
})
