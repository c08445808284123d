/**
 * `npm run bench`: one sharer, one downloader, separate processes on this machine, the whole path (read, encrypt, send, verify, store), beside bare node:tls
 * in the same run, interleaved, because machines are noisy: the ratio is the result, absolute figures are context.
 */
import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drivePeer, driveTracker, peakMemory } from '../examples/main-job/drive.ts'
import type { Driven, Peer } from '../examples/main-job/drive.ts'
import { sha256 } from '../examples/main-job/job.ts'
import { megabytes, table } from '../examples/main-job/report.ts'
import { spread } from './statistics.ts'
import type { Spread } from './statistics.ts'

const { values } = parseArgs({ options: { size: { type: 'string', default: '256' }, runs: { type: 'string', default: '5' }, transport: { type: 'string', default: 'tcp' } } })
const bytes = Number(values.size) * 1024 * 1024
const runs = Number(values.runs)
if (!Number.isInteger(bytes) || bytes <= 0 || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write('npm run bench -- [--size MIB] [--runs N] [--transport tcp]\n')
  process.exit(2)
}
const password = 'benchmark'
const baseline = fileURLToPath(new URL('tls-baseline.ts', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'shoal-bench-'))
const file = join(folder, 'random.bin')
const children = new Set<Driven>()
process.on('SIGINT', () => { for (const child of children) child.kill(); process.exitCode = 130 })

const makeFile = async (): Promise<void> => {
  const handle = await open(file, 'w')
  const buffer = new Uint8Array(4 * 1024 * 1024)
  for (let at = 0; at < bytes; at += buffer.byteLength) await handle.write(randomFillSync(buffer), 0, Math.min(buffer.byteLength, bytes - at), at)
  await handle.datasync()
  await handle.close()
}

const seconds = async (work: () => Promise<void>): Promise<number> => {
  const from = performance.now()
  await work()
  return (performance.now() - from) / 1000
}

const same = async (copy: string): Promise<void> => {
  if (await sha256(copy) !== await sha256(file)) throw new Error(`${copy} differs from the original.`)
  await rm(copy)
}

const peer = async (user: string, url: string): Promise<Peer> => {
  const shell = drivePeer(['127.0.0.1:0', url, '--transport', values.transport], { home: join(folder, user) })
  children.add(shell)
  await shell.run('create_user', user, password)
  await shell.run('login', user, password)
  return shell
}

/** From the command to the finished file, as the downloader counts it. */
const ours = async (sharer: Peer, url: string, run: number): Promise<{ readonly seconds: number, readonly peak: number }> => {
  const user = `fetcher${run}`
  const shell = await peer(user, url)
  await shell.run('join_group', 'bench')
  await sharer.run('accept_request', 'bench', user)
  const copy = join(folder, `copy${run}`)
  await shell.run('download_file', 'bench', 'random.bin', copy)
  for (;;) {
    const [line = ''] = await shell.run('show_downloads', '--json')
    const [status] = JSON.parse(line) as { state: string, seconds?: number, error?: { message: string } }[]
    if (status?.state === 'failed') throw new Error(status.error?.message ?? 'The download failed.')
    if (status?.state === 'complete' && status.seconds !== undefined) {
      const peak = peakMemory(shell.pid) ?? 0
      await shell.quit()
      children.delete(shell)
      await same(copy)
      return { seconds: status.seconds, peak }
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const bare = async (port: string, run: number): Promise<number> => {
  const copy = join(folder, `bare${run}`)
  const took = await seconds(() => new Promise((resolve, reject) => {
    spawn(process.execPath, [baseline, 'fetch', port, copy], { stdio: ['ignore', 'inherit', 'inherit'] })
      .on('exit', code => { if (code === 0) resolve(); else reject(new Error(`The baseline ended with ${String(code)}.`)) })
  }))
  await same(copy)
  return took
}

const cells = ({ median, min, max }: Spread): string[] => [median, min, max].map(value => value.toFixed(2))

const tracker = await driveTracker(['--listen', '127.0.0.1:0'], { home: join(folder, 'tracker') })
children.add(tracker)
const server = spawn(process.execPath, [baseline, 'serve', file], { stdio: ['ignore', 'pipe', 'inherit'] })
try {
  await makeFile()
  const port = await new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve)
    server.once('exit', code => { reject(new Error(`The baseline's server ended with ${String(code)}.`)) })
  })
  const sharer = await peer('sharer', tracker.url)
  await sharer.run('create_group', 'bench')
  await sharer.run('upload_file', file, 'bench')
  const shoal: number[] = []
  const tls: number[] = []
  const peaks: number[] = []
  for (let run = 1; run <= runs; run++) {
    tls.push(await bare(port, run))
    const result = await ours(sharer, tracker.url, run)
    shoal.push(result.seconds)
    peaks.push(result.peak)
    process.stderr.write(`run ${run} of ${runs}: shoal ${result.seconds.toFixed(2)} s, node:tls ${tls.at(-1)?.toFixed(2) ?? ''} s\n`)
  }
  const [ourSpread, tlsSpread] = [spread(shoal), spread(tls)]
  const rate = (took: number): string => megabytes(bytes / took)
  process.stdout.write(`${table(['path', 'median s', 'min', 'max', 'median MB/s'], [
    [`shoal over ${values.transport}`, ...cells(ourSpread), rate(ourSpread.median)],
    ['bare node:tls (with start of its process)', ...cells(tlsSpread), rate(tlsSpread.median)]
  ])}
ratio: shoal takes ${(ourSpread.median / tlsSpread.median).toFixed(2)} of the time of bare node:tls
peak memory: downloader ${megabytes(Math.max(...peaks))} MB, sharer ${megabytes(peakMemory(sharer.pid) ?? 0)} MB
${bytes} bytes, ${runs} runs, temporary files in one folder, warm source, fdatasync at the end of both; ${cpus()[0]?.model ?? 'unknown CPU'} x ${cpus().length}, Node ${process.version}
`)
  await sharer.quit()
} finally {
  server.kill()
  for (const child of children) child.kill()
  await rm(folder, { recursive: true, force: true })
}
