/** A disk that is full, and freed again: a small file system of its own, which only root can make. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createWorld, eventually, finished, hashOf, MiB, status } from './world.ts'
import type { World } from './world.ts'

/** @returns why there can be none, or undefined */
const mountSmall = (world: World, bytes: number): string | undefined => {
  const place = world.path('small')
  mkdirSync(place)
  try { execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', place], { stdio: 'pipe' }) } catch (error) {
    return `a small tmpfs cannot be mounted: ${error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error)}`
  }
  onTestFinished(() => { execFileSync('umount', ['-l', place]) })
  return undefined
}

describe('a disk', () => {
  it('that is full makes a download wait and say so; freed, it goes on by itself', async context => {
    const world = await createWorld()
    const why = mountSmall(world, 12 * MiB)
    if (why !== undefined) { context.skip(why); return }
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 8 * MiB)
    await alice.run('upload_file', file, 'crew')
    writeFileSync(world.path('small', 'ballast'), new Uint8Array(9 * MiB))
    await bob.run('download_file', 'crew', 'data.bin', `${world.path('small')}/`)
    const waiting = await eventually('that it waits for space', 10_000, async () => {
      const now = await status(bob, 'data.bin')
      return now.waiting?.includes('space') === true ? now : undefined
    })
    expect(waiting.state).toBe('running')
    rmSync(world.path('small', 'ballast'))
    await finished(bob, 'data.bin')
    expect(hashOf(world.path('small', 'data.bin'))).toBe(hashOf(file))
  })
})
