/** What a fresh checkout gives: the launcher, npx, and the main job. */
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bytesOf, createWorld, eventually, launcher, MiB } from './world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Result { readonly code: number | null, readonly out: string, readonly err: string }

/** As a person's shell would run it: without what the test run has put into the environment. */
const environment = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_OPTIONS|INIT_CWD)/.test(name))),
  PATH: (process.env['PATH'] ?? '').split(':').filter(part => !part.includes('node_modules')).join(':'), ...extra
})

const run = (command: string, args: readonly string[], options: { cwd?: string, env?: NodeJS.ProcessEnv } = {}): Promise<Result> => new Promise(resolve => {
  const child = execFile(command, args, { cwd: options.cwd ?? root, env: environment(options.env), maxBuffer: 16 * MiB }, (_, out, err) => { resolve({ code: child.exitCode, out, err }) })
})

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'shoal-launcher-'))
  onTestFinished(() => { rmSync(made, { recursive: true, force: true }) })
  return made
}

describe('bin/shoal', () => {
  it('runs from any folder and through a symlink, on the checkout\'s Node', async () => {
    const made = folder()
    symlinkSync(launcher, join(made, 'shoal'))
    const { code, out } = await run(join(made, 'shoal'), ['--version'], { cwd: made })
    expect(code).toBe(0)
    expect(out).toMatch(/^\D*0\.1\.0/)
  })

  it('is the peer itself: the pid that was started is the pid that runs', async () => {
    const world = await createWorld()
    const peer = await world.user('alice')
    expect(readFileSync(`/proc/${peer.pid}/cmdline`, 'utf8').split('\0')[0]).toMatch(/node_modules\/node-linux-\w+\/bin\/node$/)
    peer.kill()
    expect((await peer.ended).signal).toBe('SIGKILL')
  })

  it('is there for npx too', async () => {
    const { code, out } = await run('npx', ['shoal', '--version'])
    expect(code).toBe(0)
    expect(out).toMatch(/^\D*0\.1\.0/)
  })
})

describe('npm start', () => {
  const leftovers = (made: string): string[] => readdirSync(made).filter(name => name.startsWith('shoal-main-job-'))
  const file = (made: string, bytes: number): string => {
    const path = join(made, 'a file.bin')
    writeFileSync(path, bytesOf('main job', bytes))
    return path
  }

  it('shares a real file between processes on Node 24, twice, and leaves nothing behind', async () => {
    const made = folder()
    mkdirSync(join(made, 'tmp'))
    const { code, out, err } = await run('npm', ['start', '--', file(made, 24 * MiB), '--transport', 'quic'], { env: { TMPDIR: join(made, 'tmp') } })
    expect(err + out).toMatch(/Node v24\./)
    expect(out).toContain('All of it held.')
    expect(out).toMatch(/bob .* same\n/)
    expect(out).toMatch(/carol .* same\n/)
    expect(out).toContain('carried, as the connections tell, by quic (')
    expect(out).toMatch(/One byte of a block was flipped: [1-9]\d* bytes were thrown away/)
    expect(code).toBe(0)
    expect(leftovers(join(made, 'tmp'))).toEqual([])
    process.stdout.write(`inside npm start: ${/Node v[\d.]+/.exec(out)?.[0] ?? ''}; inside npm test: Node ${process.version}\n`)
  }, 90_000)

  it('fails when a copy differs', async () => {
    const made = folder()
    const { code, out } = await run('npm', ['start', '--', file(made, MiB), '--transport', 'webrtc', '--spoil-copy'], { env: { TMPDIR: made } })
    expect(code).toBe(1)
    expect(out).toContain('carried, as the connections tell, by webrtc (')
    expect(out).toContain('FAILED: the copy of bob differs from the original')
  }, 90_000)

  it('says what to type when npm has taken a flag for itself, and what is wrong with a file', async () => {
    const swallowed = await run('npm', ['start', '--transport', 'tcp'])
    expect(swallowed).toMatchObject({ code: 2 })
    expect(swallowed.err).toContain('npm start -- --transport tcp')
    const missing = await run('npm', ['start', '--', '/no/such/file'])
    expect(missing.code).toBe(4)
    expect(missing.err).toContain('There is no file "/no/such/file"')
  }, 60_000)

  it('leaves no process and no temporary folder when it is interrupted', async () => {
    const made = folder()
    const child = spawn('npm', ['start', '--', file(made, 64 * MiB)], { cwd: root, env: environment({ TMPDIR: made }), detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const { pid } = child
    if (pid === undefined) throw new Error('npm could not be started.')
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
    const ended = new Promise<number | null>(resolve => { child.on('close', code => { resolve(code) }) })
    await eventually('the share', 60_000, () => Promise.resolve(out.includes('in place')))
    const ofJob = (): string[] => readdirSync('/proc').filter(name => /^\d+$/.test(name)).filter(name => {
      try { return readFileSync(`/proc/${name}/environ`, 'utf8').includes(`TMPDIR=${made}`) } catch { return false }
    })
    expect(ofJob().length).toBeGreaterThan(4)
    process.kill(-pid, 'SIGINT')
    expect(await ended).not.toBe(0)
    await eventually('no process', 10_000, () => Promise.resolve(ofJob().length === 0))
    expect(leftovers(made)).toEqual([])
    expect(existsSync(join(made, 'a file.bin'))).toBe(true)
  }, 90_000)
})
