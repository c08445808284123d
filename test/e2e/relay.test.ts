import { describe, expect, it } from 'vitest'
import { createNamespaces, whyNoNamespaces } from './namespaces.ts'
import type { Namespaces, Space } from './namespaces.ts'
import { createWorld, drive, eventually, finished, hashOf, MiB, status } from './world.ts'
import type { Driven, World } from './world.ts'

const why = whyNoNamespaces('nft', 'ss', 'turnserver')
/** Of the machine in the middle: reached by all, hands on nothing by itself. */
const middle = '10.77.0.1'

/** A `shoal relay` that accepts connections. */
const startRelay = async (world: World, space: Space, ...args: readonly string[]): Promise<Driven & { readonly address: string }> => {
  const relay = world.keep('relay', drive(['relay', world.tracker.url, '--listen', `${middle}:0`, '--debug', ...args], { home: world.path('relay'), through: space.through }))
  return { ...relay, address: await relay.line() }
}

/** Remote ends of the sockets that processes in a space hold, TCP and UDP, other than on the loopback interface. */
const remotes = (space: Space): readonly string[] => space.run('ss', '-Htun', 'state', 'established')
  .split('\n').map(line => line.trim().split(/\s+/).at(-1)?.replace(/:\d+$/, '') ?? '').filter(remote => remote !== '' && remote !== '127.0.0.1')

/** Two machines, each behind a router of its own that masquerades: neither can be dialed from outside. */
const behindRouters = (net: Namespaces): { readonly hub: Space, readonly left: Space, readonly right: Space } => {
  const hub = net.space('hub')
  hub.address(middle)
  hub.forward()
  const home = (side: string, outside: string, inside: string): Space => {
    const [router, machine] = [net.space(`${side}nat`), net.space(side)]
    net.cable(hub, router, outside)
    router.route('default', `${outside}.1`)
    router.masquerade('hub')
    net.cable(router, machine, inside)
    machine.route('default', `${inside}.1`)
    return machine
  }
  return { hub, left: home('left', '10.77.1', '192.168.1'), right: home('right', '10.77.2', '192.168.2') }
}

/** Two machines with a cable to the middle each, and no way from one to the other. */
const apart = (net: Namespaces): { readonly hub: Space, readonly left: Space, readonly right: Space } => {
  const [hub, left, right] = [net.space('hub'), net.space('left'), net.space('right')]
  hub.address(middle)
  net.cable(hub, left, '10.77.1')
  net.cable(hub, right, '10.77.2')
  left.route(middle, '10.77.1.1')
  right.route(middle, '10.77.2.1')
  return { hub, left, right }
}

describe.skipIf(why !== undefined)(`a relay, between machines of their own${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  it('carries a file between two peers that have no route to each other, and gives no place to who is no member', async () => {
    const { hub, left, right } = apart(createNamespaces())
    expect(left.can('ip', 'route', 'get', '10.77.2.2')).toBe(false)
    expect(left.can('ip', 'route', 'get', middle)).toBe(true)
    const world = await createWorld({ tracker: { listen: `${middle}:0`, through: hub.through } })
    const relay = await startRelay(world, hub)
    const user = (name: string, space: Space): ReturnType<World['user']> =>
      world.user(name, { listen: '0.0.0.0:0', through: space.through, args: ['--transport', 'tcp', '--relay', relay.address, '--debug'] })
    const [alice, bob] = await Promise.all([user('alice', left), user('bob', right)])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 32 * MiB)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    const done = await finished(bob, 'data.bin', 30_000)
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    expect(done.bytesByPeer).toMatchObject([{ user: 'alice', bytes: 32 * MiB, transport: 'relay' }])
    for (const space of [left, right]) expect(new Set(remotes(space))).toEqual(new Set([middle]))

    const said = left.run(process.execPath, '--no-warnings', new URL('relay-stranger.ts', import.meta.url).pathname, relay.address)
    expect(said).toMatch(/PEER_REFUSED|gives no place: .*PERMISSION_DENIED/)
  }, 90_000)

  it('is told of by the tracker that runs it: peers that were given none find each other through it', async () => {
    const { hub, left, right } = apart(createNamespaces())
    const world = await createWorld({ tracker: { listen: `${middle}:0`, through: hub.through }, trackerArgs: ['--relay'] })
    const user = (name: string, space: Space): ReturnType<World['user']> => world.user(name, { listen: '0.0.0.0:0', through: space.through, args: ['--transport', 'tcp'] })
    const [alice, bob] = await Promise.all([user('alice', left), user('bob', right)])
    await world.group('crew', alice, ['bob', bob])
    await alice.run('upload_file', world.file('data.bin', MiB), 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    expect((await finished(bob, 'data.bin', 30_000)).bytesByPeer).toMatchObject([{ user: 'alice', bytes: MiB, transport: 'relay' }])
  }, 60_000)

  it.each(['relay', 'tracker'])('of a %s that is killed, the STUN server ends, too', async which => {
    const { hub } = apart(createNamespaces())
    const stun = ['--stun-listen', `${middle}:3478`]
    const world = await createWorld({ tracker: { listen: `${middle}:0`, through: hub.through }, trackerArgs: which === 'tracker' ? stun : [] })
    const killed = which === 'tracker' ? world.tracker : await startRelay(world, hub, ...stun)
    if (which === 'tracker') await world.user('alice', { through: hub.through }) // who is let in is told of it: it runs
    expect(hub.run('ss', '-Hlun', 'sport', '=', ':3478')).not.toBe('')
    killed.kill('SIGKILL')
    await eventually('the end of the STUN server', 5_000, () => Promise.resolve(hub.run('ss', '-Hlun', 'sport', '=', ':3478') === ''))
  }, 60_000)

  it('begins a file between two peers behind masquerading routers over the relay, goes on between them directly, and needs the relay no more', async () => {
    const { hub, left, right } = behindRouters(createNamespaces())
    const stun = `${middle}:3478`
    const world = await createWorld({ tracker: { listen: `${middle}:0`, through: hub.through }, trackerArgs: ['--advertise-stun', stun] })
    const relay = await startRelay(world, hub, '--stun-listen', stun)
    const user = (name: string, space: Space, transports: string, ...args: readonly string[]): ReturnType<World['user']> =>
      world.user(name, { listen: '0.0.0.0:0', through: space.through, args: ['--transport', transports, '--relay', relay.address, '--debug', ...args] })
    // one is given the STUN server, the other is told of it by the tracker; both need it
    const [alice, bob] = await Promise.all([user('alice', left, `tcp,webrtc?stun=${stun}`, '--up-limit', '1MiB'), user('bob', right, 'tcp,webrtc')])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 24 * MiB)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    const first = await eventually('bytes over the relay', 20_000, async () => {
      const now = await status(bob, 'data.bin')
      return now.haveBytes > 0 && now
    })
    expect(first.transports).toEqual(['relay'])
    const moved = await eventually('a direct link', 20_000, async () => {
      const now = await status(bob, 'data.bin')
      return now.transports.join() === 'webrtc' && now
    })
    relay.kill('SIGTERM')
    expect(await relay.ended).toMatchObject({ code: 0 })
    expect(hub.run('ss', '-Hlun', 'sport', '=', ':3478')).toBe('')
    expect(moved.haveBytes).toBeLessThan(22 * MiB)
    const done = await finished(bob, 'data.bin', 60_000)
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    expect(done.wastedBytes).toBeLessThan(MiB)
    for (const space of [left, right]) expect(new Set(remotes(space))).toEqual(new Set([middle]))
  }, 180_000)
})
