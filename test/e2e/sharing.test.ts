import { describe, expect, it } from 'vitest'
import { createWorld, finished, hashOf, MiB, status } from './world.ts'

const KiB = 1024

describe('sharing a file in a group, between real processes', () => {
  it('gives one member an exact copy', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 8 * MiB + 12_345)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', `${world.path('got')}/`)
    const done = await finished(bob, 'data.bin')
    expect(hashOf(world.path('got', 'data.bin'))).toBe(hashOf(file))
    expect(done.bytesByPeer).toMatchObject([{ user: 'alice', bytes: 8 * MiB + 12_345, transport: 'tcp' }])
  })

  it('serves many at once, from each other too, and one who joins late', async () => {
    const world = await createWorld()
    // narrow enough that nobody has it all from her before the others have met
    const alice = await world.user('alice', { args: ['--up-limit', '2MiB'] })
    const others = await Promise.all(['bob', 'carol', 'dave'].map(async name => [name, await world.user(name)] as const))
    await world.group('crew', alice, ...others)
    const file = world.file('data.bin', 12 * MiB)
    await alice.run('upload_file', file, 'crew')
    const [[, bob], [, carol], [, dave]] = others as [typeof others[0], typeof others[0], typeof others[0]]
    await Promise.all([bob, carol].map((peer, i) => peer.run('download_file', 'crew', 'data.bin', world.path(`copy${i}`))))
    await dave.run('download_file', 'crew', 'data.bin', world.path('copy2'))
    const done = await Promise.all([bob, carol, dave].map(peer => finished(peer, 'data.bin')))
    for (const i of [0, 1, 2]) expect(hashOf(world.path(`copy${i}`))).toBe(hashOf(file))
    const fromAlice = done.flatMap(({ bytesByPeer }) => bytesByPeer).filter(({ user }) => user === 'alice').reduce((sum, { bytes }) => sum + bytes, 0)
    expect(fromAlice).toBeLessThan(2.5 * 12 * MiB)
    for (const { bytesByPeer } of done) expect(bytesByPeer.some(({ user }) => user !== 'alice')).toBe(true)
  })

  it('fetches different pieces from several sharers of the same content', async () => {
    const world = await createWorld()
    const sharers = await Promise.all(['alice', 'bob', 'carol'].map(async name => [name, await world.user(name, { args: ['--up-limit', '2MiB'] })] as const))
    const dave = await world.user('dave')
    const [[, alice], ...rest] = sharers as [typeof sharers[0], ...typeof sharers]
    await world.group('crew', alice, ...rest, ['dave', dave])
    for (const [, peer] of sharers) {
      const [line] = await peer.run('upload_file', world.file('data.bin', 24 * MiB), 'crew')
      expect(line?.split('\t').at(-1)).toBe(peer === alice ? 'listed' : 'added')
    }
    await dave.run('download_file', 'crew', 'data.bin', world.path('copy'))
    const { bytesByPeer } = await finished(dave, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(world.file('data.bin', 24 * MiB)))
    expect(bytesByPeer.map(({ user }) => user).sort()).toEqual(['alice', 'bob', 'carol'])
    for (const { bytes } of bytesByPeer) expect(bytes).toBeGreaterThan(MiB)
  })

  it.each([0, 1, 128 * KiB - 1, 128 * KiB, 128 * KiB + 1])('carries a file of %i bytes', async length => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', length)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await finished(bob, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
  })

  it('carries any name that a file can have, and other schemes and piece sizes', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    const names = ['a name with  spaces.bin', 'δοκιμή-日本語-пример.bin', `${'ä'.repeat(125)}.bin`, '-rf', '#hash', '\'quote"', '$HOME', '*']
    for (const name of names) {
      await alice.run('upload_file', world.file(name, 1_000), 'crew', '--integrity', 'sha1', '--piece-size', '16KiB')
      await bob.run('download_file', 'crew', name, `${world.path('got')}/`)
    }
    for (const name of names) {
      await finished(bob, name)
      expect(hashOf(world.path('got', name))).toBe(hashOf(world.file(name, 1_000)))
    }
    expect((await bob.run('list_files', 'crew')).every(line => line.split('\t')[2] === 'sha1')).toBe(true)
  })

  it('shares in place: the file is neither copied nor changed, and a changed one is withdrawn, not served', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    await alice.run('upload_file', world.file('data.bin', 4 * MiB), 'crew')
    world.file('data.bin', 4 * MiB, 'other bytes')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await alice.note(/SOURCE_CHANGED/)
    expect((await status(bob, 'data.bin')).haveBytes).toBe(0)
    expect((await alice.run('list_shares')).join()).toContain('SOURCE_CHANGED')
  })
})
