import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { createPipeShell } from '../../src/cli/pipe-shell.ts'
import type { PipeShellOptions } from '../../src/cli/pipe-shell.ts'
import { createEnding } from '../../src/cli/signals.ts'
import type { Ending } from '../../src/cli/signals.ts'
import type { Shoal } from '../../src/contract/index.ts'
import { smallWorld } from './small-shoal.ts'
import { fakeProcess } from './streams.ts'
import type { FakeProcess } from './streams.ts'

interface Piped extends FakeProcess { readonly ended: Promise<{ readonly status: number, readonly farewell?: string }>, readonly ending: Ending }

const pipe = (shoal: Shoal, options: Partial<PipeShellOptions> = {}): Piped => {
  const fake = fakeProcess()
  const ending = createEnding()
  onTestFinished(() => { ending.end('quit') })
  const shell = createPipeShell({ shoal, commands, io: fake.io, home: '/home/ann', ending, wait: false, stay: false, strict: false, json: false, debug: false, ...options })
  return { ...fake, ending, ended: shell.run() }
}
const withLines = (shoal: Shoal, lines: readonly string[], options: Partial<PipeShellOptions> = {}): Piped => {
  const piped = pipe(shoal, options)
  piped.stdin.end(lines.map(line => `${line}\n`).join(''))
  return piped
}
const withAlice = async (): Promise<{ folder: string, alice: Shoal, readonly peer: (name?: string) => Promise<Shoal> }> => {
  const world = await smallWorld()
  const alice = await world.peer('alice-home')
  await alice.createUser('alice', 'pw')
  await alice.login('alice', 'pw')
  await alice.createGroup('g')
  return { ...world, alice }
}

