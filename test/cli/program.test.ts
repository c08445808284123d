import { createServer } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { createEnding } from '../../src/cli/signals.ts'
import type { Ending } from '../../src/cli/signals.ts'
import { version } from '../../src/version.ts'
import { fakeProcess } from './streams.ts'
import type { FakeProcess } from './streams.ts'

interface Run extends FakeProcess { readonly ended: Promise<number>, readonly ending: Ending }

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-program-'))
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}
/** `shoal …` in this process: its own streams, environment and ending. */
const shoal = (home: string, argv: readonly string[], env: Record<string, string> = {}): Run => {
  const fake = fakeProcess({ env: { SHOAL_HOME: home, ...env } })
  const ending = createEnding()
  const ended = runProgram(argv, fake.io, ending)
  onTestFinished(async () => { ending.end('quit'); await ended })
  return { ...fake, ending, ended }
}
const outcome = async (home: string, argv: readonly string[], env: Record<string, string> = {}, input = ''): Promise<{ status: number, out: string, err: string }> => {
  const run = shoal(home, argv, env)
  run.stdin.end(input)
  const status = await run.ended
  return { status, out: run.out.text(), err: run.err.text() }
}
const tracker = async (home: string, argv: readonly string[] = ['--listen', '127.0.0.1:0']): Promise<Run & { readonly url: string }> => {
  const run = shoal(home, ['tracker', ...argv])
  const [url] = await Promise.race([run.out.until(/^https:.*(?=\n)/), run.ended.then(() => { throw new Error(run.err.text()) })])
  return { ...run, url }
}
const here = '127.0.0.1:0'

describe('shoal', () => {
  it.each<[readonly string[], number, RegExp, RegExp]>([
    [[], 0, /tracker \[TRACKER_INFO\] \[N\][^]*get GROUP FILE DESTINATION/, /^$/],
    [['--help'], 0, /shoal: /, /^$/],
    [['--version'], 0, new RegExp(`^${version}\n$`), /^$/],
    [['help', 'get'], 0, /^shoal|^get GROUP FILE DESTINATION/, /^$/],
    [['peer', '--help'], 0, /--announce HOST:PORT[^]*--stay/, /^$/],
    [['get', '--help'], 0, /--overwrite[^]*--password-stdin[^]*also: download_file/, /^$/],
    [['create-user', '--help'], 0, /^shoal create_user USER \[--password-file FILE\]/, /^$/],
    [['trakcer'], 2, /^$/, /^shoal: error UNKNOWN_COMMAND: .*Did you mean tracker\?.*\n$/],
    [['whoami'], 2, /^$/, /is a command of the shell/],
    [['get', 'g'], 2, /^$/, /^shoal: error USAGE: get needs FILE and DESTINATION\..*\n$/],
    [['peer', '--transprot', 'tcp'], 2, /^$/, /BAD_OPTION.*Did you mean --transport\?/],
    [['peer', '--up-limit', 'fast'], 2, /^$/, /BAD_OPTION: --up-limit/],
    [['peer', 'nowhere:x'], 2, /^$/, /USAGE: Cannot read the address "nowhere:x"/],
    [['peer', '127.0.0.1:0', 'no_such_file'], 2, /^$/, /BAD_TRACKER_INFO: Cannot read TRACKER_INFO "no_such_file": there is no such file/],
    [['peer', '--selector', 'nonsense'], 2, /^$/, /PLUGIN_NOT_FOUND.*rarest-first/],
    [['peer', '--password-file', 'f'], 2, /^$/, /is for --user/],
    [['peer', '--wait', '--stay'], 2, /^$/, /exclude each other/],
    [['get', 'g', 'f', './', '--user', 'ann'], 2, /^$/, /No password is given/],
    [['share', 'f', 'g'], 2, /^$/, /No user is given/],
    [['tracker', 'reset-password'], 2, /^$/, /needs USER/]
  ])('%j ends with %i', async (argv, status, out, err) => {
    const run = await outcome(temporary(), argv)
    expect(run.err).toMatch(err)
    expect(run.out).toMatch(out)
    expect(run.status).toBe(status)
  })

  it('prints errors as JSON when asked to, and says where with --debug', async () => {
    const run = await outcome(temporary(), ['get', 'g', '--json', '--debug'])
    expect(JSON.parse(run.out)).toEqual({ command: 'download_file', ok: false, error: { code: 'USAGE', message: expect.any(String) as string, exitStatus: 2 } })
    expect(run.err).toMatch(/at .*grammar/)
  })

  it('names the file whose quotes were forgotten', async () => {
    const folder = temporary()
    writeFileSync(join(folder, 'my file'), '')
    expect((await outcome(folder, ['share', ...`${folder}/my file`.split(' '), 'g'])).err).toContain(`Type: shoal share '${folder}/my file' g`)
  })
})

