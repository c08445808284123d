/** Every folder of plugins/ is a plugin of its name, and is held to the suite of its kind: by a test of its own, else by this one. A new folder needs no edit here. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runPluginSuite } from 'shoal/testing'
import { contractVersions, kinds } from '../../src/contract/index.ts'
import type { PluginFactory } from '../../src/contract/index.ts'
import { listPlugins, loadPlugin } from '../../src/loader.ts'

const root = join(import.meta.dirname, '../..')
const folders = readdirSync(join(root, 'plugins'))
const kindOf = (folder: string) => kinds.find(kind => folder.startsWith(`${kind}-`))
const sources = new Map(globSync('test/**/*.ts', { cwd: root }).filter(path => !path.startsWith('test/plugins/every-plugin')).map(path => [path, readFileSync(join(root, path), 'utf8')]))
/** Whether a test of its own runs the suite of its kind on it: in the folder of a test that names the plugin. */
const isHeldElsewhere = (folder: string): boolean => {
  const naming = [...sources].filter(([, text]) => new RegExp(`plugins/${folder}['/]`).test(text)).map(([path]) => dirname(path))
  return [...sources].some(([path, text]) => naming.includes(dirname(path)) && text.includes(`${kindOf(folder) ?? ''}Suite`))
}

describe.each(folders)('plugins/%s', folder => {
  const kind = kindOf(folder)
  const name = folder.slice((kind?.length ?? 0) + 1)

  it('is named for its kind, is listed, loads by its word, and has a README', async () => {
    expect(kind).toBeDefined()
    if (kind === undefined) return
    expect(listPlugins(kind)).toContain(name)
    expect(await loadPlugin(kind, name)).toMatchObject({ kind, name, shoal: contractVersions[kind] })
    expect(existsSync(join(root, 'plugins', folder, 'README.md'))).toBe(true)
  })
})

for (const folder of folders.filter(each => !isHeldElsewhere(each))) {
  if (kindOf(folder) === 'tracker') {
    it(`${folder} is held to the suite of trackers by a test of its own, which makes its realm`, () => { expect.fail('There is none below test/.') })
    continue
  }
  const { default: plugin } = await import(join(root, 'plugins', folder, 'index.ts')) as { readonly default: PluginFactory }
  runPluginSuite(plugin)
}
