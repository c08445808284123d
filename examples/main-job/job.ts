/**
 * One run of the main job: a tracker and three peers as processes, a group that two of them ask to join, a file that one shares and two download at the same
 * time, from the sharer and from each other. Owns what must hold of it.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipeline } from 'node:stream/promises'
import { drivePeer, driveTracker, peakMemory } from './drive.ts'
import type { Driven, Peer } from './drive.ts'
import { megabytes, table } from './report.ts'
import type { Progress } from './report.ts'

export interface JobOptions {
  readonly file: string
  readonly bytes: number
  /** As `--transport` takes it. */
  readonly transport: string
  /** A folder of this run alone. */
  readonly folder: string
  /** The sharer flips a byte of one block. */
  readonly flip: boolean
  /** A copy is spoiled before it is compared: the job must then fail. */
  readonly spoilCopy: boolean
  readonly progress: Progress
  readonly signal: AbortSignal
  say (line: string): void
}

export interface Outcome { readonly table: string, readonly failures: readonly string[] }

/** What may carry a byte when this is asked for; undefined: a plugin by path, or all that load, whatever they are called. */
const carriersOf = (transport: string): readonly string[] | undefined => {
  const words = transport.split(',').map(word => word.split('?')[0] ?? '')
  if (words.some(word => word === 'auto' || /[./]/.test(word))) return undefined
  return words.flatMap(word => word === 'udp' ? ['quic', 'webrtc'] : word)
}

interface Supplier { readonly user: string, readonly bytes: number, readonly transport: string }
/** As `show_downloads --json` says it. */
interface Status {
  readonly state: 'running' | 'complete' | 'failed'
  readonly haveBytes: number
  readonly wastedBytes: number
  readonly rate: number
  readonly bytesByPeer: readonly Supplier[]
  readonly error?: { readonly code: string, readonly message: string }
}

const group = 'crew'
const password = 'correct horse battery staple'
const sharer = 'alice'
const downloaders = ['bob', 'carol'] as const
const leastFromOther = 0.10
const mostCopies = 1.9
const giveUpMs = 10 * 60_000
/** Fewer pieces than this cannot be expected to come from both. */
const fewPieces = 32
const pieceBytes = 512 * 1024
/** A byte is flipped after this part of a whole copy was sent: whoever gets it takes nothing more from the sharer, and must have something to give by then. */
const flipAfter = 0.7

/**
 * Bytes per second that the sharer sends: a copy takes it 8 s, as through an uplink that is narrower than the paths between the others. Without that, a small file is
 * with both before they have met.
 */
const uplink = (bytes: number): number => Math.max(4 * 2 ** 20, Math.ceil(bytes / 8))

export const sha256 = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

const spoil = async (path: string): Promise<void> => {
  const file = await open(path, 'r+')
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0)
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 0)
  } finally { await file.close() }
}

const statusOf = async (peer: Peer): Promise<Status> => {
  const [text = ''] = await peer.run('show_downloads', '--json')
  const [status] = JSON.parse(text) as Status[]
  if (status === undefined) throw new Error('A download that was begun is not listed.')
  return status
}

