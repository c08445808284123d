/** Members who harm: real processes whose storage, a plugin by path, lies. Beside one honest source they cost time, never correctness. */
import { describe, expect, it } from 'vitest'
import { lyingStorage } from './lying-storage.ts'
import { bytesFrom, createWorld, finished, hashOf, MiB } from './world.ts'

describe('beside an honest source', () => {
  it.each([
    ['a poisoner, who sends other bytes', 'poison', 'tcp'],
    ['a poisoner, who sends other bytes', 'poison', 'quic'],
    ['a poisoner, who sends other bytes', 'poison', 'webrtc'],
    ['a staller, who promises and never sends', 'stall', 'tcp'],
    ['a liar, who claims what it does not have', 'nothing', 'tcp']
  ] as const)('%s (%s) costs time, never correctness: over %s', async (_, lie, transport) => {
    const world = await createWorld()
    const [honest, bad, taker] = await Promise.all([
      world.user('honest', { transport, args: ['--up-limit', '4MiB'] }), world.user('bad', { transport, args: ['--storage', lyingStorage(world, lie)] }), world.user('taker', { transport })
    ])
    await world.group('crew', honest, ['bad', bad], ['taker', taker])
    const file = world.file('data.bin', 8 * MiB)
    await honest.run('upload_file', file, 'crew')
    await bad.run('upload_file', file, 'crew')
    await taker.run('download_file', 'crew', 'data.bin', world.path('copy'))
    const done = await finished(taker, 'data.bin', 25_000)
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    expect(bytesFrom(done, 'honest')).toBe(8 * MiB)
    expect(done.bytesByPeer.every(({ transport: by, bytes }) => bytes === 0 || by === transport)).toBe(true)
    expect(done.wastedBytes).toBeLessThanOrEqual(8 * MiB)
    if (lie === 'poison') expect(done.wastedBytes).toBeGreaterThan(0)
  }, 60_000)
})
