/** Plugins of a user's own, outside the checkout, in a real download: by path, as a package, from the configuration; and what is said when one cannot be used. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createWorld, finished, hashOf, MiB, password } from './world.ts'
import type { World } from './world.ts'

/** Below the home of a peer, where its configuration lies too. */
const put = (world: World, path: string, text: unknown): void => {
  mkdirSync(dirname(world.path(path)), { recursive: true })
  writeFileSync(world.path(path), typeof text === 'string' ? text : JSON.stringify(text))
}

const lastFirst = `
  import { appendFileSync } from 'node:fs'
  import { definePlugin, knownOptions } from 'shoal/plugin'
  import type { PieceIndex, SelectorView } from 'shoal/plugin'
  interface Options { readonly log: string, readonly word?: string }
  export default definePlugin('selector', 'last-first', (options: Options) => {
    knownOptions('selector-last-first', options, ['log', 'word'])
    return { select (view: SelectorView, count: number): readonly PieceIndex[] {
      const chosen = [...view.byIndex()].slice(-count).reverse()
      for (const piece of chosen) appendFileSync(options.log, (options.word ?? '') + piece + '\\n')
      return chosen
    } }
  })`

/** A plugin of ours under another name, which leaves a mark when it is made. */
const marked = (kind: string, name: string, inner: string, mark: string): string => `
  import { appendFileSync } from 'node:fs'
  import { definePlugin } from 'shoal/plugin'
  import inner from 'shoal/plugins/${inner}'
  export default definePlugin('${kind}', '${name}', async (options, context) => {
    appendFileSync(${JSON.stringify(mark)}, '${kind} ' + JSON.stringify(options) + '\\n')
    return { ...await inner().create(context), ...'${kind}' === 'transport' ? { name: '${name}' } : {} }
  })`

