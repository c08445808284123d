import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { homeOf, makeHome } from '../../src/cli/homes.ts'
import { lockFolder } from '../../src/cli/lock.ts'

let folder = ''
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'shoal-homes-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

describe('homes', () => {
  it.each([
    ['SHOAL_HOME', { SHOAL_HOME: '/s', XDG_DATA_HOME: '/d' }, '/s/peer', '/s/peer'],
    ['the XDG folders', { HOME: '/h', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/t' }, '/d/shoal/peer', '/t/shoal/peer'],
    ['their defaults', { HOME: '/h' }, '/h/.local/share/shoal/peer', '/h/.local/state/shoal/peer'],
    ['their defaults where the variables are empty or relative', { HOME: '/h', SHOAL_HOME: '', XDG_DATA_HOME: 'd', XDG_STATE_HOME: '' }, '/h/.local/share/shoal/peer', '/h/.local/state/shoal/peer']
  ])('lie in %s', (_, env, data, state) => { expect(homeOf('peer', env)).toEqual({ data, state }) })

  it('of tracker and peer are two', () => { expect(homeOf('tracker', { SHOAL_HOME: '/s' }).data).toBe('/s/tracker') })

  it('are for their owner alone, also when they were not', async () => {
    const home = homeOf('peer', { SHOAL_HOME: join(folder, 'a/b') })
    await makeHome(home)
    chmodSync(home.data, 0o755)
    await makeHome(home)
    expect(statSync(home.data).mode & 0o777).toBe(0o700)
  })

  it('that cannot be made are named', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(makeHome(homeOf('peer', { SHOAL_HOME: join(folder, 'file') }))).rejects.toMatchObject({ code: 'STATE_FAILED', message: expect.stringContaining(join(folder, 'file/peer')) as string })
  })
})

const lockModule = new URL('../../src/cli/lock.ts', import.meta.url).href
/** Locks in a process of its own, says how it went, and holds. */
const holder = async (): Promise<{ said: string, kill (): Promise<void> }> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    import { lockFolder } from ${JSON.stringify(lockModule)}
    try { lockFolder(process.argv[1], 'shoal test'); process.stdout.write('held') } catch (error) { process.stdout.write(error.code) }
    setInterval(() => undefined, 1000)`, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const kill = async (): Promise<void> => { child.kill('SIGKILL'); await ended }
  onTestFinished(kill)
  const [said] = await once(child.stdout, 'data') as [Buffer]
  return { said: String(said), kill }
}

describe('the lock of a folder', () => {
  it('is refused to a second process, which is told who holds it, and free once the first was killed', async () => {
    const first = await holder()
    expect(first.said).toBe('held')
    expect(() => lockFolder(folder, 'shoal peer')).toThrow(expect.objectContaining({ code: 'HOME_IN_USE', message: expect.stringMatching(/shoal test, process \d+/) as string }) as Error)
    await first.kill()
    const second = await holder()
    expect(second.said).toBe('held')
    await second.kill()
    lockFolder(folder, 'shoal peer').release()
  })

  it('goes to one of many that start at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => holder()))
    expect(all.map(({ said }) => said).sort()).toEqual(['HOME_IN_USE', 'HOME_IN_USE', 'HOME_IN_USE', 'HOME_IN_USE', 'HOME_IN_USE', 'held'])
    await Promise.all(all.map(one => one.kill()))
  })

  it('is refused to the same process too, until released', () => {
    const lock = lockFolder(folder, 'shoal peer')
    expect(() => lockFolder(folder, 'shoal peer')).toThrow(expect.objectContaining({ code: 'HOME_IN_USE' }) as Error)
    lock.release()
    lock.release()
    lockFolder(folder, 'shoal peer').release()
    expect(readdirSync(folder)).toEqual(['lock'])
  })

  it('that the disk refuses is no lock', () => {
    mkdirSync(join(folder, 'lock'))
    expect(() => lockFolder(folder, 'shoal peer')).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }) as Error)
  })
})
