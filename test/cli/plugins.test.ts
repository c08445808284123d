/** `shoal plugins`: what there is, and what a plugin that does its worst while it loads is shown as. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { createEnding } from '../../src/cli/signals.ts'
import { fakeProcess } from './streams.ts'

interface Listed { readonly kind: string, readonly spec: string, readonly origin: string, readonly state: string, readonly name?: string, readonly contract?: number, readonly error?: { readonly code: string, readonly message: string } }

const home = (files: Readonly<Record<string, string>>): string => {
  const path = mkdtempSync(join(tmpdir(), 'shoal-plugins-'))
  onTestFinished(() => { rmSync(path, { recursive: true }) })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}
const run = async (folder: string, ...words: readonly string[]): Promise<{ status: number, out: string, err: string }> => {
  const fake = fakeProcess({ env: { SHOAL_HOME: folder } })
  const status = await runProgram(['plugins', ...words], fake.io, createEnding())
  return { status, out: fake.out.text(), err: fake.err.text() }
}
const folders = readdirSync(new URL('../../plugins', import.meta.url))

describe('shoal plugins', () => {
  it('lists every plugin of the house, name first, and that it loads', async () => {
    const { status, out, err } = await run(home({}))
    expect({ status, err }).toEqual({ status: 0, err: '' })
    const rows = out.trimEnd().split('\n').map(line => line.split('\t'))
    expect(rows.map(([name = '', kind = '']) => `${kind}-${name}`).sort()).toEqual([...folders].sort())
    expect(rows.filter(([, , state, from]) => state !== 'loaded' || from !== 'first party')).toEqual([])
  }, 120_000)

  it('lists what the configuration names; what exits, crashes, hangs or lacks something while it loads is failed, and the others are loaded', async () => {
    const worst = {
      'exits.mjs': 'process.exit(0)',
      'dies.mjs': 'process.kill(process.pid, "SIGSEGV")',
      'throws.mjs': 'throw new Error("out of luck")',
      'hangs.mjs': 'for (;;);',
      'waits.mjs': 'await new Promise(() => setInterval(() => {}, 1000))',
      'lacks.mjs': 'import { createRequire } from "node:module"; createRequire(import.meta.url)("./build/native.node")',
      'babbles.mjs': 'import { writeSync } from "node:fs"; writeSync(3, "{ nonsense\\n"); throw new Error("too much said")',
      'lies.mjs': 'console.log("{}"); export default 3',
      'old.mjs': 'export default Object.assign(() => ({}), { shoal: 0, kind: "integrity", pluginName: "old" })'
    }
    const good = `import { definePlugin } from 'shoal/plugin'\nexport default definePlugin('integrity', 'good', () => ({}))`
    const folder = home({ ...worst, 'good.mjs': good, 'config.json': JSON.stringify({ integrity: ['sha256', './good.mjs', 'not-installed', ...Object.keys(worst).map(name => `./${name}`)] }) })
    const { status, out } = await run(folder, '--json')
    expect(status).toBe(0)
    const { result } = JSON.parse(out) as { result: readonly Listed[] }
    const named = result.filter(({ origin }) => origin === 'configuration')
    expect(named.map(({ spec, kind, state }) => `${kind} ${spec} ${state}`)).toEqual(['integrity ./good.mjs loaded', 'integrity not-installed failed', ...Object.keys(worst).map(name => `integrity ./${name} failed`)])
    expect(named[0]).toMatchObject({ name: 'good', contract: 1 })
    const why = Object.fromEntries(named.map(({ spec, error }) => [spec, `${error?.code ?? ''} ${error?.message ?? ''}`]))
    expect(why).toMatchObject({
      'not-installed': expect.stringMatching(/^PLUGIN_NOT_FOUND /) as string,
      './exits.mjs': expect.stringMatching(/^PLUGIN_FAILED .*its process ended with status 0/) as string,
      './dies.mjs': expect.stringMatching(/^PLUGIN_FAILED .*its process was ended by SIGSEGV/) as string,
      './throws.mjs': expect.stringMatching(/^PLUGIN_FAILED .*out of luck/) as string,
      './hangs.mjs': expect.stringMatching(/^PLUGIN_FAILED .*not load within \d+ s/) as string,
      './waits.mjs': expect.stringMatching(/^PLUGIN_FAILED .*not load within \d+ s/) as string,
      './lacks.mjs': expect.stringMatching(/^PLUGIN_FAILED .*It needs \.\/build\/native\.node, which is not there/) as string,
      './babbles.mjs': expect.stringMatching(/^PLUGIN_FAILED .*too much said/) as string,
      './lies.mjs': expect.stringMatching(/^PLUGIN_SHAPE /) as string,
      './old.mjs': expect.stringMatching(/^PLUGIN_VERSION .*version 0 of the integrity contract.*Update the plugin/) as string
    })
    expect(result.filter(({ origin, state }) => origin === 'first party' && state !== 'loaded')).toEqual([])
  }, 120_000)

  it('ends at once when it is interrupted, whatever is being tried', async () => {
    const folder = home({ 'hangs.mjs': 'import { renameSync, writeFileSync } from "node:fs"; const at = name => new URL(name, import.meta.url); writeFileSync(at("pid"), String(process.pid)); renameSync(at("pid"), at("begun")); for (;;);', 'config.json': '{"transport":"./hangs.mjs"}' })
    const fake = fakeProcess({ env: { SHOAL_HOME: folder } })
    const ending = createEnding()
    const changes = watch(folder, { signal: AbortSignal.timeout(50_000) })
    const ended = runProgram(['plugins'], fake.io, ending)
    for await (const { filename } of changes) if (filename === 'begun') break
    const from = performance.now()
    ending.end('SIGINT')
    expect(await ended).toBe(130)
    expect(performance.now() - from).toBeLessThan(5_000) // a plugin has 10 s
    expect(() => { process.kill(Number(readFileSync(join(folder, 'begun'), 'utf8')), 0) }).toThrow(/ESRCH/)
  }, 60_000)
})
