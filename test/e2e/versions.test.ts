import { describe, expect, it } from 'vitest'
import { createWorld, eventually, finished, hashOf, MiB, status } from './world.ts'

describe('a new version', () => {
  it('does not end a running download of the one before, which goes on while it has a source', async () => {
    const world = await createWorld()
    const alice = await world.user('alice', { args: ['--up-limit', '3MiB'] })
    const [bob, carol] = await Promise.all([world.user('bob'), world.user('carol')])
    await world.group('crew', alice, ['bob', bob], ['carol', carol])
    const [before, after] = [world.file('first.bin', 9 * MiB), world.file('second.bin', 100_000)]
    await alice.run('upload_file', before, 'crew', '--name', 'film')
    await bob.run('download_file', 'crew', 'film', world.path('old'))
    await eventually('a beginning', 10_000, async () => (await status(bob, 'film')).haveBytes > 0)
    await alice.run('upload_file', after, 'crew', '--name', 'film', '--replace')
    expect((await status(bob, 'film')).state).toBe('running')
    await carol.run('download_file', 'crew', 'film', world.path('new'))
    await Promise.all([finished(bob, 'film'), finished(carol, 'film')])
    expect(hashOf(world.path('old'))).toBe(hashOf(before))
    expect(hashOf(world.path('new'))).toBe(hashOf(after))
  })
})
