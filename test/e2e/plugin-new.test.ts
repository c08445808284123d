/** What `shoal plugin new` writes, outside this repository and against the packed package: it builds, its suite passes, and the built package is used. */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../src/contract/index.ts'

const root = join(import.meta.dirname, '../..')
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, VITEST: undefined, NODE_OPTIONS: undefined, npm_config_update_notifier: 'false' }
let folder = ''
/** A project that has the packed package installed, and the packages that it needs. */
const inFolder = (...names: readonly string[]): string => join(folder, ...names)

const run = async (cwd: string, program: string, ...args: readonly string[]): Promise<{ status: number | null, out: string }> => {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 200_000, killSignal: 'SIGKILL' })
  const ended = new Promise<number | null>(resolve => { child.on('exit', resolve) })
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { status, out: out + err }
}
const shoal = (cwd: string, ...args: readonly string[]): ReturnType<typeof run> => run(cwd, process.execPath, inFolder('node_modules/shoal/dist/cli/main.js'), ...args)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-packed-'))
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root, env, timeout: 100_000 })
  const [tarball = ''] = readdirSync(folder)
  mkdirSync(inFolder('node_modules/shoal'), { recursive: true })
  execFileSync('tar', ['xzf', inFolder(tarball), '-C', inFolder('node_modules/shoal'), '--strip-components=1'])
  // as npm would install them; where there is no registry to ask, they are those of the checkout
  for (const name of readdirSync(join(root, 'node_modules')).filter(each => each !== 'shoal')) symlinkSync(join(root, 'node_modules', name), inFolder('node_modules', name))
}, 120_000)
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

// side by side: each is one process after another, and most of what they do is to start
describe.concurrent('a plugin that shoal plugin new wrote, against the packed package', () => {
  it.each(kinds)('%s: it type-checks, passes its suite, builds, and loads as a package', async kind => {
    expect(await shoal(folder, 'plugin', 'new', kind, 'my-own')).toMatchObject({ status: 0 })
    const own = inFolder(`shoal-${kind}-my-own`)
    const tested = await run(own, 'npm', 'test', '--silent')
    expect(tested, tested.out.slice(-3000)).toMatchObject({ status: 0 })
    expect(tested.out).toMatch(/pass [1-9]/)
    expect(tested.out).toMatch(/fail 0[^]*skipped 0/)
    const built = await run(own, 'npm', 'run', 'build', '--silent')
    expect(built, built.out).toMatchObject({ status: 0 })
    expect(readdirSync(join(own, 'dist')).sort()).toEqual(['index.d.ts', 'index.js'])
    const project = inFolder(`project-${kind}`)
    for (const file of ['package.json', 'dist']) cpSync(join(own, file), join(project, 'node_modules', `shoal-${kind}-my-own`, file), { recursive: true })
    const script = `import { loadPlugin } from 'shoal'; const { kind, name } = await loadPlugin('${kind}', 'shoal-${kind}-my-own', { from: '${project}' }); console.log(kind, name)`
    expect(await run(folder, process.execPath, '--input-type=module', '-e', script)).toEqual({ status: 0, out: `${kind} my-own\n` })
  }, 300_000)

  it('its types are those of the contract, and its suite can fail', async () => {
    expect(await shoal(folder, 'plugin', 'new', 'selector', 'broken')).toMatchObject({ status: 0 })
    const own = inFolder('shoal-selector-broken')
    const good = readFileSync(join(own, 'index.ts'), 'utf8')
    writeFileSync(join(own, 'index.ts'), good.replace('view.byIndex()', 'view.byName()'))
    expect(await run(own, 'npm', 'test', '--silent')).toMatchObject({ out: expect.stringMatching(/error TS2339: Property 'byName' does not exist on type 'SelectorView'/) as string })
    writeFileSync(join(own, 'index.ts'), good.replace('if (--left === 0) return', 'left--'))
    const failed = await run(own, 'npm', 'test', '--silent')
    expect(failed.status).not.toBe(0)
    expect(failed.out).toMatch(/names at most as many as it is asked for/)
  }, 300_000)
})
