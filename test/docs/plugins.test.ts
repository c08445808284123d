/** The guide for authors of plugins is right: every block of code in it is checked and run, as it stands, with published names only. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { kinds } from '../../src/contract/index.ts'
import { files, root, text } from '../house/tree.ts'

interface Block { readonly path: string, readonly code: string }

const page = text('docs/plugins.md')
const blocks: readonly Block[] = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(found => ({ path: found[1] ?? '', code: found[2] ?? '' }))
const tests = blocks.filter(({ path }) => path.endsWith('.test.ts'))
const plugins = blocks.filter(({ path }) => !path.endsWith('.test.ts'))

/** In the tree, so that packages and Shoal itself are found as they are by the tests. */
mkdirSync(join(root, '.cache'), { recursive: true })
const folder = mkdtempSync(join(root, '.cache', 'docs-'))
afterAll(() => { rmSync(folder, { recursive: true }) })
for (const { path, code } of blocks) {
  mkdirSync(join(folder, dirname(path)), { recursive: true })
  writeFileSync(join(folder, path), code)
}

describe('the guide for authors of plugins', () => {
  it('has for every kind a section, a plugin and its test', () => {
    expect(plugins.map(({ path }) => path.split('-')[0]).sort()).toEqual([...kinds].sort())
    expect(tests.map(({ path }) => dirname(path))).toEqual(plugins.map(({ path }) => dirname(path)))
    for (const kind of kinds) expect(page).toMatch(new RegExp(`^## ${kind}$`, 'im'))
  })

  it('names first-party plugins that there are', () => {
    const rows = [...page.matchAll(/^\| \[([a-z]+)\]\(#[a-z]+\) \|.*\| ([a-z0-9, -]+) \|$/gm)]
    expect(rows.map(row => row[1]).sort()).toEqual([...kinds].sort())
    const named = rows.flatMap(row => (row[2] ?? '').split(', ').map(name => `plugins/${row[1] ?? ''}-${name}/index.ts`))
    expect(named.filter(path => !files('plugins/*/index.ts').includes(path))).toEqual([])
  })

  it('has no other code than that', () => { expect([...page.matchAll(/^```ts$/gm)]).toHaveLength(blocks.length) })

  it.each(plugins)('shows $path in less than 40 lines', ({ code }) => { expect(code.trimEnd().split('\n').length).toBeLessThan(40) })

  it('imports published names alone, and says in the heading of each block what its plugin is called', () => {
    const names = blocks.flatMap(({ code }) => [...code.matchAll(/from '([^']+)'/g)].map(found => found[1] ?? ''))
    expect(names.filter(name => name.startsWith('.') && name !== './index.ts')).toEqual([])
    expect(names.filter(name => /^shoal/.test(name) && !/^shoal(\/plugin|\/testing|\/plugins\/[a-z0-9-]+)?$/.test(name))).toEqual([])
    for (const { path, code } of plugins) {
      const [, kind, name] = /^([a-z]+)-(.*)\/index\.ts$/.exec(path) ?? []
      // a name may be a constant of the plugin
      expect(code).toMatch(new RegExp(`definePlugin\\('${kind ?? ''}', (?:'${name ?? ''}'|algorithm)`))
    }
  })

  it('has no error of types', async () => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['**/*.ts'] }))
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript-7/bin/tsc'), '-p', folder])
      .catch((error: unknown) => error as { readonly stdout: string })
    expect(stdout).toBe('')
  }, 120_000)
})

// what they start finds the sources, too, as the tests do
process.env.NODE_OPTIONS = `--import ${new URL('../testing/source-hooks.ts', import.meta.url).href}`
// each registers its suite here
for (const { path } of tests) await import(join(folder, path))
