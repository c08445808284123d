/** The examples are programs that people copy: each is run as it stands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createWorld, hashOf, MiB, password } from './world.ts'

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

const run = async (name: string, args: readonly string[] = [], cwd?: string): Promise<{ code: number | null, out: string, err: string }> => {
  const child = spawn(process.execPath, [example(name), ...args], cwd === undefined ? {} : { cwd })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
  const [code] = await once(child, 'close') as [number | null]
  return { code, out, err }
}

describe('the published suites', () => {
  it('register with the vitest that runs them: none is built in', () => {
    expect(readFileSync(fileURLToPath(new URL('../../dist/testing/index.js', import.meta.url)), 'utf8').includes('import("vitest")')).toBe(true)
  })
})

describe('the examples', () => {
  it('hello: two peers in one process', async () => {
    expect(await run('hello.ts')).toEqual({ code: 0, out: 'Hello, shoal!\nfrom alice: 14 bytes over memory\n', err: '' })
  })

  it('own-selector: pieces are fetched in the order that it says', async () => {
    expect(await run('own-selector.ts')).toEqual({ code: 0, out: 'chosen in this order: 0 7 1 2 3 4 5 6\n', err: '' })
  })

  it('own-integrity: a file is sealed, sent and verified by it', async () => {
    // FIPS 180-4 has this hash of "abc"
    expect(await run('own-integrity.ts')).toEqual({ code: 0, out: 'sha512-256 53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23\n', err: '' })
  })

  it('own-transport: a file goes over WebSockets', async () => {
    expect(await run('own-transport.ts')).toEqual({ code: 0, out: '65536 bytes from alice over ws: the same bytes\n', err: '' })
  })

  it('simulated-swarm: a swarm in virtual time, and the session alone', async () => {
    const { code, out, err } = await run('simulated-swarm.ts')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^rarest-first: the last one has it after \d+ s, the sharer sent [\d.]+ copies\nsequential: .* copies\nsighted: dial\n$/)
  })

  it('main-job: does not begin with a transport without a name', async () => {
    for (const transport of ['', 'quic,']) {
      const { code, out, err } = await run('main-job/main.ts', ['--transport', transport])
      expect({ code, out, err: err.split('\n')[0] }).toEqual({ code: 2, out: '', err: `--transport has "${transport}", in which a name is empty.` })
    }
  })

  it('private-group: one shares, one fetches, against a real tracker', async () => {
    const world = await createWorld()
    const [alice, bob] = await Promise.all([world.user('alice'), world.user('bob')])
    await world.group('crew', alice, ['bob', bob])
    await Promise.all([alice.quit(), bob.quit()])
    const file = world.file('data.bin', 2 * MiB)
    const sharer = spawn(process.execPath, [example('private-group.ts'), world.tracker.url, 'alice', password, 'crew', file])
    try {
      const [line] = await once(sharer.stdout, 'data') as [Buffer]
      expect(line.toString()).toMatch(/^sharing data\.bin [0-9a-f]{64}\n$/)
      const fetched = await run('private-group.ts', [world.tracker.url, 'bob', password, 'crew'], world.folder)
      expect(fetched).toMatchObject({ code: 0, out: `fetched ${world.path('data.bin')}\n` })
      expect(hashOf(world.path('data.bin'))).toBe(hashOf(file))
      sharer.kill('SIGINT')
      expect(await once(sharer, 'close')).toEqual([0, null])
    } finally { sharer.kill('SIGKILL') }
  })
})
