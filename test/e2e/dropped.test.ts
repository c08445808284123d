/** A firewall that swallows what the preferred transport sends: the next one carries the download, soon, and the peer says so. */
import { expect, it } from 'vitest'
import { createNamespaces, whyNoNamespaces } from './namespaces.ts'
import { carriers, createWorld, eventually, finished, hashOf, MiB, status } from './world.ts'
import type { Peer } from './world.ts'

/** The next transport is tried within 2 s; the rest is for what comes before and after that. */
const beginsWithinMs = 4_000

const port = async (peer: Peer): Promise<string> => (await peer.run('whoami')).join('\t').match(/\/(?:tcp|udp)\/(\d+)/)?.[1] ?? ''

const cases = [['quic', 'tcp', 'udp'], ['tcp', 'quic', 'tcp'], ['webrtc', 'tcp', 'udp']] as const

it.for(cases)('%s is dropped without a word: %s carries it', { timeout: 60_000 }, async ([preferred, next, protocol], context) => {
  const why = whyNoNamespaces('iptables')
  if (why !== undefined) { context.skip(why); return }
  const space = createNamespaces().space('drop')
  const world = await createWorld({ tracker: { listen: '127.0.0.1:0', through: space.through } })
  const options = { transport: `${preferred},${next}`, through: space.through }
  const [alice, bob] = await Promise.all([world.user('alice', options), world.user('bob', options)])
  await world.group('crew', alice, ['bob', bob])
  const drop = protocol === 'udp' ? [[]] : await Promise.all([alice, bob].map(async peer => ['--dport', await port(peer)]))
  for (const more of drop) space.run('iptables', '-A', 'INPUT', '-p', protocol, ...more, '-j', 'DROP')
  const file = world.file('data.bin', MiB)
  await alice.run('upload_file', file, 'crew')
  await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
  const from = performance.now()
  await eventually('the first bytes', 20_000, async () => (await status(bob, 'data.bin')).haveBytes > 0)
  expect(performance.now() - from).toBeLessThan(beginsWithinMs)
  expect(await carriers(bob)).toEqual([`alice ${next}`])
  const { bytesByPeer } = await finished(bob, 'data.bin')
  expect(bytesByPeer).toMatchObject([{ user: 'alice', transport: next }])
  expect(hashOf(world.path('copy'))).toBe(hashOf(file))
})
