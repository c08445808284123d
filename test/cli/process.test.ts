import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { drive, drivePeer, driveTracker, launcher } from '../../examples/main-job/drive.ts'
import type { Driven } from '../../examples/main-job/drive.ts'

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-process-'))
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}
const kept = <T extends Driven>(driven: T): T => {
  onTestFinished(async () => { driven.kill('SIGKILL'); await driven.ended })
  return driven
}
const startPeer = (home: string, args: readonly string[] = []): ReturnType<typeof drivePeer> => kept(drivePeer(['127.0.0.1:0', ...args], { home }))
const exitOf = async (child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> => await once(child, 'exit') as [number | null, NodeJS.Signals | null]

describe('the process', () => {
  it.each([['SIGTERM', 0], ['SIGINT', 130]] as const)('of a peer ends at %s with %i, within 5 s', async (signal, code) => {
    const peer = startPeer(temporary(), ['--stay'])
    await peer.run('whoami')
    peer.endInput()
    const from = performance.now()
    peer.kill(signal)
    expect(await peer.ended).toEqual({ code, signal: null })
    expect(performance.now() - from).toBeLessThan(5000)
    expect(peer.notes).toEqual([])
  })

  it('that was killed leaves nothing that blocks the next, on the same folder and port', async () => {
    const home = temporary()
    const first = startPeer(home)
    const port = /\/tcp\/(\d+)/.exec((await first.run('whoami'))[0] ?? '')?.[1] ?? ''
    first.kill('SIGKILL')
    await first.ended
    const second = kept(drivePeer([`127.0.0.1:${port}`], { home }))
    expect((await second.run('whoami'))[0]).toContain(`/tcp/${port}`)
    expect(await second.quit()).toEqual({ code: 0, signal: null })
  })

  it('of a tracker is known by its pid, runs on without input, and starts at once on its port again', async () => {
    const home = temporary()
    const first = kept(await driveTracker(['--listen', '127.0.0.1:0'], { home }))
    first.endInput()
    process.kill(first.pid, 'SIGKILL')
    await first.ended
    const second = kept(await driveTracker(['--listen', new URL(first.url).host], { home }))
    expect(second.url).toBe(first.url)
    second.kill('SIGTERM')
    expect(await second.ended).toEqual({ code: 0, signal: null })
  })

  it('writes all of its answers before it ends, also to a slow reader', async () => {
    const child = spawn(launcher, ['peer', '127.0.0.1:0'], { env: { ...process.env, SHOAL_HOME: temporary() }, stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => { child.kill('SIGKILL') })
    const lines = 400
    child.stdin.end('help\n'.repeat(lines))
    await once(child.stdout, 'readable') // it answers, and nobody reads: its pipe fills up
    expect((await text(child.stdout)).split('\n').filter(line => line === 'ok')).toHaveLength(lines)
  })

  it.each([['--help'], ['peer', '127.0.0.1:0', '--stay']])('of shoal %s ends quietly when its reader is gone', async (...argv) => {
    const child = spawn(launcher, argv, { env: { ...process.env, SHOAL_HOME: temporary() }, stdio: ['pipe', 'pipe', 'pipe'] })
    onTestFinished(() => { child.kill('SIGKILL') })
    child.stdin.on('error', () => undefined) // it may have ended before
    child.stdout.destroy()
    child.stdin.write('whoami\nwhoami\nwhoami\n')
    const [ended, said] = await Promise.all([exitOf(child), text(child.stderr)])
    expect([...ended, said]).toEqual([0, null, ''])
  })

  it('says one line for a mistake of its user, and no trace', async () => {
    const wrong = kept(drive(['peer', '127.0.0.1:0', 'no_such_file'], { home: temporary() }))
    expect(await wrong.ended).toEqual({ code: 2, signal: null })
    expect(wrong.notes).toEqual([expect.stringMatching(/^shoal: error BAD_TRACKER_INFO: /)])
  })
})
