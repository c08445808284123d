/** The configuration: where it lies, what may be in it, what wins. That it reaches a peer is shown in test/e2e/plugins.test.ts. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseConfiguration, readSettings } from '../../src/cli/config.ts'
import type { Settings } from '../../src/cli/config.ts'
import { readArguments } from '../../src/cli/grammar.ts'
import { openPeer } from '../../src/cli/open-peer.ts'
import { configFileOf } from '../../src/cli/homes.ts'
import { peerOptions, shellOptions } from '../../src/cli/peer-options.ts'
import { fakeProcess } from './streams.ts'

const folder = (files: Readonly<Record<string, unknown>> = {}): string => {
  const path = mkdtempSync(join(tmpdir(), 'shoal-config-'))
  onTestFinished(() => { rmSync(path, { recursive: true }) })
  for (const [name, value] of Object.entries(files)) writeFileSync(join(path, name), typeof value === 'string' ? value : JSON.stringify(value))
  return path
}
const settings = (home: string, ...words: readonly string[]): Promise<Settings> =>
  readSettings(readArguments({ name: 'peer', arguments: [], options: [...peerOptions, ...shellOptions], summary: '' }, words), fakeProcess({ env: { SHOAL_HOME: home } }).io)

describe('docs/configuration.md', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

  it('has an example that is read as it stands, with nothing in it that is for nothing', () => {
    const [, example = ''] = /```json\n([^]*?)```/.exec(page) ?? []
    expect(parseConfiguration(example, '/c.json').values.get('--transport')).toEqual(['quic', 'tcp'])
  })

  it('lists every key', () => {
    const listed = [...page.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) => cell.split(', ').map(key => key.replaceAll('`', '')))
    const keys = [...peerOptions, ...shellOptions].map(({ name }) => name.slice(2)).filter(name => name !== 'config')
    expect(listed.filter(key => key !== 'sequential').sort()).toEqual([...keys, 'plugins'].sort())
  })
})

describe('the configuration', () => {
  it('lies in SHOAL_HOME, else where XDG says, else in ~/.config', () => {
    expect(configFileOf({ SHOAL_HOME: '/s', XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/s/config.json')
    expect(configFileOf({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/x/shoal/config.json')
    expect(configFileOf({ XDG_CONFIG_HOME: 'relative', HOME: '/h' })).toBe('/h/.config/shoal/config.json')
  })

  it('may be missing where it is looked for, and not where it is said to be', async () => {
    const home = folder()
    const none = await settings(home)
    expect([none.option('--selector'), none.list('--transport'), none.has('--debug'), none.plugins]).toEqual([undefined, [], false, {}])
    await expect(settings(home, '--config', join(home, 'config.json'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', message: expect.stringContaining(join(home, 'config.json')) as string })
    mkdirSync(join(home, 'config.json'))
    await expect(settings(home)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  it('gives what is not typed; what is typed wins, option by option', async () => {
    const home = folder({ 'config.json': { transport: 'quic,tcp', announce: ['a:1', 'b:2'], selector: 'random', 'up-limit': 1000, debug: true, stay: false, plugins: { 'transport-tcp': { backlog: 100 } } } })
    const said = await settings(home)
    expect([said.list('--transport'), said.list('--announce'), said.option('--selector'), said.option('--up-limit'), said.has('--debug'), said.has('--stay')])
      .toEqual([['quic', 'tcp'], ['a:1', 'b:2'], 'random', '1000', true, false])
    expect(said.plugins).toEqual({ 'transport-tcp': { backlog: 100 } })
    const typed = await settings(home, '--transport', 'tcp', '--selector', 'sequential')
    expect([typed.list('--transport'), typed.option('--selector'), typed.option('--up-limit')]).toEqual([['tcp'], 'sequential', '1000'])
    const other = await settings(home, '--config', join(folder({ 'other.json': { selector: 'sequential' } }), 'other.json'))
    expect([other.option('--selector'), other.list('--transport')]).toEqual(['sequential', []])
  })

  it('means its own folder by a relative path, and the command line the working directory', async () => {
    const home = folder({ 'config.json': { selector: './mine.ts', storage: 'file', 'password-file': 'secret.txt' } })
    const said = await settings(home, '--storage', './mine.ts', '--user', 'ann')
    expect([said.from('--selector'), said.from('--storage'), said.from('--integrity'), said.option('--password-file')]).toEqual([home, process.cwd(), process.cwd(), join(home, 'secret.txt')])
  })

  it('is named, with the key, by what is wrong with a value of it; what is typed is not', async () => {
    const home = folder({ 'config.json': { 'up-limit': 'fast', selector: './none.ts', transport: './none.ts' } })
    const said = async (...words: readonly string[]): Promise<string> => {
      const args = await settings(home, ...words)
      return openPeer(args, { listen: undefined, tracker: undefined }, fakeProcess({ env: { SHOAL_HOME: home } }).io, () => undefined).then(() => '', (error: unknown) => String(error))
    }
    const file = join(home, 'config.json')
    expect(await said()).toContain(`In the configuration ${file}, at "up-limit": --up-limit: "fast" is not`)
    expect(await said('--up-limit', '1', '--transport', 'tcp')).toContain(`In the configuration ${file}, at "selector": There is no selector plugin at "${join(home, 'none.ts')}"`)
    expect(await said('--up-limit', '1', '--selector', 'random')).toContain(`In the configuration ${file}, at "transport": There is no transport plugin at`)
    expect(await said('--up-limit', 'slow')).toMatch(/: --up-limit: "slow" is not/)
    expect(await said('--up-limit', 'slow')).not.toContain(file)
  })

  it.each([
    ['{ "transprot": "tcp" }', /"transprot" is not known\. Did you mean transport\?.* There are plugins, announce, /],
    ['{ "config": "x" }', /"config" is not known/],
    ['{ "password": "x" }', /"password" looks like a secret/],
    ['{ "up-limit": 1, "selector": true }', /"selector" is to be a text: NAME/],
    ['{ "transport": 5 }', /"transport" is to be a text, or a list of texts: NAME/],
    ['{ "selector": ["random"] }', /"selector" is to be a text/],
    ['{ "transport": ["tcp", null] }', /"transport" is to be a text, or a list of texts/],
    ['{ "transport": "quic," }', /"transport" has "quic,", in which a value is empty/],
    ['{ "debug": "yes" }', /"debug" is to be true or false/],
    ['{ "plugins": [] }', /"plugins" is to be an object/],
    ['{ "plugins": { "tcp": {} } }', /"plugins" has "tcp", which is no KIND-NAME/],
    ['{ "plugins": { "transport-": {} } }', /which is no KIND-NAME/],
    ['{ "plugins": { "transport-tcp": 3 } }', /the options of transport-tcp are to be an object/],
    ['[]', /there is no object/],
    ['{ "transport": ', /there is a mistake: .*JSON/]
  ])('is refused with its name and the key: %s', (text, why) => {
    expect(() => parseConfiguration(text, '/etc/here.json')).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(/^In the configuration \/etc\/here\.json, /) as string }))
    expect(() => parseConfiguration(text, '/etc/here.json')).toThrow(why)
  })
})
