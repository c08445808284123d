/**
 * The main job: `npm start -- [FILE] [--transport tcp|quic|webrtc]`. Shares a real file inside a group, between real processes, and checks that all of it held; then the
 * same with one byte flipped on the sharer's wire. Exit 0 only if all held.
 */
import { randomFillSync } from 'node:crypto'
import { mkdtemp, open, rm, stat, statfs } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runJob } from './job.ts'
import { megabytes, progress } from './report.ts'

const defaultBytes = 256 * 1024 * 1024
/** Beside the copies: databases, records. */
const slackBytes = 64 * 1024 * 1024

class Unfit extends Error {
  readonly status: number

  constructor (message: string, status: number) { super(message); this.status = status }
}

const say = (line: string): void => { process.stdout.write(`${line}\n`) }

const usage = `npm start -- [FILE] [--transport tcp] [--spoil-copy]
  FILE          the file to share; none: 256 MiB of random bytes, made and removed
  --transport   what carries the pieces: tcp (default), quic, webrtc; several, as quic,tcp, in order of preference; udp, auto. Another one fails the job
  --spoil-copy  spoils a copy before the comparison, to see the job fail`

const readArguments = (): { file: string | undefined, transport: string, spoilCopy: boolean, help: boolean } => {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { transport: { type: 'string', default: 'tcp' }, 'spoil-copy': { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } }
    })
    if (positionals.length > 1) throw new Error(`One file, not ${positionals.length}. Quote a name with spaces.`)
    if (values.transport.split(',').includes('')) throw new Error(`--transport has "${values.transport}", in which a name is empty.`)
    return { file: positionals[0], transport: values.transport, spoilCopy: values['spoil-copy'], help: values.help }
  } catch (error) {
    throw new Unfit(`${error instanceof Error ? error.message : String(error)}\n${usage}`, 2)
  }
}

/** Free space is looked at before anything is written. */
const checkSpace = async (folder: string, bytes: number): Promise<void> => {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free < bytes) throw new Unfit(`The job needs ${megabytes(bytes)} MB in ${folder}, and ${megabytes(free)} MB are free. Free space, give a smaller FILE, or set TMPDIR.`, 7)
}

const makeFile = async (path: string, bytes: number, signal: AbortSignal): Promise<void> => {
  const file = await open(path, 'wx')
  try {
    const buffer = new Uint8Array(4 * 1024 * 1024)
    for (let at = 0; at < bytes; at += buffer.byteLength) {
      signal.throwIfAborted()
      await file.write(randomFillSync(buffer), 0, Math.min(buffer.byteLength, bytes - at), at)
    }
  } finally { await file.close() }
}

const ownAddress = (): string =>
  Object.values(networkInterfaces()).flat().find(found => found !== undefined && found.family === 'IPv4' && !found.internal)?.address ?? '192.168.1.10'

const byHand = (): string => {
  const host = ownAddress()
  return `To do the same by hand on two machines:
  here                  bin/shoal tracker --listen 0.0.0.0:7400         (prints https://...#sha256=...)
  here, a second shell  bin/shoal peer
                          create_user alice PASSWORD   login alice PASSWORD   create_group crew   upload_file PATH crew
  the other machine     bin/shoal peer 0.0.0.0:0 'https://${host}:7400#sha256=...'
                          create_user bob PASSWORD     login bob PASSWORD     join_group crew
  here                    accept_request crew bob
  the other machine       download_file crew FILE ./`
}

const main = async (): Promise<number> => {
  const { file, transport, spoilCopy, help } = readArguments()
  if (help) { say(usage); return 0 }
  const interrupted = new AbortController()
  const bytes = file === undefined ? defaultBytes : await stat(file).then(found => {
    if (!found.isFile()) throw new Unfit(`"${file}" is not a regular file. Give the path of a file.`, 2)
    return found.size
  }, () => { throw new Unfit(`There is no file "${file}". Check the path; quote names with spaces.`, 4) })
  await checkSpace(tmpdir(), 2 * bytes + (file === undefined ? bytes : 0) + slackBytes)

  const folder = await mkdtemp(join(tmpdir(), 'shoal-main-job-'))
  const removeNow = (): void => { rmSync(folder, { recursive: true, force: true }) }
  process.on('exit', removeNow)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => { process.exitCode = signal === 'SIGINT' ? 130 : 143; interrupted.abort(new Unfit('Interrupted: processes ended, temporary files removed.', process.exitCode)) })
  }
  try {
    const path = file === undefined ? join(folder, 'random.bin') : resolve(file)
    say(`Node ${process.version}. ${file === undefined ? `Making ${megabytes(bytes)} MB of random bytes.` : `Sharing ${path}, ${megabytes(bytes)} MB.`}`)
    if (file === undefined) await makeFile(path, bytes, interrupted.signal)
    const failures: string[] = []
    for (const flip of [false, true]) {
      if (flip && bytes === 0) break
      say(`\n== ${flip ? 'The same, with one byte flipped on the sharer\'s wire' : 'One shares, two download, from the sharer and from each other'} (${transport})`)
      const outcome = await runJob({ file: path, bytes, transport, folder: join(folder, flip ? 'flipped' : 'plain'), flip, spoilCopy, progress: progress(process.stdout), signal: interrupted.signal, say })
      say(outcome.table)
      failures.push(...outcome.failures)
    }
    for (const failure of failures) say(`FAILED: ${failure}`)
    if (failures.length > 0) return 1
    say(`\nAll of it held.\n\n${byHand()}`)
    return 0
  } catch (error) {
    throw interrupted.signal.aborted ? interrupted.signal.reason : error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof Unfit ? error.status : 1
}
