/** `shoal plugin new`: what it writes and what it refuses. That what it writes builds and passes outside this repository is shown in test/e2e/plugin-new.test.ts. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { createEnding } from '../../src/cli/signals.ts'
import { kinds } from '../../src/contract/index.ts'
import { loadPlugin } from '../../src/loader.ts'
import { fakeProcess } from './streams.ts'

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-new-'))
  onTestFinished(() => { rmSync(folder, { recursive: true }) })
  return folder
}
const shoal = async (...words: readonly string[]): Promise<{ status: number, out: string, err: string }> => {
  const fake = fakeProcess({})
  const status = await runProgram(['plugin', ...words], fake.io, createEnding())
  return { status, out: fake.out.text(), err: fake.err.text() }
}

describe('shoal plugin new', () => {
  it.each(kinds)('writes a %s that loads by its path, under its own name', async kind => {
    const folder = join(temporary(), 'deep', 'folder')
    const { status, out, err } = await shoal('new', kind, 'my-own', folder)
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toContain(`${folder}\nNext: cd ${folder} && npm install && npm test # with Node 24 or later\n`)
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'README.md', 'index.test.ts', 'index.ts', 'package.json', 'tsconfig.build.json', 'tsconfig.json'])
    for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file), 'utf8')).not.toContain('my-name')
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).not.toMatch(/"\*"|undefined/)
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: `shoal-${kind}-my-own`, type: 'module' })
    // its packages are those of this checkout here
    if (kind !== 'transport') expect(await loadPlugin(kind, folder)).toMatchObject({ kind, name: 'my-own' })
  })

  it('writes over nothing: not into a folder with anything in it, not over a file', async () => {
    const folder = temporary()
    writeFileSync(join(folder, 'package.json'), 'mine')
    writeFileSync(join(folder, 'file'), 'mine')
    mkdirSync(join(folder, 'hidden'))
    writeFileSync(join(folder, 'hidden', '.git'), 'mine')
    for (const place of [folder, join(folder, 'file'), join(folder, 'file', 'below'), join(folder, 'hidden')]) {
      expect(await shoal('new', 'selector', 'my-own', place)).toMatchObject({ status: 5, out: '', err: expect.stringMatching(/FILE_EXISTS: .*nothing is written over/) as string })
    }
    expect([readdirSync(folder).sort(), readFileSync(join(folder, 'package.json'), 'utf8')]).toEqual([['file', 'hidden', 'package.json'], 'mine'])
  })

  it.skipIf(!existsSync('/proc'))('ends where no folder can be made at all, and says so', async () => {
    expect(await shoal('new', 'selector', 'my-own', '/proc/nowhere/below')).toMatchObject({ status: 7, out: '', err: expect.stringMatching(/STORAGE_FAILED: .*\/proc\/nowhere/) as string })
  })

  it.each([
    [['new', 'selektor', 'x'], /USAGE: There is no kind of plugin "selektor"\. Did you mean selector\? Kinds are transport, /],
    [['new', 'selector', 'random'], /USAGE: Shoal has a selector "random" of its own/],
    [['new', 'selector', 'My'], /USAGE: A plugin cannot be called "My"/],
    [['new', 'selector', '../x'], /USAGE: A plugin cannot be called/],
    [['new', 'selector', 'a--b'], /USAGE: A plugin cannot be called/],
    [['new', 'selector', 'a'.repeat(41)], /USAGE: A plugin cannot be called/],
    [['new', 'selector', ''], /USAGE: A plugin cannot be called ""/],
    [['new', 'selector'], /USAGE: plugin needs NAME/],
    [['old', 'selector', 'x'], /USAGE: shoal plugin knows "new", not "old"/]
  ])('refuses %j', async (words, why) => {
    const folder = join(temporary(), 'out')
    const { status, err } = await shoal(...words, ...words.length === 3 ? [folder] : [])
    expect({ status, made: existsSync(folder) }).toEqual({ status: 2, made: false })
    expect(err).toMatch(why)
  })
})
