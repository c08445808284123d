/** A new folder in plugins/ is all that a new first-party plugin takes: in a copy of the tree the build, the exports, the command line and the suites find it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, VITEST: undefined, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined, NODE_OPTIONS: undefined, FORCE_COLOR: undefined, NO_COLOR: '1' }
let tree = ''

const node = (...args: readonly string[]): { status: number | null, out: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: tree, env: { ...env, SHOAL_HOME: join(tree, 'home') }, encoding: 'utf8', timeout: 110_000, killSignal: 'SIGKILL' })
  return { status, out: stdout + stderr }
}
const source = (name: string, body: string): string => `
import { definePlugin, knownOptions } from 'shoal/plugin'

export default definePlugin('selector', '${name}', options => {
  knownOptions('selector-${name}', options, [])
  return { ${body} }
})
`
const put = (folder: string, text: string): void => {
  mkdirSync(join(tree, 'plugins', folder), { recursive: true })
  writeFileSync(join(tree, 'plugins', folder, 'index.ts'), text)
  writeFileSync(join(tree, 'plugins', folder, 'README.md'), `# ${folder}\n`)
}
const suite = (folder: string): ReturnType<typeof node> => node('node_modules/vitest/vitest.mjs', 'run', 'test/plugins/every-plugin.test.ts', '-t', folder, '--reporter=verbose')

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'shoal-tree-'))
  for (const name of readdirSync(root).filter(each => !['node_modules', 'dist', '.git'].includes(each))) cpSync(join(root, name), join(tree, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  put('selector-x', source('x', '* select (view, count) { let left = count; if (left > 0) for (const piece of view.byIndex()) { yield piece; if (--left === 0) return } }'))
  expect(node('node_modules/tsup/dist/cli-default.js', '--silent')).toMatchObject({ status: 0 })
}, 120_000)
afterAll(() => { rmSync(tree, { recursive: true, force: true }) })

describe('a new folder plugins/selector-x', () => {
  it('is built, and exported as shoal/plugins/selector-x', () => {
    const script = 'import x from \'shoal/plugins/selector-x\'; console.log(x().kind, x().name)'
    expect(node('--input-type=module', '-e', script)).toEqual({ status: 0, out: 'selector x\n' })
  })

  it('is found by the command line: listed, taken by --selector, named when another is not found', () => {
    const { status, out } = node('dist/cli/main.js', 'plugins')
    expect(status).toBe(0)
    expect(out).toContain('x\tselector\tloaded\tfirst party\n')
    const peer = (selector: string): ReturnType<typeof node> => node('dist/cli/main.js', 'peer', '127.0.0.1:0', '127.0.0.1:1', '--transport', 'tcp', '--selector', selector)
    expect(peer('x')).toMatchObject({ status: 0 })
    expect(peer('y')).toMatchObject({ status: 2, out: expect.stringMatching(/PLUGIN_NOT_FOUND.*random, rarest-first, sequential, x;/) as string })
  })

  it('is held to the suite of its kind, which it passes, and which one that breaks the contract does not', () => {
    const passed = suite('selector-x')
    expect(passed, passed.out.slice(-3000)).toMatchObject({ status: 0 })
    expect(passed.out).toMatch(/✓[^\n]*selector-x > names only candidates, each once/)
    put('selector-z', source('z', 'select: () => [0, 0]'))
    const failed = suite('selector-z')
    expect(failed.status).toBe(1)
    expect(failed.out).toMatch(/×[^\n]*selector-z > names only candidates, each once/)
  }, 120_000)
})
