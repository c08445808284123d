/** Members who harm: real processes whose storage, a plugin by path, lies. Beside one honest source they cost time, never correctness. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createWorld, finished, hashOf, MiB } from './world.ts'
import type { World } from './world.ts'

const url = (path: string): string => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

/** What `read` does for those who ask; everything else is the storage of files. */
const manners = {
  'a poisoner, who sends other bytes': 'const bytes = await store.read(piece, offset, length); bytes.fill(7); return bytes',
  'a staller, who promises and never sends': 'return new Promise(() => {})',
  'a liar, who claims what it does not have': 'throw new ShoalError(\'STORAGE_FAILED\', \'There is nothing here. Look elsewhere.\')'
} as const

const storage = (world: World, read: string): string => {
  const path = world.path('storage.mjs')
  writeFileSync(path, `
    import { definePlugin, ShoalError } from ${url('plugin.js')}
    import file from ${url('plugins/storage-file/index.js')}
    export default definePlugin('storage', 'bad', async (_, context) => {
      const storage = await file().create(context)
      return {
        async open (...given) {
          const store = await storage.open(...given)
          return new Proxy(store, { get: (target, name) => name === 'read'
            ? async (piece, offset, length) => { ${read} }
            : typeof target[name] === 'function' ? target[name].bind(target) : target[name] })
        }
      }
    })`)
  return path
}

describe('beside an honest source', () => {
  it.each(Object.entries(manners))('%s costs time, never correctness', async (_, read) => {
    const world = await createWorld()
    const [honest, bad, taker] = await Promise.all([
      world.user('honest', { args: ['--up-limit', '4MiB'] }), world.user('bad', { args: ['--storage', storage(world, read)] }), world.user('taker')
    ])
    await world.group('crew', honest, ['bad', bad], ['taker', taker])
    const file = world.file('data.bin', 8 * MiB)
    await honest.run('upload_file', file, 'crew')
    await bad.run('upload_file', file, 'crew')
    await taker.run('download_file', 'crew', 'data.bin', world.path('copy'))
    const { bytesByPeer, wastedBytes } = await finished(taker, 'data.bin', 25_000)
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    expect(bytesByPeer.filter(({ user, bytes }) => user !== 'honest' && bytes > 0)).toEqual([])
    expect(wastedBytes).toBeLessThanOrEqual(8 * MiB)
  }, 60_000)
})
