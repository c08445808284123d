import { readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createWorld, drive } from './world.ts'
import type { Driven, World } from './world.ts'

const start = (world: World, ...args: readonly string[]): Driven => world.keep('relay', drive(['relay', ...args], { home: world.path('relay') }))

describe('shoal relay', () => {
  it('keeps its key and its realm: killed and started again while the tracker is away, it has the same address', async () => {
    const world = await createWorld()
    const first = start(world, world.tracker.url, '--listen', '127.0.0.1:0')
    const address = await first.line()
    expect(address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW\w+$/)
    first.kill('SIGKILL')
    await first.ended
    world.tracker.kill('SIGKILL')
    await world.tracker.ended
    const again = start(world, world.tracker.url, '--listen', `127.0.0.1:${address.split('/')[4] ?? ''}`)
    expect(await again.line()).toBe(address)
    expect(again.notes.join()).toMatch(/does not answer; its realm is known from the last time/)
    expect(statSync(world.path('relay', 'relay', 'relay.json')).mode & 0o777).toBe(0o600)
    again.kill('SIGTERM')
    expect((await again.ended).code).toBe(0)
  })

  it('does not begin without a realm, and says what it lacks', async () => {
    const world = await createWorld()
    world.tracker.kill('SIGKILL')
    await world.tracker.ended
    const relay = start(world, world.tracker.url, '--listen', '127.0.0.1:0')
    expect((await relay.ended).code).toBe(6)
    expect(relay.notes.join()).toMatch(/TRACKER_UNREACHABLE/)
  })

  it('says which package a STUN server is in, when there is none', async () => {
    const world = await createWorld()
    const relay = start(world, world.tracker.url, '--listen', '127.0.0.1:0', '--stun-listen', '127.0.0.1:39478', '--stun-program', 'no-such-turnserver')
    expect((await relay.ended).code).toBe(2)
    expect(relay.notes.join()).toMatch(/BAD_OPTION: .*"no-such-turnserver".*apt install coturn/)
  })

  it('refuses what it cannot use in words, as peer and tracker do a relay\'s address that is none', async () => {
    const world = await createWorld()
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['relay', world.tracker.url, '--listen', 'nowhere'], /BAD_OPTION: Cannot read the address/],
      [['relay', world.tracker.url, '--peers', '0'], /BAD_OPTION: --peers/],
      [['relay', world.tracker.url, '--rate', 'fast'], /BAD_OPTION: --rate/],
      [['relay', world.tracker.url, '--transport', 'pigeon'], /PLUGIN_NOT_FOUND/],
      [['peer', '127.0.0.1:0', world.tracker.url, '--relay', '/ip4/192.0.2.1/tcp/1'], /BAD_OPTION: "\/ip4\/192.0.2.1\/tcp\/1" is no address of a relay/],
      [['tracker', '--listen', '127.0.0.1:0', '--advertise-relay', 'relay.example:7500'], /BAD_OPTION: "relay.example:7500" is no address of a relay/]
    ]
    const ended = await Promise.all(cases.map(async ([args], i) => {
      const process = world.keep('refused', drive(args, { home: world.path(`refused${i}`) }))
      return { code: (await process.ended).code, said: process.notes.join() }
    }))
    for (const [i, { code, said }] of ended.entries()) {
      expect(said).toMatch(cases[i]?.[1] ?? /never/)
      expect(code).toBe(2)
    }
  })

  it('prints no secret', async () => {
    const world = await createWorld()
    const relay = start(world, world.tracker.url, '--listen', '127.0.0.1:0', '--debug')
    await relay.line()
    const { key } = JSON.parse(readFileSync(world.path('relay', 'relay', 'relay.json'), 'utf8')) as { readonly key: string }
    expect(key).toMatch(/^[0-9a-f]{128}$/)
    relay.kill('SIGTERM')
    await relay.ended
    expect(relay.notes.join()).not.toContain(key)
  })
})
