import { describe, expect, it } from 'vitest'
import { createWorld, finished, hashOf, MiB } from './world.ts'

describe('sharing a file in a group, between real processes', () => {
  it('gives one member an exact copy', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 8 * MiB + 12_345)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('got', '/'))
    const done = await finished(bob, 'data.bin')
    expect(hashOf(world.path('got', 'data.bin'))).toBe(hashOf(file))
    expect(done.bytesByPeer).toMatchObject([{ user: 'alice', bytes: 8 * MiB + 12_345, transport: 'tcp' }])
  })
})
