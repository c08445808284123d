import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { httpTracker } from '../../../plugins/tracker-http/index.ts'
import { ShoalError } from '../../../src/contract/index.ts'
import type { RealmPin } from '../../../src/contract/index.ts'
import { generateKey } from '../../../src/keys/ed25519.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const startProcess = async (folder: string, port: number): Promise<{ readonly child: ChildProcess, readonly port: number, readonly pin: RealmPin }> => {
  const child = spawn(process.execPath, ['--import', here('../../testing/source-hooks.ts'), here('tracker-process.ts'), folder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(child.stdout), 'line') as [string]
  const [bound = '', pin = ''] = line.split(' ')
  return { child, port: Number(bound), pin: pin as RealmPin }
}

it('a tracker that is killed under writes loses nothing acknowledged, and its clients go on without a new login', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-killed-'))
  let running = await startProcess(folder, 0)
  const { port, pin } = running
  const tracker = await httpTracker({ where: { host: '127.0.0.1', port }, pin })
  try {
    await tracker.register('alice', 'x')
    const session = await tracker.login('alice', 'x', await generateKey())
    const made: string[] = []
    for (let kill = 1; kill <= 5; kill++) {
      let alive = true
      const write = async (hand: number): Promise<void> => {
        for (let i = 0; alive; i++) {
          const user = `u${kill}.${hand}.${i}`
          try {
            await tracker.register(user, 'x')
            made.push(user)
          } catch (error) {
            // whether that one was made is not known; the tracker is gone
            expect(ShoalError.is(error, 'TRACKER_UNREACHABLE'), String(error)).toBe(true)
            return
          }
        }
      }
      const before = made.length
      const writing = Promise.all([0, 1, 2, 3].map(write))
      await expect.poll(() => made.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(before + 20)
      running.child.kill('SIGKILL')
      await once(running.child, 'exit')
      alive = false
      await writing
      running = await startProcess(folder, port)
      expect(running).toMatchObject({ port, pin })
      expect(await session.groups()).toEqual([])
    }
    const lost = await Promise.all(made.map(user => tracker.register(user, 'other').then(() => user, (error: unknown) => ShoalError.is(error, 'USER_EXISTS') ? undefined : String(error))))
    expect(lost.filter(user => user !== undefined)).toEqual([])
  } finally {
    await tracker.stop()
    running.child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
}, 120_000)
