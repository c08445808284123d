/** Plugins by name at run time: where they are found, what their options become, and the four ways in which one can be wrong. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ShoalError } from '../../src/contract/index.ts'
import { listPlugins, loadPlugin } from '../../src/loader.ts'

const contract = pathToFileURL(join(import.meta.dirname, '../../src/plugin.ts')).href

/** A folder outside the checkout. */
const folder = (files: Readonly<Record<string, string>> = {}): string => {
  const path = mkdtempSync(join(tmpdir(), 'shoal-loader-'))
  onTestFinished(() => { rmSync(path, { recursive: true }) })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

/** What Node itself makes of it, in a process of its own: under vitest, names are vitest's. */
const loadedByNode = (spec: string, from: string): unknown => {
  const loader = pathToFileURL(join(import.meta.dirname, '../../src/loader.ts')).href
  const script = `import { loadPlugin } from ${JSON.stringify(loader)}
    console.log(JSON.stringify(await loadPlugin('selector', ${JSON.stringify(spec)}, { from: ${JSON.stringify(from)} })))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 20_000 }))
}

/** A selector that is its options. */
const mine = (kind = 'selector'): string => `import { definePlugin } from ${JSON.stringify(contract)}\nexport default definePlugin('${kind}', 'mine', options => ({ options, select: () => [] }))\n`
const context = { log: (): void => undefined }
const optionsOf = async (spec: string, from: string): Promise<unknown> => ((await (await loadPlugin('selector', spec, { from })).create(context)) as unknown as { options: unknown }).options
const refusal = async (work: Promise<unknown>): Promise<ShoalError> => {
  try { await work } catch (error) { if (ShoalError.is(error)) return error; throw error }
  throw new Error('It was not refused.')
}

describe('a plugin', () => {
  it('of our own is found by its word', async () => {
    expect(listPlugins('selector')).toEqual(expect.arrayContaining(['random', 'rarest-first', 'sequential']))
    expect(await loadPlugin('selector', 'sequential')).toMatchObject({ kind: 'selector', name: 'sequential' })
  })

  it('is found by a path from the given folder, by an absolute one, by a URL, and as a folder', async () => {
    const at = folder({ 'mine.mjs': mine(), 'whole/index.js': mine(), 'whole/package.json': '{"type":"module"}' })
    for (const spec of ['./mine.mjs', join(at, 'mine.mjs'), pathToFileURL(join(at, 'mine.mjs')).href, './whole', './whole/']) {
      expect(await loadPlugin('selector', spec, { from: at })).toMatchObject({ kind: 'selector', name: 'mine' })
    }
  })

  it('is found as a package of the user, also one that is for import only', async () => {
    const at = folder({
      'node_modules/plain/package.json': '{"name":"plain","main":"index.mjs"}', 'node_modules/plain/index.mjs': mine(),
      'node_modules/@some/modern/package.json': '{"name":"@some/modern","type":"module","exports":{".":{"import":"./here.js"}}}', 'node_modules/@some/modern/here.js': mine()
    })
    expect(await loadPlugin('selector', 'plain', { from: at })).toMatchObject({ name: 'mine' })
    expect(await optionsOf('@some/modern?level=3', at)).toEqual({ level: 3 })
  })

  it('is given what follows the question mark: numbers and booleans as such, all else as text', async () => {
    const at = folder({ 'mine.mjs': mine() })
    expect(await optionsOf('./mine.mjs', at)).toEqual({})
    expect(await optionsOf('./mine.mjs?a=1&b=-2.5&c=true&d=false&e=x%20y&f=1e3&g=&h=01&i=12345678901234567890', at))
      .toEqual({ a: 1, b: -2.5, c: true, d: false, e: 'x y', f: '1e3', g: '', h: '01', i: '12345678901234567890' })
  })

  it('is given what a configuration says for it, by kind and name; what is typed wins', async () => {
    const at = folder({ 'mine.mjs': mine() })
    const options = { 'selector-mine': { a: 1, b: 2, deep: { c: [3] } }, 'storage-mine': { a: 9 }, 'selector-other': { a: 9 } }
    expect(((await (await loadPlugin('selector', './mine.mjs?b=5', { from: at, options })).create(context)) as unknown as { options: unknown }).options).toEqual({ a: 1, b: 5, deep: { c: [3] } })
  })

  it('is one file anywhere, in TypeScript too: "shoal/plugin" is the Shoal that runs', () => {
    const text = `import { definePlugin } from 'shoal/plugin'\nimport type { Selector } from 'shoal/plugin'\nconst mine = (): Selector => ({ select: () => [] })\nexport default definePlugin('selector', 'alone', mine)\n`
    const at = folder({ 'alone.ts': text, 'package.json': '{"type":"module"}' })
    expect(loadedByNode('./alone.ts', at)).toMatchObject({ kind: 'selector', name: 'alone' })
  })

  it('with a package "shoal" of its own uses that', () => {
    const at = folder({
      'mine.mjs': `import { definePlugin } from 'shoal/plugin'\nexport default definePlugin()\n`,
      'node_modules/shoal/package.json': '{"name":"shoal","type":"module","exports":{"./plugin":"./p.js"}}',
      'node_modules/shoal/p.js': `export const definePlugin = () => Object.assign(() => ({ own: true }), { shoal: 1, kind: 'selector', pluginName: 'mine' })`
    })
    expect(loadedByNode('./mine.mjs', at)).toEqual({ own: true })
  })
})

describe('a plugin that cannot be used', () => {
  it.each(['no-such', './no-such.mjs', '@no/such', 'Rarest-First', ''])('%j is not found, and what there is is listed', async spec => {
    const error = await refusal(loadPlugin('selector', spec, { from: folder() }))
    expect(error.code).toBe('PLUGIN_NOT_FOUND')
    expect(error.message).toContain('random, rarest-first, sequential')
  })

  it('never names a part of Node, or a folder that is above', async () => {
    const from = join(folder({ 'deep/note.txt': '' }), 'deep')
    for (const spec of ['fs', 'node:fs', '..', '.', './', 'file://elsewhere/mine.js']) expect(await refusal(loadPlugin('selector', spec, { from }))).toMatchObject({ code: 'PLUGIN_NOT_FOUND' })
  })

  it.each([
    ['its main', { main: 'dist/index.js' }],
    ['what it exports', { exports: './dist/index.js' }],
    ['what it exports for import', { exports: { '.': { import: './dist/index.js' } } }],
    ['an index.js that it does not name', {}]
  ])('is installed and not built, so that %s is not there: it failed, and the file is named', async (_, more) => {
    const at = folder({ 'node_modules/@some/unbuilt/package.json': JSON.stringify({ name: '@some/unbuilt', type: 'module', ...more }) })
    const error = await refusal(loadPlugin('selector', '@some/unbuilt', { from: at }))
    expect(error.code).toBe('PLUGIN_FAILED')
    expect(error.message).toMatch(/is installed, but its file .* is not there\. Build it/)
    expect(error.message).toContain(join(at, 'node_modules/@some/unbuilt', Object.keys(more).length > 0 ? 'dist/index.js' : 'index.js'))
    expect(await refusal(loadPlugin('selector', '@some/unbuilt/other', { from: at }))).toMatchObject({ code: 'PLUGIN_NOT_FOUND' })
  })

  it('crashes while it loads: it failed, with its cause, and is not missing', async () => {
    const error = await refusal(loadPlugin('selector', './mine.mjs', { from: folder({ 'mine.mjs': 'throw new RangeError("out of luck")' }) }))
    expect(error).toMatchObject({ code: 'PLUGIN_FAILED', cause: { name: 'RangeError' } })
    expect(error.message).toContain('out of luck')
  })

  it('says itself what it lacks, as a ShoalError: in its own words', async () => {
    const text = `import { ShoalError } from ${JSON.stringify(contract)}\nthrow new ShoalError('PLUGIN_FAILED', 'It needs a tuba.')`
    expect(await refusal(loadPlugin('selector', './mine.mjs', { from: folder({ 'mine.mjs': text }) }))).toMatchObject({ code: 'PLUGIN_FAILED', message: 'It needs a tuba.' })
  })

  it.each([
    ['a package', 'import "left-out"', 'left-out'],
    ['a file', 'import "./left-out.mjs"', 'left-out.mjs'],
    ['a native library', 'throw new Error("libfoo.so.2: cannot open shared object file: No such file or directory")', 'libfoo.so.2'],
    ['a native library behind a loader', 'throw new Error("Cannot find native binding.", { cause: new Error("Cannot find module \'@some/native-linux-x64-gnu\'") })', '@some/native-linux-x64-gnu'],
    ['a part of Shoal', 'import "shoal/plugins/left-out"', 'left-out'],
    ['a binding', 'import { createRequire } from "node:module"; createRequire(import.meta.url)("./build/foo.node")', 'foo.node']
  ])('needs %s that is not there: it is named', async (_what, text, name) => {
    const at = folder({ 'mine.mjs': text })
    const error = await refusal(loadPlugin('selector', './mine.mjs', { from: at }))
    expect(error.code).toBe('PLUGIN_FAILED')
    expect(error.message).toMatch(new RegExp(`It needs \\S*${name.replaceAll('.', '\\.')}, which is not there`))
    expect(error.cause).toBeInstanceOf(Error)
  })

  it.each(['export default 3', 'export const mine = 1', 'export default () => ({})', 'export default null', 'export default { kind: "selector" }'])('is no plugin: %s', async text => {
    const error = await refusal(loadPlugin('selector', './mine.mjs', { from: folder({ 'mine.mjs': text }) }))
    expect(error.code).toBe('PLUGIN_SHAPE')
    expect(error.message).toContain("definePlugin('selector'")
  })

  it('is made for another version of the contract', async () => {
    const text = 'export default Object.assign(() => ({}), { shoal: 99, kind: "selector", pluginName: "mine" })'
    const error = await refusal(loadPlugin('selector', './mine.mjs', { from: folder({ 'mine.mjs': text }) }))
    expect(error.code).toBe('PLUGIN_VERSION')
    expect(error.message).toMatch(/version 99 of the selector contract, and this Shoal has version 1\. Update Shoal/)
  })

  it('is of another kind: it says where it belongs', async () => {
    const error = await refusal(loadPlugin('selector', './mine.mjs', { from: folder({ 'mine.mjs': mine('storage') }) }))
    expect(error.code).toBe('PLUGIN_KIND')
    expect(error.message).toContain('--storage')
  })
})
