import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createWorld, eventually, finished, hashOf, MiB } from './world.ts'
import type { TrackerProcess } from './world.ts'

/** The addresses of libp2p that a tracker prints after that of HTTPS. */
const addressesOf = async (tracker: TrackerProcess): Promise<readonly string[]> => {
  const addresses: string[] = []
  for (let line = await tracker.line(); line.startsWith('/'); line = await tracker.line()) addresses.push(line)
  return addresses
}

const over = (addresses: readonly string[], part: string): string => addresses.find(address => address.includes(part)) ?? ''

describe('a tracker over libp2p', () => {
  it('is given by an address that it prints for each transport, and is the same one as over HTTPS', async () => {
    const world = await createWorld()
    const addresses = await addressesOf(world.tracker)
    const end = /\/p2p\/12D3\w+#sha256=[0-9a-f]{64}$/
    expect(addresses.map(address => address.replace(end, '').replace(/(?<=\/(?:tcp|udp)\/)\d+/, 'N').replace(/uEi[\w-]+/, 'HASH'))).toEqual([
      '/ip4/127.0.0.1/tcp/N', '/ip4/127.0.0.1/udp/N/quic-v1', '/ip4/127.0.0.1/udp/N/webrtc-direct/certhash/HASH'
    ])
    expect(addresses.every(address => end.test(address))).toBe(true)
    const alice = await world.user('alice')
    await alice.run('create_group', 'crew')
    for (const [name, part] of [['tess', '/tcp/'], ['quentin', '/quic-v1/'], ['wendy', '/webrtc-direct/']] as const) {
      const where = over(addresses, part)
      const peer = await world.user(name, { tracker: where, args: ['--transport', part === '/tcp/' ? 'tcp' : part === '/quic-v1/' ? 'quic,tcp' : 'webrtc,tcp'] })
      await peer.run('join_group', 'crew')
      await alice.run('accept_request', 'crew', name)
      const file = world.file(`${name}.bin`, MiB)
      await peer.run('upload_file', file, 'crew')
      await alice.run('download_file', 'crew', `${name}.bin`, world.path(`from-${name}`))
      await finished(alice, `${name}.bin`)
      expect(hashOf(world.path(`from-${name}`))).toBe(hashOf(file))
      peer.kill('SIGTERM')
      expect(await peer.ended).toEqual({ code: 0, signal: null })
    }
  }, 90_000)

  it('has the same addresses after it was killed, and its peers go on without a new login', async () => {
    const world = await createWorld()
    const before = await addressesOf(world.tracker)
    const alice = await world.user('alice', { tracker: over(before, '/tcp/') })
    const bob = await world.user('bob', { tracker: over(before, '/quic-v1/') })
    await world.group('crew', alice, ['bob', bob])
    for (let kill = 0; kill < 3; kill++) {
      await world.restartTracker()
      expect(await addressesOf(world.tracker)).toEqual(before)
      expect(await alice.run('list_groups')).toEqual(['crew\talice\towner'])
      await eventually('bob is told as online', 20_000, async () => (await alice.run('list_peers')).some(line => line.startsWith('bob\t')))
    }
    await alice.run('upload_file', world.file('data.bin', MiB), 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await finished(bob, 'data.bin')
  }, 90_000)

  it('is taken from a file with lines of both kinds: the first that answers', async () => {
    const world = await createWorld()
    const address = over(await addressesOf(world.tracker), '/tcp/')
    writeFileSync(world.path('info.txt'), `127.0.0.1:9\n${address}\n`)
    const alice = await world.user('alice', { tracker: world.path('info.txt') })
    expect((await alice.run('list_groups'))).toEqual([])
    const wrong = address.replace(/12D3\w+/, '12D3KooWGQmdpzHXCqLno4mMxWXKNFQHASBeF99gTm2JR8Vu5Bdc')
    const bob = world.peer('bob', { tracker: wrong })
    await expect(bob.run('create_user', 'bob', 'x')).rejects.toMatchObject({ code: 'TRACKER_KEY_CHANGED' })
  }, 90_000)
})