describe('the shell on a pipe', () => {
  it('answers each command with its result and one line, in order, and nothing else', async () => {
    const world = await smallWorld()
    const { out, err, ended } = withLines(await world.peer(), [
      '# a comment', '', 'list_groups', 'create_user alice pw', 'login alice pw', 'create_group g', 'list_groups', 'list_files g', 'list_files nowhere', 'show_downloads', 'list_peers'
    ])
    expect(await ended).toEqual({ status: 0 })
    expect(out.lines()).toEqual([
      'error NOT_LOGGED_IN: list_groups needs a user, and nobody is logged in. Type: login USER PASSWORD',
      'ok', 'ok', 'ok', 'g\talice\towner', 'ok', 'ok', expect.stringMatching(/^error NOT_FOUND: .*nowhere/), 'ok', 'ok'
    ])
    expect(err.text()).toBe('')
  })

  it('runs the last line without its line break, and lines of another system', async () => {
    const { stdin, out, ended } = pipe(await (await smallWorld()).peer())
    stdin.end('create_user alice pw\r\nlogin alice pw')
    await ended
    expect(out.lines()).toEqual(['ok', 'ok'])
  })

  it('answers a line while the next is not typed yet', async () => {
    const { stdin, out, ended } = pipe(await (await smallWorld()).peer())
    stdin.write('create_us')
    stdin.write('er alice pw\n')
    await out.until(/^ok\n$/)
    stdin.end()
    await ended
  })

  it('lists with names first, tabs between, and nothing raw', async () => {
    const { alice, folder } = await withAlice()
    writeFileSync(join(folder, 'my file'), 'hello')
    const { out, ended } = withLines(alice, [`upload_file '${folder}/my file' g --name 'a b'`, 'list_files g', 'list_shares', 'stop_share g \'a b\'', 'list_files g'])
    await ended
    const root = expect.stringMatching(/^[0-9a-f]{64}$/) as string
    expect(out.lines().map(line => line.split('\t'))).toEqual([
      ['a b', '5', 'blake3', root, 'listed'], ['ok'], ['a b', '5', 'blake3', root, '1', '1'], ['ok'], ['a b', 'g', '5', `${folder}/my file`, 'shared'], ['ok'], ['ok'], ['ok']
    ])
  })

  it('downloads, and shows downloads as commands take their names', async () => {
    const { alice, folder, peer } = await withAlice()
    writeFileSync(join(folder, 'my file'), 'hello')
    await alice.share(join(folder, 'my file'), 'g')
    const bob = await peer()
    await bob.createUser('bob', 'pw')
    await bob.login('bob', 'pw')
    await bob.joinGroup('g')
    await alice.acceptRequest('g', 'bob')
    const { out, ended } = withLines(bob, [`download_file g 'my file' ${folder}/got/`], { wait: true })
    expect(await ended).toEqual({ status: 0 })
    expect(out.lines()).toEqual([`my file\t${folder}/got/my file`, 'ok'])
    const after = withLines(bob, ['show_downloads', 'show_downloads --json', `download_file g my file ${folder}/got/`, `download_file g 'my file' ${folder}/got/`])
    await after.ended
    const [shown, , json = '', ...rest] = after.out.lines()
    expect(shown).toMatch(new RegExp(`^\\[C\\] g 'my file'\t${folder}/got/my file\t\\d+\\.\\d\talice:5$`))
    expect(JSON.parse(json)).toMatchObject([{ group: 'g', file: 'my file', state: 'complete', destination: `${folder}/got/my file`, haveBytes: 5, bytesByPeer: [{ user: 'alice', bytes: 5 }] }])
    expect(rest).toEqual([
      'ok',
      `error USAGE: The name "my file" contains spaces and needs quotes. Type: download_file g 'my file' ${folder}/got/`,
      expect.stringMatching(/^error FILE_EXISTS: /)
    ])
  })

  const waitingBob = async (): Promise<{ alice: Shoal, bob: Shoal, waiting: Piped }> => {
    const { alice, folder, peer } = await withAlice()
    writeFileSync(join(folder, 'f'), 'hello')
    await alice.share(join(folder, 'f'), 'g')
    const bob = await peer()
    await bob.createUser('bob', 'pw')
    await bob.login('bob', 'pw')
    await bob.joinGroup('g')
    await alice.acceptRequest('g', 'bob')
    await alice.logout()
    const waiting = withLines(bob, [`download_file g f ${folder}/got/`, 'show_downloads'], { wait: true, strict: true })
    await waiting.out.until(/\[D\].*\nok\n$/)
    expect(waiting.out.lines()[2]).toMatch(/^\[D\] g f\t0\.0%\twaiting for a source[^\t]*\t0\t-\t.*\/got\/f$/)
    expect(await Promise.race([waiting.ended, Promise.resolve('still waiting')])).toBe('still waiting')
    await alice.login('alice', 'pw')
    return { alice, bob, waiting }
  }

  it('with --wait ends when no download runs', async () => {
    const { waiting } = await waitingBob()
    expect(await waiting.ended).toEqual({ status: 0 })
  })

  it('with --wait and --strict ends with the status of a download that fails meanwhile', async () => {
    const { alice, bob, waiting } = await waitingBob()
    await alice.removeMember('g', 'bob')
    const { status } = await waiting.ended
    expect([[0, 'complete'], [4, 'failed']]).toContainEqual([status, bob.downloads()[0]?.state])
  })

  it('says what is wrong with a line, and goes on', async () => {
    const { out, ended } = withLines((await withAlice()).alice, [
      'list_file g', 'zzz', 'list_files', 'list_files g h', 'list_files "g', 'list_files g --al', 'upload_file /no/such g', 'upload_file / g', 'upload_file x g --piece-size 3', 'help nothing', 'whoami --json'
    ])
    await ended
    expect(out.lines().map(line => line.replace(/^(error [A-Z_]+: .{12}).*/, '$1'))).toEqual([
      'error UNKNOWN_COMMAND: There is no ', 'error UNKNOWN_COMMAND: There is no ', 'error USAGE: list_files n', 'error USAGE: list_files t', 'error USAGE: A quote (") ',
      'error BAD_OPTION: list_files h', 'error FILE_NOT_FOUND: There is no ', 'error NOT_A_FILE: "/" is a fol', 'error BAD_OPTION: --piece-size', 'error UNKNOWN_COMMAND: There is no ',
      expect.stringMatching(/^\{"user":"alice"/), 'ok'
    ])
    expect(out.lines()[0]).toContain('Did you mean list_files?')
  })

  it('ends at quit without reading on, and answers it last', async () => {
    const { out, ended } = withLines(await (await smallWorld()).peer(), ['quit', 'create_user alice pw'])
    expect(await ended).toEqual({ status: 0, farewell: 'ok' })
    expect(out.text()).toBe('')
  })

  it('with --strict ends at the first error, with its status', async () => {
    const { out, ended } = withLines(await (await smallWorld()).peer(), ['login nobody pw', 'create_user alice pw'], { strict: true })
    expect(await ended).toEqual({ status: 3 })
    expect(out.lines()).toEqual([expect.stringMatching(/^error WRONG_PASSWORD: /)])
  })

  it('with --json prints one document per command', async () => {
    const { out, ended } = withLines((await withAlice()).alice, ['list_groups', 'list_files none', 'login alice \'x', 'quit'], { json: true })
    expect((await ended).farewell).toBe('{"command":"quit","ok":true,"result":null}')
    expect(out.lines().map(line => JSON.parse(line) as unknown)).toEqual([
      { command: 'list_groups', ok: true, result: [{ group: 'g', owner: 'alice', state: 'owner', admission: 'owner', id: expect.any(String) as string }] },
      { command: 'list_files', ok: false, error: { code: 'NOT_FOUND', message: expect.any(String) as string, exitStatus: 4 } },
      { command: 'login', ok: false, error: { code: 'USAGE', message: expect.stringContaining('not closed') as string, exitStatus: 2 } }
    ])
  })

  it.each([['SIGTERM', 0], ['SIGINT', 130], ['output closed', 0]] as const)('with --stay outlives its input, until %s: %i', async (cause, status) => {
    const { stdin, out, ended, ending } = pipe(await (await smallWorld()).peer(), { stay: true })
    stdin.end('help quit\n')
    await out.until(/^ok$/m)
    expect(await Promise.race([ended, Promise.resolve('stays')])).toBe('stays')
    ending.end(cause)
    expect(await ended).toEqual({ status })
  })

  it('is interrupted in the middle of a command, and of a line', async () => {
    const { stdin, out, ended, ending } = pipe((await withAlice()).alice)
    stdin.write('list_groups\ncreate_user x')
    await out.until(/ok\n/)
    ending.end('SIGTERM')
    expect(await ended).toEqual({ status: 0 })
    expect(out.lines()).toEqual(['g\talice\towner', 'ok'])
  })
})
