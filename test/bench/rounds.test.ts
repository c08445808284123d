import { execFile, spawnSync } from 'node:child_process'
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createProcesses } from '../../benchmarks/drive/processes.ts'
import { readOptions } from '../../benchmarks/options.ts'
import type { Round, Timed } from '../../benchmarks/parts/throughput/contest.ts'
import { onLoopback } from '../../benchmarks/parts/throughput/place.ts'
import { runRounds } from '../../benchmarks/parts/throughput/rounds.ts'
import type { Outcome } from '../../benchmarks/parts/throughput/rounds.ts'
import { root } from '../house/tree.ts'

const MiB = 2 ** 20

const folderOf = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'shoal-rounds-'))
  onTestFinished(() => rm(made, { recursive: true }))
  return made
}

/** One round of contestants, each of which leaves a copy in its own way. */
const contest = async (ways: Readonly<Record<string, (round: Round, copy: string) => Promise<Partial<Timed> | void>>>, signal = new AbortController().signal): Promise<Outcome> => {
  const folder = await folderOf()
  await using place = onLoopback()
  const lanes = Object.entries(ways).map(([name, way]) => ({
    id: name, labels: [name], contestant: {
      name, label: name,
      async run (round: Round) {
        await mkdir(round.folder)
        const copy = join(round.folder, 'copy')
        return { seconds: 1, used: {}, netBytes: MiB, copy, ...await way(round, copy) }
      }
    }
  }))
  try {
    return await runRounds({ ...readOptions(['--runs', '1'], []), folder, processes: createProcesses(), signal, say () { /* nobody listens */ } }, { lanes, bytes: MiB, place })
  } finally {
    if (!signal.aborted) expect(await readdir(folder)).toEqual([])
  }
}

it('counts a run whose copy is whole, and no other', async () => {
  const { rows, failures } = await contest({
    whole: ({ file }, copy) => copyFile(file, copy),
    short: async ({ file }, copy) => { await copyFile(file, copy); await truncate(copy, MiB - 1) },
    changed: (_, copy) => writeFile(copy, new Uint8Array(MiB)),
    linked: ({ file }, copy) => link(file, copy),
    local: async ({ file }, copy) => { await copyFile(file, copy); return { netBytes: MiB - 1 } },
    failing: () => Promise.reject(new Error('no luck')),
    absent: () => Promise.resolve()
  })
  expect(rows.filter(({ values }) => values['seconds'] !== undefined).map(({ id }) => id)).toEqual(['whole'])
  expect(failures).toEqual([
    expect.stringMatching(/^short, run 1: .* differs from the original/), expect.stringMatching(/^changed, run 1: .* differs/), expect.stringMatching(/^linked, run 1: .* is a link/),
    expect.stringMatching(/^local, run 1: only 1048575 bytes passed the network/), 'failing, run 1: no luck', expect.stringMatching(/^absent, run 1: ENOENT/)
  ])
})

it('is over when it is interrupted, with what the contestant had started and what it was about to start', async () => {
  const stop = new AbortController()
  let pid = 0
  let late: unknown
  await expect(contest({
    async endless ({ processes }) {
      const running = processes.start(['sleep', '1000'])
      pid = running.pid
      stop.abort(new Error('interrupted'))
      await running.ended
      try { processes.start(['sleep', '1000']) } catch (error) { late = error }
    }
  }, stop.signal)).rejects.toThrow('interrupted')
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(String(late)).toContain('not started any more')
})

const bench = (...words: string[]): Promise<{ readonly status: unknown, readonly out: string, readonly notes: string }> => folderOf().then(results => new Promise(resolve => {
  execFile(join(root, 'bin/shoal'), ['bench', ...words, '--results', results], (error, out, notes) => { resolve({ status: error?.code ?? 0, out, notes }) })
}))
const small = ['throughput', '--sizes', '1MiB', '--runs', '1', '--delays', 'none', '--transport']

it('ends with 1 and says why when a run failed: a transport that does not load', async () => {
  const { status, out } = await bench(...small, './no-such-transport.ts')
  expect(status).toBe(1)
  expect(out).toMatch(/FAILED: .*no-such-transport/)
})

it.each([[['thruput']], [['--fast']], [['throughput', '--sizes', '12parsecs']], [['throughput', '--runs', 'many']]])('refuses %j with 2 before it runs anything', async words => {
  const { status, out, notes } = await bench(...words)
  expect({ status, out }).toEqual({ status: 2, out: '' })
  expect(notes).not.toContain('run 1')
})

/** Somebody who is not root, and may read this checkout. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const isReadable = process.platform === 'linux' && spawnSync(join(root, 'bin/shoal'), ['--help'], nobody).status === 0

it.runIf(isReadable)('without root moves files all the same, and lists what only root may do', async () => {
  const [temporary, results] = [await folderOf(), await folderOf()]
  for (const folder of [temporary, results]) await chmod(folder, 0o777)
  const words = ['bench', 'throughput', 'swarm', '--sizes', '1MiB', '--runs', '1', '--delays', '100', '--transport', 'tcp', '--results', results]
  const { status, out } = await new Promise<{ readonly status: unknown, readonly out: string }>(resolve => {
    execFile(join(root, 'bin/shoal'), words, { ...nobody, env: { ...process.env, TMPDIR: temporary, HOME: temporary } }, (error, out, notes) => { resolve({ status: error?.code ?? 0, out: out + notes }) })
  })
  expect(status, out).toBe(0)
  expect(out).toContain('not run: a line of 100 Mbit/s with delay: only root may make network namespaces')
  expect(out).toContain('not run: swarms of real processes: only root may make network namespaces')
})
