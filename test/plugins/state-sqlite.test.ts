import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import sqlite, { sqliteState } from 'shoal/plugins/state-sqlite'
import { runSuite, stateSuite } from 'shoal/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCourier } from '../../plugins/state-sqlite/courier.ts'
import { openStates } from '../testing/open-states.ts'

const quiet = { log: () => { /* quiet */ } }
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

let folder = ''
let count = 0
const fresh = (): string => join(folder, String(++count), 'state.sqlite')

beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'shoal-state-')) })
afterAll(() => rm(folder, { recursive: true }))

runSuite('state-sqlite', stateSuite, () => openStates(options => sqlite({ path: fresh(), ...options }).create(quiet)))

describe('the file of state-sqlite', () => {
  it('is readable for its owner only, in a folder of its own, with its log beside it', async () => {
    const path = fresh()
    const state = await sqliteState({ path })
    await state.txn([], [{ put: 'a', value: bytes('x') }])
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
    for (const name of await readdir(join(path, '..'))) expect([name, (await stat(join(path, '..', name))).mode & 0o777]).toEqual([name, 0o600])
    await state.stop()
    expect(await readdir(join(path, '..'))).toEqual(['state.sqlite'])
  })

  it('lies in the folder that the plugin was given, unless it was given a path', async () => {
    const state = await sqlite().create({ ...quiet, folder: join(folder, 'given') })
    await state.stop()
    expect(await readdir(join(folder, 'given'))).toEqual(['state.sqlite'])
    await expect(sqlite().create(quiet)).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('is opened by one at a time: another is told so and can open it when the first has stopped', async () => {
    const path = fresh()
    const first = await sqliteState({ path })
    await expect(sqliteState({ path })).rejects.toMatchObject({ code: 'STATE_FAILED', message: expect.stringContaining('another process has it open') as string })
    await first.txn([], [{ put: 'a', value: bytes('still writable') }])
    await first.stop()
    const second = await sqliteState({ path })
    expect((await second.get('a'))?.value).toEqual(bytes('still writable'))
    await second.stop()
  })

  it('keeps entries, revisions and resumable watches over a restart, and no key of a lease', async () => {
    const path = fresh()
    const first = await sqliteState({ path })
    const lease = await first.lease(60_000)
    await first.txn([], [{ put: 'a', value: bytes('1') }, { put: 'soft', value: bytes('1'), lease: lease.id }])
    await first.txn([], [{ put: 'empty', value: bytes('') }])
    await first.stop()
    const second = await sqliteState({ path })
    expect(await second.list('')).toEqual([{ key: 'a', value: bytes('1'), revision: 1 }, { key: 'empty', value: bytes(''), revision: 2 }])
    expect(await second.revision()).toBe(3)
    const seen: unknown[] = []
    for await (const change of second.watch('', { fromRevision: 1, signal: AbortSignal.timeout(5000) })) if (seen.push(change) === 2) break
    expect(seen).toEqual([{ kind: 'put', entry: { key: 'empty', value: bytes(''), revision: 2 } }, { kind: 'delete', key: 'soft', revision: 3 }])
    await second.stop()
  })

  it('is refused when it is not ours, damaged, or of a later format', async () => {
    const [foreign, damaged, later, nowhere] = [join(folder, 'foreign'), join(folder, 'damaged'), fresh(), join(folder, 'damaged', 'file')]
    const other = new DatabaseSync(foreign)
    other.exec('CREATE TABLE theirs (x)')
    other.close()
    await writeFile(damaged, 'This is no database, but it is long enough to be looked at as one. '.repeat(20))
    await (await sqliteState({ path: later })).stop()
    const raw = new DatabaseSync(later)
    raw.exec('PRAGMA user_version = 2')
    raw.close()
    for (const [path, reason] of [[foreign, 'another program'], [damaged, 'no SQLite database'], [later, 'format 2'], [nowhere, 'EEXIST']] as const) {
      await expect(sqliteState({ path }), path).rejects.toMatchObject({ code: 'STATE_FAILED', message: expect.stringContaining(reason) as string })
    }
  })
})

describe('the commits of state-sqlite', () => {
  it('are shared by the transactions of one turn, and by those that came while one was under way', async () => {
    const courier = await startCourier({ path: fresh(), historyChanges: 1000 })
    let commits = 0
    courier.onChange = () => { commits++ }
    const put = (key: string): Promise<unknown> => courier.ask({ type: 'txn', compare: [], ops: [{ put: key, value: new Uint8Array(10) }] })
    await Promise.all(Array.from({ length: 200 }, (_, i) => put(`turn/${i}`)))
    expect(commits).toBe(1)
    const first = put('first')
    await Promise.resolve()
    await Promise.all([first, ...Array.from({ length: 200 }, (_, i) => Promise.resolve().then(() => put(`later/${i}`)))])
    expect(commits).toBeLessThanOrEqual(3)
    await courier.stop()
  })
})

const script = (...args: readonly string[]): readonly string[] =>
  ['--disable-warning=ExperimentalWarning', '--import', here('../testing/source-hooks.ts'), ...args]

/** Writes until it was killed. @returns the numbers it acknowledged */
const writeUntilKilled = async (path: string, first: number, kills: number): Promise<readonly number[]> => {
  const child = spawn(process.execPath, script(here('state-sqlite-writer.ts'), path, String(first)), { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>(resolve => { child.once('exit', () => { resolve() }) })
  const acknowledged: number[] = []
  for await (const line of createInterface(child.stdout)) {
    const [number, ok] = line.split(' ')
    expect(ok).toBe('true')
    if (acknowledged.push(Number(number)) === kills) child.kill('SIGKILL')
  }
  await exited
  return acknowledged
}

describe('a process with state-sqlite that is killed', () => {
  it('loses nothing acknowledged, tears no transaction, and leaves a file that opens at once, twenty times over', async () => {
    const path = fresh()
    const acknowledged = new Set<number>()
    let revision = 0
    for (let kill = 1; kill <= 20; kill++) {
      for (const number of await writeUntilKilled(path, kill * 100_000, kill * 13)) acknowledged.add(number)
      const opening = performance.now()
      const state = await sqliteState({ path })
      expect(performance.now() - opening).toBeLessThan(5000)
      expect(await state.revision()).toBeGreaterThan(revision)
      revision = await state.revision()
      const found = new Map<string, Uint8Array>()
      for (let after: string | undefined; ;) {
        const page = await state.list('', after === undefined ? {} : { after })
        for (const { key, value } of page) found.set(key, value)
        after = page.at(-1)?.key
        if (page.length < 1000) break
      }
      for (const number of acknowledged) {
        for (const key of [`a/${number}`, `b/${number}`]) expect(found.get(key), key).toEqual(new Uint8Array(100 + number % 400).fill(number % 251))
      }
      for (const key of found.keys()) expect(found.has(`${key.startsWith('a') ? 'b' : 'a'}${key.slice(1)}`), key).toBe(true)
      await state.stop()
    }
    expect(acknowledged.size).toBeGreaterThan(20 * 21 / 2 * 13 - 1)
  }, 120_000)
})

describe('a process with state-sqlite whose disk takes no more', () => {
  it('is refused whole batches, keeps all that was acknowledged and nothing that was refused, and writes again when there is space', async () => {
    const path = fresh()
    // no file above 2 MiB: what a full disk does, for this process alone
    const child = spawn('sh', ['-c', 'ulimit -f 4096 && exec "$@"', 'sh', process.execPath, ...script(here('state-sqlite-filler.ts'), path)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const answers = new Map<string, string>()
    for await (const line of createInterface(child.stdout)) {
      const [key = '', answer = ''] = line.split(' ')
      answers.set(key, answer)
    }
    expect(new Set(answers.values())).toEqual(new Set(['ok', 'STATE_FAILED']))
    expect(answers.get('small')).toBe('ok')
    const state = await sqliteState({ path })
    for (const [key, answer] of answers) expect([key, await state.get(key) !== undefined]).toEqual([key, answer === 'ok'])
    expect(await state.txn([], [{ put: 'after', value: new Uint8Array(60_000) }])).toMatchObject({ ok: true })
    await state.stop()
  })
})

describe('a process that ends without stopping its state-sqlite', () => {
  it('is not kept alive by it, and has written what it asked for', async () => {
    const path = fresh()
    const child = spawn(process.execPath, script('--input-type=module', '--eval', `
      import { sqliteState } from 'shoal/plugins/state-sqlite'
      const state = await sqliteState({ path: ${JSON.stringify(path)} })
      await state.lease(60_000)
      state.txn([], [{ put: 'last', value: new Uint8Array(1) }])
    `), { stdio: ['ignore', 'inherit', 'pipe'] })
    const warnings: unknown[] = []
    child.stderr.on('data', data => { warnings.push(String(data)) })
    expect(await new Promise(resolve => { child.once('close', resolve) })).toBe(0)
    expect(warnings).toEqual([])
    const state = await sqliteState({ path })
    expect(await state.get('last')).toBeDefined()
    await state.stop()
  })
})
