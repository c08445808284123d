/** Open groups as people use them, with real processes: what is open stays open when its owner is gone. */
import { describe, expect, it } from 'vitest'
import { createWorld, finished, hashOf, MiB } from './world.ts'

describe('an open group', () => {
  it('is joined, and files are exchanged in it, while its owner is gone; every listing shows it', async () => {
    const world = await createWorld()
    const alice = await world.user('alice')
    expect(await alice.run('create_group', 'crew', '--open')).toEqual([])
    expect(await alice.run('list_groups')).toEqual(['crew\talice\towner\topen'])
    alice.kill('SIGKILL')
    await alice.ended
    const [bob, carol] = await Promise.all([world.user('bob'), world.user('carol')])
    expect(await bob.run('list_groups')).toEqual(['crew\talice\tnone\topen'])
    await bob.run('join_group', 'crew')
    await carol.run('join_group', 'crew')
    expect(await carol.run('list_groups')).toEqual(['crew\talice\tmember\topen'])
    const file = world.file('data.bin', 2 * MiB)
    await bob.run('upload_file', file, 'crew', '--integrity', 'blake3')
    await carol.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await finished(carol, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    expect((await carol.run('list_files', 'crew'))[0]?.split('\t').slice(0, 3)).toEqual(['data.bin', `${2 * MiB}`, 'blake3'])
  }, 60_000)

  it('is made of another by its owner, who closes it again; a tracker that is killed in between knows which it is', async () => {
    const world = await createWorld()
    const [alice, bob, carol] = await Promise.all([world.user('alice'), world.user('bob'), world.user('carol')])
    await alice.run('create_group', 'crew')
    await bob.run('join_group', 'crew')
    await expect(bob.run('set_admission', 'crew', 'open')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(alice.run('set_admission', 'crew', 'all')).rejects.toMatchObject({ code: 'USAGE' })
    await alice.run('set_admission', 'crew', 'open')
    expect(await bob.run('list_groups')).toEqual(['crew\talice\tmember\topen'])
    await expect(bob.run('set_admission', 'crew', 'owner')).rejects.toMatchObject({ code: 'NOT_OWNER' })
    await world.restartTracker()
    await carol.run('join_group', 'crew')
    expect(await carol.run('list_groups')).toEqual(['crew\talice\tmember\topen'])
    await alice.run('set_admission', 'crew', 'owner')
    const dave = await world.user('dave')
    await dave.run('join_group', 'crew')
    expect(await dave.run('list_groups')).toEqual(['crew\talice\trequested'])
    expect((await alice.run('list_requests', 'crew')).map(line => line.split('\t')[0])).toEqual(['dave'])
  }, 60_000)
})

describe('a peer with --admission open', () => {
  it('lets in whoever asks while it runs, and at its next login those who asked meanwhile; the group is not open', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice', { args: ['--admission', 'open'] }), world.user('bob')])
    await alice.run('create_group', 'crew')
    const accepted = bob.note(/crew: you are a member now/)
    await bob.run('join_group', 'crew')
    await accepted
    expect(await bob.run('list_groups')).toEqual(['crew\talice\tmember'])
    await alice.quit()
    const carol = await world.user('carol')
    await carol.run('join_group', 'crew')
    expect(await carol.run('list_groups')).toEqual(['crew\talice\trequested'])
    const told = carol.note(/crew: you are a member now/)
    const again = world.peer('alice', { args: ['--admission', 'open'] })
    await again.run('login', 'alice', 'a password with spaces')
    await told
    expect(await carol.run('list_groups')).toEqual(['crew\talice\tmember'])
  }, 60_000)
})