const until = async (what: string, signal: AbortSignal, everyMs: number, look: () => Promise<boolean>): Promise<void> => {
  const from = performance.now()
  while (!await look()) {
    signal.throwIfAborted()
    if (performance.now() - from > giveUpMs) throw new Error(`${what} took longer than ${giveUpMs / 1000} s.`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

export const runJob = async (options: JobOptions): Promise<Outcome> => {
  const { file, bytes, folder, progress, signal, say } = options
  const children: { readonly name: string, readonly process: Driven }[] = []
  const begin = <T extends Driven>(name: string, process: T): T => { children.push({ name, process }); return process }
  const end = (): void => { for (const { process } of children) process.kill('SIGKILL') }
  signal.addEventListener('abort', end)
  try {
    await mkdir(folder, { recursive: true })
    const tracker = await driveTracker([...['--listen', '127.0.0.1:0']], { home: join(folder, 'tracker') })
    begin('tracker', tracker)
    const flip = `${fileURLToPath(new URL('flipping-storage.ts', import.meta.url))}?after=${Math.floor(flipAfter * bytes)}`
    const peers = new Map([sharer, ...downloaders].map(user => [user, begin(user, drivePeer(
      ['127.0.0.1:0', tracker.url, '--transport', options.transport, ...(user === sharer ? ['--up-limit', String(uplink(bytes)), ...(options.flip ? ['--storage', flip] : [])] : [])],
      { home: join(folder, user) }))]))
    const peer = (user: string): Peer => {
      const found = peers.get(user)
      if (found === undefined) throw new Error(`There is no peer ${user}.`)
      return found
    }

    say(`tracker ${tracker.url.split('#')[0] ?? ''}, peers ${[...peers.keys()].join(', ')}: ${children.length} processes`)
    for (const [user, shell] of peers) {
      await shell.run('create_user', user, password)
      await shell.run('login', user, password)
    }
    await peer(sharer).run('create_group', group)
    for (const user of downloaders) await peer(user).run('join_group', group)
    const requests = await peer(sharer).run('list_requests', group)
    say(`asked to join: ${requests.map(line => line.split('\t')[0]).join(', ')}; ${sharer} accepts`)
    for (const user of downloaders) await peer(sharer).run('accept_request', group, user)
    await peer(sharer).run('upload_file', file, group)
    say(`${sharer} shares ${basename(file)}, ${megabytes(bytes)} MB, in place, and sends at most ${megabytes(uplink(bytes))} MB/s`)

    const from = performance.now()
    const copies = new Map(downloaders.map(user => [user, join(folder, user, 'copy')]))
    await Promise.all(downloaders.map(user => peer(user).run('download_file', group, basename(file), copies.get(user) ?? '')))
    const statuses = new Map<string, Status>()
    const seconds = new Map<string, number>()
    await until('The download', signal, 200, async () => {
      for (const user of downloaders) {
        if (seconds.has(user)) continue
        const status = await statusOf(peer(user))
        statuses.set(user, status)
        if (status.state === 'failed') throw new Error(`The download of ${user} failed: ${status.error?.code ?? ''} ${status.error?.message ?? ''}`)
        if (status.state === 'complete') seconds.set(user, (performance.now() - from) / 1000)
      }
      progress.show(downloaders.map(user => {
        const status = statuses.get(user)
        const percent = bytes === 0 ? 100 : 100 * (status?.haveBytes ?? 0) / bytes
        return `${user} ${percent.toFixed(0).padStart(3)} % ${megabytes(status?.rate ?? 0)} MB/s`
      }).join('   '))
      return seconds.size === downloaders.length
    })
    progress.done()

    const memory = new Map(children.map(({ name, process }) => [name, peakMemory(process.pid)]))
    for (const shell of peers.values()) await shell.quit()
    tracker.kill('SIGTERM')
    await tracker.ended
    return await judge(options, statuses, seconds, copies, memory)
  } finally {
    signal.removeEventListener('abort', end)
    end()
    await Promise.all(children.map(({ process }) => process.ended))
    progress.done()
  }
}

const judge = async (
  { file, bytes, transport, folder, flip, spoilCopy }: JobOptions, statuses: ReadonlyMap<string, Status>, seconds: ReadonlyMap<string, number>,
  copies: ReadonlyMap<string, string>, memory: ReadonlyMap<string, number | undefined>
): Promise<Outcome> => {
  const failures: string[] = []
  if (spoilCopy) for (const path of copies.values()) { await spoil(path); break }
  const original = await sha256(file)
  const sent = new Map<string, number>()
  const carried = new Map<string, number>()
  let wasted = 0
  const rows: string[][] = []
  for (const user of downloaders) {
    const status = statuses.get(user)
    const suppliers = status?.bytesByPeer ?? []
    wasted += status?.wastedBytes ?? 0
    for (const { user: from, bytes: count, transport: by } of suppliers) {
      sent.set(from, (sent.get(from) ?? 0) + count)
      carried.set(by, (carried.get(by) ?? 0) + count)
    }
    const fromOthers = suppliers.filter(({ user: from }) => from !== sharer).reduce((sum, { bytes: count }) => sum + count, 0)
    if (bytes >= fewPieces * pieceBytes && fromOthers < leastFromOther * bytes) failures.push(`${user} got ${(100 * fromOthers / bytes).toFixed(1)} % of its bytes from the other downloader, less than ${leastFromOther * 100} %`)
    const same = await sha256(copies.get(user) ?? '') === original
    if (!same) failures.push(`the copy of ${user} differs from the original`)
    const took = seconds.get(user) ?? 0
    rows.push([user, String(status?.haveBytes ?? 0), took.toFixed(2), megabytes(bytes / took),
      suppliers.map(({ user: from, bytes: count, transport }) => `${from} ${megabytes(count)} MB (${transport})`).join(', '), same ? 'same' : 'DIFFERENT'])
  }
  const copiesSent = (sent.get(sharer) ?? 0) / Math.max(1, bytes)
  if (copiesSent >= mostCopies) failures.push(`${sharer} sent ${copiesSent.toFixed(2)} copies, not fewer than ${mostCopies}`)
  if (flip && wasted === 0) failures.push('a byte was flipped, and nobody noticed')
  const meant = carriersOf(transport)
  for (const [by, count] of carried) if (meant?.includes(by) === false) failures.push(`${megabytes(count)} MB came over ${by === '' ? 'no known transport' : by}, not over ${meant.join(' or ')}`)
  for (const user of downloaders) await rm(join(folder, user, 'copy'), { force: true })
  const text = [
    table(['downloader', 'bytes', 'seconds', 'MB/s', 'verified bytes from each peer (transport of the link)', 'SHA-256'], rows),
    `carried, as the connections tell, by ${[...carried].map(([by, count]) => `${by} (${megabytes(count)} MB)`).join(', ') || 'nothing: there was nothing to carry'}.`,
    `${sharer} sent ${copiesSent.toFixed(2)} copies.${flip ? ` One byte of a block was flipped: ${wasted} bytes were thrown away and fetched again.` : ''}`,
    `peak memory: ${[...memory].map(([name, peak]) => `${name} ${peak === undefined ? 'not told by this system' : `${megabytes(peak)} MB`}`).join(', ')}`
  ].join('\n')
  return { table: text, failures }
}