describe('shoal tracker', () => {
  it('prints its address first, then what to type; quit and signals stop it, the end of its input does not', async () => {
    const first = await tracker(temporary())
    expect(first.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+#sha256=[0-9a-f]{64}$/)
    await first.out.until(new RegExp(`shoal peer '${first.url}'`))
    await first.out.until(/this machine only/)
    first.stdin.write('hello\n')
    await first.err.until(/one command here: quit/)
    first.stdin.write('quit\n')
    expect(await first.ended).toBe(0)
    for (const cause of ['SIGINT', 'SIGTERM'] as const) {
      const next = await tracker(temporary())
      next.stdin.end()
      expect(await Promise.race([next.ended, new Promise(resolve => setImmediate(() => { resolve('runs') }))])).toBe('runs')
      next.ending.end(cause)
      expect(await next.ended).toBe(0)
    }
  })

  it('keeps realm and port over a restart, and shows the host of its file', async () => {
    const [home, info] = [temporary(), join(temporary(), 'info.txt')]
    const first = await tracker(home)
    const [, port = '', pin = ''] = /:(\d+)#sha256=(.*)$/.exec(first.url) ?? []
    first.ending.end('SIGTERM')
    await first.ended
    writeFileSync(info, `# ours\nlocalhost:${port}#sha256=${pin}\n`)
    const again = await tracker(home, [info])
    expect(again.url).toBe(`https://localhost:${port}#sha256=${pin}`)
    expect(readFileSync(info, 'utf8')).toBe(`# ours\nlocalhost:${port}#sha256=${pin}\n`)
  })

  it('says that it is a relay, and at which address, below its own', async () => {
    const running = await tracker(temporary(), ['--listen', here, '--transport', 'tcp', '--relay'])
    const [printed] = await running.out.until(/^https:[^]*quit or Ctrl-C stops it\.\n/)
    const address = /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+/m.exec(printed)?.[0] ?? 'none'
    expect(printed.split('\n')).toContain(`A relay for its members, who are told of it:  ${address}`)
  })

  it('refuses what it cannot be, saying why', async () => {
    const [home, folder] = [temporary(), temporary()]
    const info = (name: string, text: string): string => { writeFileSync(join(folder, name), text); return join(folder, name) }
    const one = info('one', '127.0.0.1:7400')
    const refused = async (argv: readonly string[]): Promise<readonly unknown[]> => {
      const { status, err, out } = await outcome(home, ['tracker', ...argv])
      return [status, /^shoal: error ([A-Z_]+): .*\n$/.exec(err)?.[1], out]
    }
    expect(await refused([one, '2'])).toEqual([2, 'USAGE', ''])
    expect(await refused([one, '0'])).toEqual([2, 'USAGE', ''])
    expect(await refused([one, 'x'])).toEqual([2, 'USAGE', ''])
    expect(await refused([info('two', 'a:1\nb:1')])).toEqual([2, 'SHARED_STATE_NEEDED', ''])
    expect(await refused([info('bad', 'a:1\nb')])).toEqual([2, 'BAD_TRACKER_INFO', ''])
    expect(await refused([info('none', '# nothing')])).toEqual([2, 'BAD_TRACKER_INFO', ''])
    expect(await refused([join(folder, 'absent')])).toEqual([2, 'BAD_TRACKER_INFO', ''])
    expect(await refused([info('pinned', `127.0.0.1:0#sha256=${'ab'.repeat(32)}`)])).toEqual([2, 'BAD_TRACKER_INFO', ''])
    expect(await refused(['--listen', '192.0.2.99:0'])).toEqual([6, 'ADDRESS_UNAVAILABLE', ''])
    expect(await refused(['--listen', here, '--state', 'nothing'])).toEqual([2, 'PLUGIN_NOT_FOUND', ''])
    expect(await refused(['--listen', here, '--certificate', one])).toEqual([2, 'BAD_OPTION', ''])
    expect(await refused(['--listen', here, ...Array.from({ length: 9 }, () => ['--advertise-relay', '/ip4/192.0.2.1/tcp/1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5']).flat()])).toEqual([2, 'BAD_OPTION', ''])
    expect(await refused(['--listen', here, '--libp2p', 'none', '--stun'])).toEqual([2, 'BAD_OPTION', ''])
    expect(await refused(['--listen', here, '--transport', 'tcp', '--stun', '--stun-program', 'no-such-turnserver'])).toEqual([2, 'BAD_OPTION', ''])
    const busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
    expect(await refused(['--listen', `127.0.0.1:${(busy.address() as AddressInfo).port}`])).toEqual([6, 'PORT_IN_USE', ''])
    expect(await refused(['--listen', here, '--transport', 'tcp', '--libp2p', `127.0.0.1:${(busy.address() as AddressInfo).port}`])).toEqual([6, 'PORT_IN_USE', ''])
    busy.close()
    const running = await tracker(home)
    expect(await refused(['--listen', here])).toEqual([5, 'HOME_IN_USE', ''])
    running.ending.end('SIGTERM')
    expect(await running.ended).toBe(0)
  })

  it('sets a new password for a user, while it is stopped', async () => {
    const [home, peer] = [temporary(), temporary()]
    const first = await tracker(home)
    const [, port = ''] = /:(\d+)#/.exec(first.url) ?? []
    expect((await outcome(peer, ['create_user', 'ann', '--tracker', first.url, '--password-stdin', '--listen', here], {}, 'old\n')).status).toBe(0)
    expect((await outcome(home, ['tracker', 'reset-password', 'ann'], { SHOAL_PASSWORD: 'new' })).status).toBe(5)
    first.ending.end('SIGTERM')
    await first.ended
    expect(await outcome(home, ['tracker', 'reset-password', 'nobody'], { SHOAL_PASSWORD: 'new' })).toMatchObject({ status: 4, out: '' })
    expect(await outcome(home, ['tracker', 'reset-password', 'ann', '--password-stdin'], {}, 'new')).toMatchObject({ status: 0, err: '' })
    await tracker(home, ['--listen', `127.0.0.1:${port}`])
    const listed = async (password: string): Promise<number> => (await outcome(peer, ['list_groups', '--user', 'ann', '--listen', here], { SHOAL_PASSWORD: password })).status
    expect([await listed('old'), await listed('new')]).toEqual([3, 0])
  })
})

describe('shoal peer', () => {
  it('starts logged out, answers, and ends with its input; the next start knows the tracker', async () => {
    const [{ url }, home] = [await tracker(temporary()), temporary()]
    const first = await outcome(home, ['peer', here, url], {}, 'create_user ann pw\nwhoami\nlogin ann pw\nquit\n')
    expect(first).toMatchObject({ status: 0, err: '' })
    expect(first.out).toMatch(/^ok\n-\t12D3KooW\w+\thttps:\/\/127\.0\.0\.1:\d+\t\/ip4\/127\.0\.0\.1\/tcp\/\d+(?:,\/ip4\/127\.0\.0\.1\/[^,\s]+)*\nok\nok\nok\n$/)
    const second = await outcome(home, ['peer', here], {}, 'login ann pw')
    expect(second).toEqual({ status: 0, out: 'ok\n', err: '' })
    expect((await outcome(home, ['peer', here, '--user', 'ann', '--strict'], { SHOAL_PASSWORD: 'wrong' })).status).toBe(3)
    expect((await outcome(home, ['peer', here, '--user', 'ann', '--strict'], { SHOAL_PASSWORD: 'pw' }, 'whoami')).out).toMatch(/^ann\t/)
  })

  it('trusts a tracker without a pin at first use, says so, and refuses another key afterwards', async () => {
    const [firstHome, home] = [temporary(), temporary()]
    const first = await tracker(firstHome)
    const [, address = '', port = '', pin = ''] = /^https:\/\/(127\.0\.0\.1:(\d+))#sha256=(.*)$/.exec(first.url) ?? []
    const trusting = await outcome(home, ['peer', here, address], {}, 'create_user ann pw\ncreate_user bob pw')
    expect(trusting.out).toBe('ok\nok\n')
    expect(trusting.err).toMatch(new RegExp(`^warning [^\n]*${address}[^\n]*first time[^\n]*sha256=${pin}\n$`))
    expect((await outcome(home, ['peer', here, address], {}, 'login ann pw')).err).toBe('')
    first.ending.end('SIGTERM')
    await first.ended
    const { url: impostor } = await tracker(temporary(), ['--listen', `127.0.0.1:${port}`])
    expect((await outcome(home, ['peer', here, address, '--strict'], {}, 'login ann pw'))).toMatchObject({ status: 6, out: expect.stringMatching(/^error TRACKER_KEY_CHANGED: /) as string })
    expect((await outcome(home, ['peer', here, impostor, '--strict'], {}, 'create_user ann pw\nlogin ann pw'))).toMatchObject({ status: 0 })
    expect((await outcome(home, ['peer', here, address, '--strict'], {}, 'login ann pw'))).toMatchObject({ status: 0 })
  })

  it('goes to the first tracker of its file that answers', async () => {
    const [{ url }, home] = [await tracker(temporary()), temporary()]
    const info = join(home, 'info.txt')
    writeFileSync(info, `127.0.0.1:1\n${url}\n`)
    expect((await outcome(home, ['peer', here, info], {}, 'whoami\ncreate_user ann pw\nlogin ann pw'))).toMatchObject({ status: 0, err: '', out: expect.stringContaining(url.split('#')[0] ?? '') as string })
    expect((await outcome(home, ['peer', here], {}, 'login ann pw')).out).toBe('ok\n')
  })

  it('goes to the tracker of last time: the last that answered, not one that was mistyped', async () => {
    const [{ url }, home] = [await tracker(temporary()), temporary()]
    expect((await outcome(home, ['peer', here, url], {}, 'login ann wrong')).out).toMatch(/^error WRONG_PASSWORD: /)
    const [address = '', pin = ''] = url.split('#sha256=')
    for (const [mistyped, code] of [['127.0.0.1:1', 'TRACKER_UNREACHABLE'], [`${address}#sha256=${pin.replace(/^./, digit => digit === '0' ? '1' : '0')}`, 'TRACKER_KEY_CHANGED']] as const) {
      expect((await outcome(home, ['peer', here, mistyped], {}, 'create_user ann pw')).out).toMatch(new RegExp(`^error ${code}: `))
      expect((await outcome(home, ['peer', here], {}, 'whoami')).out).toContain(address)
    }
    expect((await outcome(home, ['peer', here], {}, 'create_user ann pw\nlogin ann pw')).out).toBe('ok\nok\n')
  })

  it('says that its folder or port is taken', async () => {
    const [{ url }, home, other] = [await tracker(temporary()), temporary(), temporary()]
    const running = shoal(home, ['peer', here, url])
    running.stdin.write('whoami\n')
    const [, port = ''] = await running.out.until(/\/tcp\/(\d+)[^\n]*\nok\n/)
    expect(await outcome(home, ['peer', here, url])).toMatchObject({ status: 5, err: expect.stringMatching(/HOME_IN_USE.*shoal peer, process \d+/) as string })
    expect(await outcome(other, ['peer', `127.0.0.1:${port}`, url])).toMatchObject({ status: 6, err: expect.stringMatching(/PORT_IN_USE/) as string })
    running.ending.end('SIGINT')
    expect(await running.ended).toBe(130)
  })
})

describe('shoal relay', () => {
  it('learns the realm from a tracker that is named by an address of libp2p alone, and says that a tracker does not answer there', async () => {
    const running = await tracker(temporary())
    const [address] = await running.out.until(/^\/ip4\/\S+\/tcp\/\S+$/m)
    const home = temporary()
    const relay = shoal(home, ['relay', address.split('#')[0] ?? '', '--listen', here])
    await Promise.race([relay.out.until(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//), relay.ended.then(() => { throw new Error(relay.err.text()) })])
    relay.ending.end('SIGTERM')
    expect(await relay.ended).toBe(0)
    running.ending.end('SIGTERM')
    await running.ended
    expect(await outcome(temporary(), ['relay', address, '--listen', here])).toMatchObject({ status: 6, err: expect.stringMatching(/TRACKER_UNREACHABLE/) as string })
    expect(await outcome(home, ['relay', address.split('#')[0] ?? '', '--listen', here, '--debug'], {}, 'quit\n')).toMatchObject({ status: 0, err: expect.stringMatching(/its realm is known from the last time/) as string })
  })
})

describe('shoal share and shoal get', () => {
  it('share until interrupted, and fetch; get again goes on or says that the file is there', async () => {
    const { url } = await tracker(temporary())
    const [annHome, bobHome, folder] = [temporary(), temporary(), temporary()]
    const as = (user: string): string[] => ['--user', user, '--listen', here]
    const env = { SHOAL_PASSWORD: 'pw' }
    const file = new Uint8Array(3_000_000).map((_, i) => i * 31 >> 3)
    writeFileSync(join(folder, 'my file'), file)
    for (const [home, user] of [[annHome, 'ann'], [bobHome, 'bob']] as const) expect((await outcome(home, ['create_user', user, '--tracker', url, '--listen', here], env)).status).toBe(0)
    expect((await outcome(annHome, ['create_group', 'g', ...as('ann')], env)).status).toBe(0)
    expect(await outcome(bobHome, ['join_group', 'g', ...as('bob')], env)).toMatchObject({ status: 0, err: expect.stringContaining('accept_request') as string })
    const early = await outcome(bobHome, ['get', 'g', 'my file', folder, ...as('bob')], env)
    expect(early).toMatchObject({ status: 4, err: expect.stringContaining('accept_request g bob') as string })
    expect((await outcome(annHome, ['accept_request', 'g', 'bob', ...as('ann')], env)).status).toBe(0)

    const listing = shoal(annHome, ['share', join(folder, 'my file'), 'g', ...as('ann')], env)
    await listing.err.until(/Ctrl-C stops sharing/)
    listing.ending.end('SIGINT')
    expect(await listing.ended).toBe(0)

    const waiting = shoal(bobHome, ['get', 'g', 'my file', `${folder}/got/`, ...as('bob')], env)
    await waiting.err.until(/^[^]*$/)
    await waiting.err.until(new RegExp(`Downloading to ${folder}/got/my file`))
    waiting.ending.end('SIGINT')
    expect(await waiting.ended).toBe(130)
    expect(waiting.err.text()).toMatch(/INTERRUPTED: The download of "my file" was interrupted at 0\.0%\. Run the same command again/)

    const sharing = shoal(annHome, ['share', join(folder, 'my file'), 'g', ...as('ann')], env)
    await sharing.err.until(/Ctrl-C stops sharing/)
    const got = await outcome(bobHome, ['get', 'g', 'my file', `${folder}/got/`, ...as('bob')], env)
    expect(got).toMatchObject({ status: 0, out: `my file\t${folder}/got/my file\n`, err: expect.stringMatching(/3\.0 MB in .*ann:3000000/) as string })
    expect(readFileSync(join(folder, 'got', 'my file'))).toEqual(Buffer.from(file))
    expect((await outcome(bobHome, ['get', 'g', 'my file', `${folder}/got/`, ...as('bob')], env))).toMatchObject({ status: 5, err: expect.stringContaining('FILE_EXISTS') as string })
    const again = await outcome(bobHome, ['get', 'g', 'my file', `${folder}/got/`, '--overwrite', '--json', ...as('bob')], env)
    expect(JSON.parse(again.out)).toMatchObject({ command: 'download_file', ok: true, result: { state: 'complete', destination: `${folder}/got/my file`, length: 3_000_000 } })
    sharing.ending.end('SIGTERM')
    expect(await sharing.ended).toBe(0)
  })
})
