import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { createCompleter } from '../../src/cli/completion.ts'
import type { Completion } from '../../src/cli/completion.ts'
import { isKeepable, openHistory } from '../../src/cli/history.ts'
import { createProgress } from '../../src/cli/progress.ts'
import { askLine, askSecret, typeSecret } from '../../src/cli/prompt.ts'
import { smallWorld } from './small-shoal.ts'
import { fakeProcess } from './streams.ts'

let folder = ''
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'shoal-typing-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

describe('history', () => {
  it.each([
    ['list_files g', true], ['  help', true], ['get g f ./', true], ['create_user ann pw', false], ['login ann pw', false], ['login ann', false], ['"login" ann pw', false], ['lo\\gin ann pw', false],
    ['create-user ann pw', false], ['lgoin ann pw', false], ['LOGIN ann pw', false], ['# login ann pw', false], ['pw', false], ['list_files "g', false], ['', false]
  ])('of %j: %s', (line, kept) => { expect(isKeepable(line, commands)).toBe(kept) })

  it('is kept over starts, newest first, for its owner alone', async () => {
    const path = join(folder, 'history')
    const first = await openHistory(path, commands)
    for (const line of ['list_groups', 'login ann pw', 'list_files g', 'list_files g']) await first.add(line)
    expect(first.lines).toEqual(['list_files g', 'list_groups'])
    expect((await openHistory(path, commands)).lines).toEqual(['list_files g', 'list_groups'])
    expect(readFileSync(path, 'utf8')).not.toContain('pw')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('does not grow for ever, and is not needed', async () => {
    const path = join(folder, 'history')
    writeFileSync(path, Array.from({ length: 3000 }, (_, i) => `help ${i}\n`).join(''))
    const { lines } = await openHistory(path, commands)
    expect([lines.length, lines[0]]).toEqual([1000, 'help 2999'])
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1001)
    const nowhere = await openHistory(join(folder, 'no/such/folder/history'), commands)
    await nowhere.add('list_groups')
    expect(nowhere.lines).toEqual(['list_groups'])
  })
})

describe('completion', () => {
  const completer = async (): Promise<(line: string) => Promise<Completion>> => {
    const world = await smallWorld()
    const alice = await world.peer()
    await alice.createUser('alice', 'pw')
    await alice.login('alice', 'pw')
    await alice.createGroup('red')
    await alice.createGroup('redder')
    for (const name of ['one', 'my file', 'it\'s', 'my film']) {
      writeFileSync(join(folder, name), name)
      await alice.share(join(folder, name), 'red')
    }
    const bob = await world.peer()
    await bob.createUser('bob', 'pw')
    await bob.login('bob', 'pw')
    await bob.joinGroup('red')
    mkdirSync(join(folder, 'a folder'))
    return createCompleter(alice, commands, folder)
  }

  it('adds commands, options, groups, files, users and paths, quoted as they were begun', async () => {
    const complete = await completer()
    const cases: readonly (readonly [string, readonly string[], string])[] = [
      ['cancel', ['cancel_download '], 'cancel'],
      ['list_', ['list_groups', 'list_requests', 'list_files', 'list_shares', 'list_peers'], 'list_'],
      ['  who', ['whoami '], 'who'],
      ['help qu', ['quit '], 'qu'],
      ['upload_file x red --rep', ['--replace '], '--rep'],
      ['list_files r', ['red', 'redder'], 'r'],
      ['list_files redd', ['redder '], 'redd'],
      ['download_file red o', ['one '], 'o'],
      ['download_file red my', ['my\\ file', 'my\\ film'], 'my'],
      ['download_file red my\\ fil', ['my\\ file', 'my\\ film'], 'my\\ fil'],
      ['download_file red "my film', ['"my film" '], '"my film'],
      ['download_file red \'my film', ['\'my film\' '], '\'my film'],
      ['download_file red it', ['it\\\'s '], 'it'],
      ['download_file --overwrite red on', ['one '], 'on'],
      ['upload_file --name "x y" --replace one redd', ['redder '], 'redd'],
      ['accept_request red ', ['bob '], ''],
      [`upload_file ${folder}/on`, [`${folder}/one `], `${folder}/on`],
      [`upload_file ${folder}/a`, [`${folder}/a\\ folder/`], `${folder}/a`],
      ['upload_file ~/on', ['~/one '], '~/on'],
      ['upload_file ~/a', ['~/a\\ folder/'], '~/a'],
      ['login al', [], 'al'],
      ['login alice p', [], 'p'],
      ['nothing x', [], 'x'],
      ['list_files none x', [], 'x'],
      ['download_file none ', [], ''],
      ['upload_file /no/such/folder/', [], '/no/such/folder/']
    ]
    for (const [line, found, end] of cases) expect([line, ...await complete(line)]).toEqual([line, found, end])
  })

  it('asks nobody before the login', async () => {
    const complete = createCompleter(await (await smallWorld()).peer(), commands, folder)
    expect(await complete('list_files ')).toEqual([[], ''])
    expect(await complete('download_file g ')).toEqual([[], ''])
  })
})

describe('a password at the prompt', () => {
  it.each([
    [['pw\r'], { text: 'pw', done: true, cancelled: false }],
    [['p', 'w', '\n'], { text: 'pw', done: true, cancelled: false }],
    [['pä\x7f\x7fw\r'], { text: 'w', done: true, cancelled: false }],
    [['wrong\x15pw\r'], { text: 'pw', done: true, cancelled: false }],
    [['p\x1b[D\x1b[200~w\x1bOA\r'], { text: 'pw', done: true, cancelled: false }],
    [['pw\x03'], { text: '', done: true, cancelled: true }],
    [['\x04'], { text: '', done: true, cancelled: true }],
    [['🐟\x7fpw'], { text: 'pw', done: false, cancelled: false }]
  ])('typed as %j is %j', (keys, result) => {
    let typed = { text: '', done: false, cancelled: false, rest: '' }
    for (const key of keys) typed = typeSecret(typed.text, key)
    expect(typed).toMatchObject(result)
  })

  it('is not shown', async () => {
    const { io, stdin, out } = fakeProcess({ terminal: 80 })
    const asked = askSecret(io.stdin, io.stdout, 'Password: ')
    stdin.write('sec')
    stdin.write(Buffer.from('rét\r'))
    expect(await asked).toBe('secrét')
    expect(out.text()).toBe('Password: \n')
  })

  it('is not given when the terminal closes, or at Ctrl-C', async () => {
    for (const [keys, end] of [['\x03', false], ['', true]] as const) {
      const { io, stdin } = fakeProcess({ terminal: 80 })
      const asked = askSecret(io.stdin, io.stdout, 'Password: ')
      if (keys !== '') stdin.write(keys)
      if (end) stdin.end()
      await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' })
    }
  })

  it('is asked for apart from the user, who is shown', async () => {
    const { io, stdin, out } = fakeProcess({ terminal: 80 })
    const asked = askLine(io.stdin, io.stdout, 'User: ')
    stdin.write('ann\r')
    expect(await asked).toBe('ann')
    expect(out.text()).toContain('User: ')
  })
})

describe('progress', () => {
  it('on a terminal is one line, drawn at most ten times a second, within the width', () => {
    const { io, out } = fakeProcess({ terminal: 10 })
    let time = 0
    const progress = createProgress(io.stdout, io.env, () => time)
    for (; time < 1000; time += 10) progress.update(`at ${time} of a long way\x1b`)
    progress.clear()
    const drawn = out.text().split('\r\x1b[2K').slice(1)
    expect(drawn).toHaveLength(11)
    expect(drawn[1]).toBe('at 100 of')
    expect(drawn.at(-1)).toBe('')
    expect(out.text()).not.toContain('\n')
  })

  it('elsewhere is a plain line every five seconds', () => {
    const { io, out } = fakeProcess()
    let time = 0
    const progress = createProgress(io.stdout, io.env, () => time)
    for (; time <= 11_000; time += 100) progress.update(`at ${time}`)
    progress.clear()
    expect(out.text()).toBe('at 5000\nat 10000\n')
  })

  it('draws over nothing on a dumb terminal', () => {
    const { io, out } = fakeProcess({ terminal: 80, env: { TERM: 'dumb' } })
    let time = 0
    const progress = createProgress(io.stdout, io.env, () => time)
    time = 6000
    progress.update('half')
    expect(out.text()).toBe('half\n')
  })
})