describe('plugins of a user', () => {
  it('of every kind, from the configuration of the peer that downloads, by path and as packages', async () => {
    const world = await createWorld()
    const [log, marks] = [world.path('order'), world.path('marks')]
    put(world, 'bob/mine/selector.ts', lastFirst)
    put(world, 'bob/transport.mjs', marked('transport', 'own', 'transport-tcp', marks))
    put(world, 'bob/storage.mjs', marked('storage', 'own', 'storage-file', marks))
    put(world, 'bob/state.mjs', marked('state', 'own', 'state-sqlite', marks))
    put(world, 'bob/node_modules/own-admission/package.json', { name: 'own-admission', type: 'module', exports: { import: './here.js' } })
    put(world, 'bob/node_modules/own-admission/here.js', marked('admission', 'own', 'admission-owner', marks))
    put(world, 'bob/config.json', {
      selector: './mine/selector.ts', transport: ['./transport.mjs?a=1'], storage: './storage.mjs', state: './state.mjs', admission: 'own-admission',
      plugins: { 'selector-last-first': { log, word: 'piece ' }, 'storage-own': { b: 2 }, 'transport-own': { a: 9, c: [3] } }
    })
    const alice = await world.user('alice', { args: ['--transport', 'tcp'] })
    const bob = await world.user('bob')
    await world.group('crew', alice, ['bob', bob])
    const file = world.file('data.bin', 8 * MiB)
    await alice.run('upload_file', file, 'crew', '--piece-size', '512KiB')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    const { bytesByPeer } = await finished(bob, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    expect(bytesByPeer.map(({ bytes, transport }) => [bytes, transport])).toEqual([[8 * MiB, 'own']])
    const order = [...new Set(readFileSync(log, 'utf8').trim().split('\n'))]
    expect(order).toEqual(Array.from({ length: 16 }, (_, i) => `piece ${15 - i}`))
    expect(readFileSync(marks, 'utf8').trim().split('\n').sort()).toEqual(['admission {}', 'state {}', 'storage {"b":2}', 'transport {"a":1,"c":[3]}'])
  }, 60_000)

  it('an integrity scheme of their own serves those who have it, and is named to those who have not', async () => {
    const world = await createWorld()
    const scheme = `
      import { definePlugin } from 'shoal/plugin'
      import sha256 from 'shoal/plugins/integrity-sha256'
      export default definePlugin('integrity', 'twin', async (options, context) => ({ ...await sha256().create(context), scheme: 'twin' }))`
    put(world, 'twin.mjs', scheme)
    const args = ['--integrity', world.path('twin.mjs')]
    const [alice, bob, carol] = [await world.user('alice', { args }), await world.user('bob', { args }), await world.user('carol')]
    await world.group('crew', alice, ['bob', bob], ['carol', carol])
    const file = world.file('data.bin', 2 * MiB)
    await alice.run('upload_file', file, 'crew', '--integrity', 'twin')
    await bob.run('download_file', 'crew', 'data.bin', world.path('copy'))
    await finished(bob, 'data.bin')
    expect(hashOf(world.path('copy'))).toBe(hashOf(file))
    await expect(carol.run('download_file', 'crew', 'data.bin', world.path('other'))).rejects.toThrow(/UNSUPPORTED.*twin/)
  }, 60_000)

  it('what is typed wins over the configuration, and the state of a peer is the same file however it is named', async () => {
    const world = await createWorld()
    put(world, 'bob/config.json', { selector: './broken.mjs', plugins: { 'storage-file': {}, 'state-sqlite': { historyChanges: 500 } } })
    put(world, 'bob/broken.mjs', 'throw new Error("out of luck")')
    const broken = world.peer('bob')
    expect(await broken.note(/PLUGIN_FAILED/)).toMatch(/selector plugin "\.\/broken\.mjs" failed to load: out of luck/)
    expect((await broken.ended).code).toBe(2)
    const bob = await world.user('bob', { args: ['--selector', 'random'] })
    const device = (await bob.run('whoami'))[0]?.split('\t')[1]
    bob.kill('SIGKILL')
    await bob.ended
    for (const args of [['--state', 'sqlite'], ['--state', 'sqlite?historyChanges=7'], []]) {
      const again = world.peer('bob', { args: ['--selector', 'random', ...args] })
      await again.run('login', 'bob', password)
      expect((await again.run('whoami'))[0]?.split('\t')[1]).toBe(device)
      again.kill('SIGKILL')
      await again.ended
    }
  }, 60_000)

  it('of a mistake in the configuration the file and the key are told, and nothing starts', async () => {
    const world = await createWorld()
    put(world, 'bob/config.json', { transport: 'tcp', plugins: { 'storage-file': { nosuch: 1 } } })
    const first = world.peer('bob')
    expect(await first.note(/BAD_OPTION/)).toMatch(/storage-file has no option "nosuch"/)
    expect((await first.ended).code).toBe(2)
    put(world, 'bob/config.json', { storrage: 'file' })
    const second = world.peer('bob')
    expect(await second.note(/BAD_OPTION/)).toContain(`In the configuration ${join(world.folder, 'bob', 'config.json')}, "storrage" is not known. Did you mean storage?`)
    expect((await second.ended).code).toBe(2)
    const third = world.peer('bob', { args: ['--config', world.path('nowhere.json')] })
    expect(await third.note(/FILE_NOT_FOUND/)).toContain(world.path('nowhere.json'))
  })

  it('options for a plugin that is not used are told, and nothing else is changed', async () => {
    const world = await createWorld()
    put(world, 'bob/config.json', { transport: 'tcp', plugins: { 'transport-tpc': { backlog: 3 }, 'transport-quic': {} } })
    const bob = await world.user('bob')
    expect(await bob.note(/options for/)).toMatch(/^warning The configuration has options for transport-tpc, and no plugin of that name is used\. Did you mean transport-tcp\?/)
    expect(bob.notes.filter(note => note.includes('transport-quic'))).toEqual([])
  })

  it('a transport whose native library is missing is named, and alone it is an error', async () => {
    const world = await createWorld()
    put(world, 'native.mjs', 'import { createRequire } from "node:module"; createRequire(import.meta.url)("./native.node")')
    const alone = world.peer('bob', { args: ['--transport', world.path('native.mjs')] })
    expect(await alone.note(/PLUGIN_FAILED/)).toMatch(/It needs \.\/native\.node, which is not there: install it/)
    expect((await alone.ended).code).toBe(2)
    const beside = await world.user('bob', { args: ['--transport', `${world.path('native.mjs')},tcp`] })
    expect(await beside.note(/left out/)).toMatch(/It needs \.\/native\.node/)
    expect((await beside.run('whoami'))[0]).toMatch(/\/tcp\/\d+/)
  })
})
