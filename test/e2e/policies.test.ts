/** What is chosen at run time really decides: selectors by name and by path, limits, removal at once. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createWorld, eventually, finished, hashOf, MiB, status } from './world.ts'

describe('what is chosen at run time', () => {
  it('is a selector of the user\'s own, outside the checkout: its log shows the order in which pieces were begun', async () => {
    const world = await createWorld()
    const log = world.path('chosen')
    const selector = world.path('last-first.mjs')
    const plugin = new URL('../../dist/plugin.js', import.meta.url).href
    writeFileSync(selector, `
      import { appendFileSync } from 'node:fs'
      import { definePlugin } from ${JSON.stringify(plugin)}
      export default definePlugin('selector', 'last-first', () => ({
        select (view, count) {
          const chosen = [...view.byIndex()].slice(-count).reverse()
          for (const piece of chosen) appendFileSync(${JSON.stringify(log)}, piece + '\\n')
          return chosen
        }
      }))`)
    const alice = await world.user('alice')
    const bob = await world.user('bob', { args: ['--selector', selector] })
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 8 * MiB)
    await alice.run('upload_file', file, 'crew', '--piece-size', '512KiB')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await finished(bob, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    const order = [...new Set(readFileSync(log, 'utf8').trim().split('\n').map(Number))]
    expect(order).toEqual(Array.from({ length: 16 }, (_, i) => 15 - i))
  })

  it.each(['rarest-first', 'sequential', 'random'])('is the selector %s', async name => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob', { args: ['--selector', name] })])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 2 * MiB)
    await alice.run('upload_file', file, 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await finished(bob, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
  })

  it('is refused with what there is, when there is no such thing', async () => {
    const world = await createWorld()
    const peer = world.peer('alice', { args: ['--selector', 'rarest'] })
    expect(await peer.note(/PLUGIN_NOT_FOUND/)).toMatch(/random, rarest-first, sequential/)
    expect((await peer.ended).code).toBe(2)
  })

  it('is a limit of the rate, for what is sent and for what is fetched', async () => {
    const world = await createWorld()
    const alice = await world.user('alice', { args: ['--up-limit', '2MiB'] })
    const bob = await world.user('bob')
    const carol = await world.user('carol', { args: ['--down-limit', '1MiB'] })
    await world.group('crew', alice, ['bob', bob], ['carol', carol])
    await alice.run('upload_file', world.file('data.bin', 6 * MiB), 'crew')
    for (const [peer, perSecond] of [[bob, 2 * MiB], [carol, MiB]] as const) {
      await peer.run('download_file', 'crew', 'data.bin', world.path(`copy${perSecond}`))
      const { seconds } = await finished(peer, 'data.bin') as unknown as { seconds: number }
      // a burst of a second is allowed at the beginning
      expect(seconds).toBeGreaterThan(6 * MiB / perSecond - 2)
    }
  }, 60_000)
})

describe('a member who is removed', () => {
  it('is cut within two seconds, keeps what it has, and gets nothing more', async () => {
    const world = await createWorld()
    const alice = await world.user('alice', { args: ['--up-limit', '1MiB'] })
    const bob = await world.user('bob')
    await world.group('crew', alice, ['bob', bob])
    await alice.run('upload_file', world.file('data.bin', 16 * MiB), 'crew')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await eventually('bytes at bob', 10_000, async () => (await status(bob, 'data.bin')).haveBytes > 0)
    await alice.run('remove_member', 'crew', 'bob')
    const failed = await eventually('that bob is told', 2_000, async () => {
      const now = await status(bob, 'data.bin')
      return now.state === 'failed' ? now : undefined
    })
    expect(failed.error?.code).toBe('NOT_FOUND')
    expect(failed.haveBytes).toBeLessThan(16 * MiB)
    expect((await alice.run('list_peers'))).toEqual([])
  })
})
