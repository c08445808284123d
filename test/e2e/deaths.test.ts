import { describe, expect, it } from 'vitest'
import { bytesOf, createWorld, eventually, finished, hashOf, MiB, password, status } from './world.ts'
import type { Peer, World } from './world.ts'

const limited = (rate: string): { args: string[] } => ({ args: ['--up-limit', rate] })
const half = (peer: Peer, file: string, part = 0.5): Promise<unknown> => eventually(`${part} of ${file}`, 20_000, async () => {
  const { haveBytes, length } = await status(peer, file)
  return haveBytes >= part * length
})
const port = async (peer: Peer): Promise<string> => (await peer.run('whoami')).join('\t').match(/\/ip4\/127\.0\.0\.1\/tcp\/(\d+)/)?.[1] ?? ''
const copyIsExact = (world: World, name: string): void => { expect(hashOf(world.path(name))).toBe(hashOf(world.path('files', 'data.bin'))) }

describe('sources and downloaders that die', () => {
  it('leave a downloader who serves what it has: B gets half of the file from A, who is not done', async () => {
    const world = await createWorld()
    const alice = await world.user('alice', limited('6MiB'))
    const [bob, carol] = await Promise.all([world.user('bob'), world.user('carol')])
    await world.group('crew', alice, ['bob', bob], ['carol', carol])
    const where = await port(alice)
    await alice.run('upload_file', world.file('data.bin', 16 * MiB), 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('bob.bin'))
    await half(bob, 'data.bin')
    alice.kill()
    await alice.ended
    const { haveBytes } = await status(bob, 'data.bin')
    expect(haveBytes).toBeLessThan(16 * MiB)
    await carol.run('download_file', 'crew', 'data.bin', world.path('carol.bin'))
    await eventually('all that bob has at carol', 20_000, async () => (await status(carol, 'data.bin')).haveBytes >= (await status(bob, 'data.bin')).haveBytes)
    const then = await status(carol, 'data.bin')
    expect(then.bytesByPeer.map(({ user }) => user)).toEqual(['bob'])
    await eventually('that bob says what he waits for', 15_000, async () => /^\[D\] crew data\.bin\t.*waiting for a source: shared by alice/.test((await bob.run('show_downloads'))[0] ?? ''))

    const again = world.peer('alice', { listen: `127.0.0.1:${where}` })
    await again.run('login', 'alice', password)
    await Promise.all([finished(bob, 'data.bin'), finished(carol, 'data.bin')])
    copyIsExact(world, 'bob.bin')
    copyIsExact(world, 'carol.bin')
  }, 90_000)

  it('that log out and in again are used again, without a command of the downloader', async () => {
    const world = await createWorld()
    const alice = await world.user('alice', limited('4MiB'))
    const bob = await world.user('bob')
    await world.group('crew', alice, ['bob', bob])
    await alice.run('upload_file', world.file('data.bin', 8 * MiB), 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await half(bob, 'data.bin', 0.2)
    await alice.run('logout')
    await eventually('that bob waits', 10_000, async () => (await status(bob, 'data.bin')).waiting?.startsWith('waiting for a source'))
    expect((await bob.run('list_files', 'crew'))[0]?.split('\t').slice(4, 6)).toEqual(['1', '0'])
    await alice.run('login', 'alice', password)
    await eventually('bytes again', 5_000, async () => (await status(bob, 'data.bin')).sources > 0)
    await finished(bob, 'data.bin')
    copyIsExact(world, 'copy')
  }, 90_000)

  it.each([['tcp', 10], ['quic', 3], ['webrtc', 3]] as const)('resume after kill -9 at random points: little is fetched twice, nothing hashed twice (%s, %i times)', async (transport, kills) => {
    const world = await createWorld()
    const alice = await world.user('alice', { transport, ...limited('12MiB') })
    const length = kills * 2.5 * MiB
    let bob = await world.user('bob', { transport })
    await world.group('crew', alice, ['bob', bob])
    await alice.run('upload_file', world.file('data.bin', length), 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    let fetched = 0
    let before = 0
    const chance = bytesOf('kill points', kills)
    for (let kill = 0; kill < kills; kill++) {
      const target = Math.min(length, length * (kill + 0.2 + (chance[kill] ?? 0) / 400) / kills)
      const last = await eventually(`${target} bytes`, 20_000, async () => {
        const now = await status(bob, 'data.bin')
        return now.haveBytes >= target || now.state === 'complete' ? now : undefined
      })
      expect(last.hashedBytes).toBe(0)
      fetched += last.fetchedBytes - before
      bob.kill()
      await bob.ended
      bob = world.peer('bob', { transport })
      await bob.run('login', 'bob', password)
      before = (await status(bob, 'data.bin')).fetchedBytes
      await eventually('a source again, though that one has not noticed the kill', 6_000, async () => {
        const { sources, state } = await status(bob, 'data.bin')
        return sources > 0 || state === 'complete'
      })
    }
    const done = await finished(bob, 'data.bin')
    fetched += done.fetchedBytes - before
    copyIsExact(world, 'copy')
    expect(fetched).toBeLessThanOrEqual(length + kills * 4 * MiB)
    expect(done.hashedBytes).toBe(0)
  }, 90_000)
})
