/** One swarm of peers that do not all speak the same: who has no transport in common is served by who has two. Among them one who dies, one who is killed and comes back, one who lies. */
import { expect, it } from 'vitest'
import { lyingStorage } from './lying-storage.ts'
import { protocolsBetweenPeers } from './sockets.ts'
import { bytesFrom, createWorld, eventually, finished, hashOf, MiB, password, status } from './world.ts'
import type { Status } from './world.ts'

const length = 12 * MiB

it('a swarm on quic and tcp, tcp only, quic only, webrtc only, bridged by one on all: each gets an exact copy, beside a poisoner, after the sharer died', async () => {
  const world = await createWorld()
  const trackerPort = Number(new URL(world.tracker.url).port)
  const start = (name: string, transport: string, ...args: string[]): ReturnType<typeof world.user> => world.user(name, { transport, args })
  const [sharer, bridge, tcp, quic, killed, poisoner] = await Promise.all([
    start('sharer', 'quic,tcp', '--up-limit', '3MiB'), start('bridge', 'webrtc,quic,tcp'), start('tcp', 'tcp'), start('quic', 'quic'), start('webrtc', 'webrtc'),
    start('poisoner', 'tcp,webrtc', '--storage', lyingStorage(world, 'poison'))
  ])
  await world.group('crew', sharer, ['bridge', bridge], ['tcp', tcp], ['quic', quic], ['webrtc', killed], ['poisoner', poisoner])
  const file = world.file('data.bin', length)
  for (const peer of [sharer, poisoner]) await peer.run('upload_file', file, 'crew')
  const takers = { bridge, tcp, quic, webrtc: killed }
  for (const [name, peer] of Object.entries(takers)) await peer.run('download_file', 'crew', 'data.bin', world.path(`copy of ${name}`))

  const before = await eventually('something at the one on webrtc', 40_000, async () => {
    const now = await status(killed, 'data.bin')
    return now.haveBytes >= MiB ? now : undefined
  })
  expect(before.haveBytes).toBeLessThan(length)
  killed.kill()
  await killed.ended
  await finished(bridge, 'data.bin', 60_000)
  sharer.kill()
  await sharer.ended
  const webrtc = world.peer('webrtc', { transport: 'webrtc' })
  await webrtc.run('login', 'webrtc', password)

  const done: Record<string, Status> = {}
  for (const [name, peer] of Object.entries({ ...takers, webrtc })) {
    done[name] = await finished(peer, 'data.bin', 60_000)
    expect(hashOf(world.path(`copy of ${name}`))).toBe(hashOf(file))
    expect(bytesFrom(done[name], 'poisoner')).toBe(0)
  }
  const carriedBy = (name: string): readonly string[] => [...new Set(done[name]?.bytesByPeer.filter(({ bytes }) => bytes > 0).map(({ user, transport }) => `${user} ${transport}`))].sort()
  expect(carriedBy('webrtc')).toEqual(['bridge webrtc'])
  expect(done['webrtc']?.resumedBytes).toBeGreaterThanOrEqual(before.haveBytes)
  for (const name of ['tcp', 'quic']) for (const carrier of carriedBy(name)) expect(carrier).toMatch(new RegExp(`^(sharer|bridge) ${name}$`))
  expect(Object.values(done).reduce((sum, { wastedBytes }) => sum + wastedBytes, 0)).toBeGreaterThan(0)
  expect(protocolsBetweenPeers(tcp.pid, trackerPort)).toEqual(['tcp'])
  for (const peer of [quic, webrtc]) expect(protocolsBetweenPeers(peer.pid, trackerPort)).toEqual(['udp'])
}, 180_000)
