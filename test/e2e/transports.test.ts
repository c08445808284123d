/** The main job on each transport: one shares, two download from the sharer and from each other, one of them through a kill. What carried it is read from the kernel. */
import { describe, expect, it } from 'vitest'
import { protocolsBetweenPeers } from './sockets.ts'
import { bytesFrom, carriers, createWorld, eventually, finished, hashOf, listed, MiB, password, status, transports } from './world.ts'

const length = 12 * MiB

describe.each(transports)('the main job over %s', transport => {
  it('gives two an exact copy, from each other too, through a kill -9 of one, and no other transport carries a byte', async () => {
    const world = await createWorld()
    const trackerPort = Number(new URL(world.tracker.url).port)
    const [alice, bob, killed] = await Promise.all([world.user('alice', { transport, args: ['--up-limit', '3MiB'] }), world.user('bob', { transport }), world.user('carol', { transport })])
    await world.group('crew', alice, ['bob', bob], ['carol', killed])
    const file = world.file('data.bin', length)
    await alice.run('upload_file', file, 'crew')
    await Promise.all([bob, killed].map((peer, i) => peer.run('download_file', 'crew', 'data.bin', world.path(`copy${i}`))))

    const before = await eventually('a quarter of it at carol', 40_000, async () => {
      const now = await status(killed, 'data.bin')
      return now.haveBytes >= length / 4 ? now : undefined
    })
    expect(before.state).toBe('running')
    expect(before.transports).toEqual([transport])
    await eventually('that all are linked', 10_000, async () => (await carriers(bob)).join() === `alice ${transport},carol ${transport}`)
    for (const { address } of (await listed(bob)).filter(({ link }) => link === 'open')) expect(address).toContain({ tcp: '/tcp/', quic: '/quic-v1', webrtc: '/webrtc-direct' }[transport])
    for (const peer of [alice, bob, killed]) expect(protocolsBetweenPeers(peer.pid, trackerPort)).toEqual([transport === 'tcp' ? 'tcp' : 'udp'])

    killed.kill()
    await killed.ended
    const carol = world.peer('carol', { transport })
    await carol.run('login', 'carol', password)
    for (const [i, peer] of [bob, carol].entries()) {
      const done = await finished(peer, 'data.bin', 40_000)
      if (peer === carol) expect(done.resumedBytes).toBeGreaterThanOrEqual(before.haveBytes)
      expect(hashOf(world.path(`copy${i}`))).toBe(hashOf(file))
      expect(done.bytesByPeer.map(({ transport }) => transport)).toEqual(done.bytesByPeer.map(() => transport))
      if (peer === carol) expect(bytesFrom(done, 'bob')).toBeGreaterThan(0)
      expect(protocolsBetweenPeers(peer.pid, trackerPort)).toEqual([transport === 'tcp' ? 'tcp' : 'udp'])
    }
  }, 120_000)
})
