import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { root } from '../house/tree.ts'

interface Row { readonly id: string, readonly values: Readonly<Record<string, readonly number[]>> }
interface Printed { readonly reports: readonly { readonly failures: readonly string[], readonly sections: readonly { readonly rows: readonly Row[] }[] }[] }

/** Runs `shoal bench` of this checkout, with its results in a folder of the test. */
const bench = async (...words: string[]): Promise<readonly Row[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-bench-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { stdout } = await promisify(execFile)(join(root, 'bin/shoal'), ['bench', ...words, '--json', '--results', folder], { maxBuffer: 2 ** 24 })
  const { reports } = JSON.parse(stdout) as Printed
  expect(reports.flatMap(({ failures }) => failures)).toEqual([])
  expect((await readdir(folder)).filter(name => name.endsWith('.json'))).toEqual([`${words[0] ?? ''}.json`])
  return reports.flatMap(({ sections }) => sections.flatMap(({ rows }) => rows))
}

it('measures throughput on every transport, beside its baselines, with CPU and memory of both sides', async () => {
  const rows = await bench('throughput', '--sizes', '1MiB', '--runs', '1', '--delays', 'none', '--transport', 'tcp,quic,webrtc,memory')
  expect(rows.map(({ id }) => id).sort()).toEqual([
    'memory/1MiB/shoal', 'memory/1MiB/stream', 'quic/1MiB/shoal', 'quic/1MiB/stream', 'tcp/1MiB/net', 'tcp/1MiB/shoal', 'tcp/1MiB/stream', 'tcp/1MiB/tls', 'tcp/1MiB/tls-files',
    'webrtc/1MiB/shoal', 'webrtc/1MiB/stream'
  ])
  for (const { id, values } of rows) expect(values['rate']?.[0], id).toBeGreaterThan(0)
  if (process.platform === 'linux') expect(rows.find(({ id }) => id === 'tcp/1MiB/shoal')?.values['peak-sharer']?.[0]).toBeGreaterThan(20)
}, 180_000)

it('measures the small things', async () => {
  const rows = await bench('micro', '--quick', '--runs', '1')
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(['start/help', 'frames/16KiB', 'integrity/sha256', 'integrity/blake3', 'sealing/sha1', 'choice/rarest-first/10000x100', 'choice/sequential/10000x100']))
  for (const { id, values } of rows) expect(Object.keys(values).length, id).toBeGreaterThan(0)
}, 120_000)
