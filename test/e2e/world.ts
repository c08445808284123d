/**
 * A world of real processes for one test: a tracker, peers, files, in a folder of its own, all gone at its end. Owns no assertion. Built on the driver that the
 * main job uses.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFailed, onTestFinished } from 'vitest'
import { drivePeer, driveTracker } from '../../examples/main-job/drive.ts'
import type { DriveOptions, Driven, Peer, TrackerProcess } from '../../examples/main-job/drive.ts'

export { CommandError, drive, launcher, peakMemory, word } from '../../examples/main-job/drive.ts'
export type { Driven, Peer, TrackerProcess } from '../../examples/main-job/drive.ts'

export const MiB = 1024 * 1024
export const password = 'a password with spaces'

/** As `show_downloads --json` says it. */
export interface Status {
  readonly group: string
  readonly file: string
  readonly destination: string
  readonly state: 'running' | 'complete' | 'failed'
  readonly length: number
  readonly haveBytes: number
  readonly fetchedBytes: number
  readonly resumedBytes: number
  readonly hashedBytes: number
  readonly wastedBytes: number
  readonly rate: number
  readonly sources: number
  readonly transports: readonly string[]
  readonly waiting?: string
  readonly error?: { readonly code: string, readonly message: string }
  readonly bytesByPeer: readonly { readonly user: string, readonly peer: string, readonly bytes: number, readonly transport: string }[]
}

/** Deterministic bytes: the same seed, the same file. */
export const bytesOf = (seed: string, length: number): Uint8Array => {
  const out = new Uint8Array(length)
  let block = createHash('sha512').update(seed).digest()
  for (let at = 0; at < length; at += block.byteLength) {
    if (at > 0) block = createHash('sha512').update(block).digest()
    out.set(block.subarray(0, Math.min(block.byteLength, length - at)), at)
  }
  return out
}

export const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/**
 * Looks again every 50 ms until `look` gives something. For states that only a command tells; events are awaited where there are some.
 * @throws when the deadline passes, naming what was awaited
 */
export const eventually = async <T>(what: string, withinMs: number, look: () => Promise<T | undefined | false>): Promise<T> => {
  const from = performance.now()
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() - from > withinMs) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

export interface PeerOptions extends Partial<DriveOptions> {
  readonly args?: readonly string[]
  /** As `--transport` takes it. @default the usual ones */
  readonly transport?: string
  /** @default 127.0.0.1:0 */
  readonly listen?: string
  /** @default the world's tracker, with its pin */
  readonly tracker?: string
}

export interface World {
  readonly folder: string
  readonly tracker: TrackerProcess
  path (...names: string[]): string
  /** A file of deterministic bytes. Written once: a share notices a file that is written again, so only another seed or length does that. */
  file (name: string, length: number, seed?: string): string
  /** A peer process on its own home, called `name`. Again with the same name: on the same home. */
  peer (name: string, options?: PeerOptions): Peer
  /** A peer whose user of the same name exists and is logged in. */
  user (name: string, options?: PeerOptions): Promise<Peer>
  /** Members of a group: the first makes it, the others ask and are accepted. */
  group (group: string, owner: Peer, ...others: readonly (readonly [string, Peer])[]): Promise<void>
  /** Kills the tracker and starts it again on the same port and folder. */
  restartTracker (signal?: NodeJS.Signals): Promise<TrackerProcess>
  /** Follows a process to its end at the end of the test. */
  keep<T extends Driven> (name: string, process: T): T
}

/** What can be chosen with `--transport` and reaches another process. */
export const transports = ['tcp', 'quic', 'webrtc'] as const

/** As `list_peers --json` says it. */
export interface Listed {
  readonly user: string
  readonly peer: string
  readonly transports: readonly string[]
  readonly link: 'none' | 'dialing' | 'open'
  /** What carries the open link. */
  readonly transport: string | null
  readonly address: string | null
}

export const listed = async (peer: Peer): Promise<readonly Listed[]> => JSON.parse((await peer.run('list_peers', '--json'))[0] ?? '[]') as Listed[]

/** The transport of each open link, by user: `alice tcp`. */
export const carriers = async (peer: Peer): Promise<readonly string[]> =>
  (await listed(peer)).filter(({ link }) => link === 'open').map(({ user, transport }) => `${user} ${transport ?? '-'}`).sort()

/** The verified bytes that came from a user, over all their devices. */
export const bytesFrom = ({ bytesByPeer }: Status, from: string): number => bytesByPeer.filter(({ user }) => user === from).reduce((sum, { bytes }) => sum + bytes, 0)

export const statuses = async (peer: Peer): Promise<readonly Status[]> => JSON.parse((await peer.run('show_downloads', '--json'))[0] ?? '[]') as Status[]

export const status = async (peer: Peer, file: string): Promise<Status> => {
  const found = (await statuses(peer)).filter(({ file: name }) => name === file).at(-1)
  if (found === undefined) throw new Error(`No download of ${file} is listed.`)
  return found
}

/** The finished download. @throws when it failed, or not within the time */
export const finished = (peer: Peer, file: string, withinMs = 20_000): Promise<Status> => eventually(`the download of ${file}`, withinMs, async () => {
  const now = await status(peer, file)
  if (now.state === 'failed') throw new Error(`The download of ${file} failed: ${now.error?.code ?? ''} ${now.error?.message ?? ''}`)
  return now.state === 'complete' ? now : undefined
})

export interface WorldOptions {
  readonly trackerArgs?: readonly string[]
  /** Where the tracker runs and listens. @default here, 127.0.0.1:0 */
  readonly tracker?: { readonly listen: string, readonly through: readonly string[] }
}

export const createWorld = async (options: WorldOptions = {}): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-e2e-'))
  const all: { readonly name: string, readonly process: Driven }[] = []
  let isOver = false
  const keep = <T extends Driven>(name: string, process: T): T => {
    all.push({ name, process })
    if (isOver) process.kill('SIGKILL') // the test ran out of time, and its body runs on
    return process
  }
  onTestFinished(async () => {
    isOver = true
    for (const { process } of all) process.kill('SIGKILL')
    await Promise.all(all.map(({ process }) => process.ended))
    rmSync(folder, { recursive: true, force: true })
  })
  onTestFailed(() => {
    for (const { name, process } of all) if (process.notes.length > 0) process.notes.slice(-15).forEach(note => { globalThis.process.stderr.write(`${name}: ${note}\n`) })
  })
  const startTracker = async (listen: string): Promise<TrackerProcess> => {
    if (isOver) throw new Error('The test is over.')
    return keep('tracker', await driveTracker(['--listen', listen, ...options.trackerArgs ?? []], { home: join(folder, 'tracker'), ...options.tracker === undefined ? {} : { through: options.tracker.through } }))
  }
  let tracker = await startTracker(options.tracker?.listen ?? '127.0.0.1:0')
  const written = new Map<string, string>()

  const world: World = {
    folder,
    get tracker () { return tracker },
    path: (...names) => join(folder, ...names),
    file (name, length, seed = name) {
      const path = join(folder, 'files', name)
      if (written.get(name) === `${length} ${seed}`) return path
      written.set(name, `${length} ${seed}`)
      mkdirSync(join(folder, 'files'), { recursive: true })
      writeFileSync(path, bytesOf(seed, length))
      return path
    },
    keep,
    peer: (name, { args = [], transport, listen = '127.0.0.1:0', tracker: where = tracker.url, home = join(folder, name), ...rest } = {}) =>
      keep(name, drivePeer([listen, where, ...transport === undefined ? [] : ['--transport', transport], ...args], { home, ...rest })),
    async user (name, peerOptions) {
      const peer = world.peer(name, peerOptions)
      await peer.run('create_user', name, password)
      await peer.run('login', name, password)
      return peer
    },
    async group (group, owner, ...others) {
      await owner.run('create_group', group)
      for (const [name, peer] of others) {
        await peer.run('join_group', group)
        await owner.run('accept_request', group, name)
      }
    },
    async restartTracker (signal = 'SIGKILL') {
      tracker.kill(signal)
      await tracker.ended
      tracker = await startTracker(new URL(tracker.url).host)
      return tracker
    }
  }
  return world
}

/** A name that no other test uses. */
export const unique = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`
