/**
 * Real peers in this process: a tracker service in memory, links in memory, files in a folder that goes with the test. Ports can be wrapped, so that they fail or
 * wait. Owns no assertion.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import stateMemory from 'shoal/plugins/state-memory'
import storageFile from 'shoal/plugins/storage-file'
import trackerLocal from 'shoal/plugins/tracker-local'
import transportMemory from 'shoal/plugins/transport-memory'
import { definePlugin } from '../../src/contract/index.ts'
import type { Plugin, Shoal, State, Storage, TrackerSession } from '../../src/contract/index.ts'
import { createShoal } from '../../src/shoal.ts'
import { createTrackerService } from '../../src/tracker/index.ts'

export const KiB = 1024
export const password = 'secret'

/** Something that waits until it is let go, and tells when it is reached. */
export interface Gate { readonly reached: Promise<void>, readonly pass: () => Promise<void>, open (): void }

export const gate = (): Gate => {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  return { reached: reached.promise, pass () { reached.resolve(); return opened.promise }, open: opened.resolve }
}

/** A port whose calls of one method wait before they are made. */
export const gated = <T extends object>(port: T, method: keyof T, before: () => Promise<void>): T => new Proxy(port, {
  get (target, name) {
    const value: unknown = Reflect.get(target, name, target)
    if (typeof value !== 'function') return value
    return name !== method
      ? (...args: unknown[]): unknown => Reflect.apply(value, target, args)
      : async (...args: unknown[]): Promise<unknown> => { await before(); return await Reflect.apply(value, target, args) as unknown }
  }
})

export interface PeerOptions {
  /** @default without one: its state is in memory */
  readonly home?: string
  readonly session?: (session: TrackerSession) => TrackerSession
  readonly storage?: (storage: Storage) => Storage
  readonly state?: (state: State) => State
  readonly log?: (line: string) => void
  /** More plugins. */
  readonly use?: readonly Plugin[]
  /** @default memory alone */
  readonly transports?: readonly Plugin[]
  readonly prefer?: 'order' | 'measured'
}

export interface World {
  readonly folder: string
  /** A file of so many bytes, each known. @returns its path */
  file (name: string, length: number, seed?: string): string
  bytes (length: number, seed: string): Uint8Array
  /** Not logged in. */
  bare (options?: PeerOptions): Promise<Shoal>
  /** Its user made and logged in. */
  peer (user: string, options?: PeerOptions): Promise<Shoal>
  /** A group of the first, in which the others are. */
  group (name: string, owner: Shoal, ...members: readonly Shoal[]): Promise<void>
}

export const createWorld = async (): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-peer-'))
  const state = await stateMemory().create({ log: () => undefined })
  const service = await createTrackerService({ state, passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
  const peers: Shoal[] = []
  onTestFinished(async () => {
    await Promise.allSettled(peers.map(peer => peer.stop()))
    await service.stop()
    await state.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const bytes = (length: number, seed: string): Uint8Array => new Uint8Array(createHash('shake128', { outputLength: Math.max(1, length) }).update(seed).digest()).subarray(0, length)
  const same = <T>(value: T): T => value
  const world: World = {
    folder, bytes,
    file (name, length, seed = name) {
      const path = join(folder, name)
      writeFileSync(path, bytes(length, seed))
      return path
    },
    async bare ({ home, session = same, storage = same, state: wrapState, log, use = [], transports = [transportMemory()], prefer = 'order' } = {}) {
      const tracker = definePlugin('tracker', 'tried', async (_options, context) => {
        const local = await trackerLocal({ service }).create(context)
        return { ...local, login: async (...args: Parameters<typeof local.login>) => session(await local.login(...args)) }
      })
      const files = definePlugin('storage', 'tried', async (_options, context) => storage(await storageFile().create(context)))
      const kept = definePlugin('state', 'tried', async (_options, context) => (wrapState ?? same)(await stateMemory().create(context)))
      const peer = await createShoal({
        ...home === undefined ? {} : { home: join(folder, home) }, ...log === undefined ? {} : { log },
        tracker: tracker(), prefer, use: [...transports, files(), ...wrapState === undefined ? [] : [kept()], ...use]
      })
      peers.push(peer)
      return peer
    },
    async peer (user, options) {
      const peer = await world.bare(options)
      await peer.createUser(user, password)
      await peer.login(user, password)
      return peer
    },
    async group (name, owner, ...members) {
      await owner.createGroup(name)
      for (const member of members) {
        await member.joinGroup(name)
        await owner.acceptRequest(name, member.user ?? '')
      }
    }
  }
  return world
}

/** The names that a group lists, with how many versions of each. */
export const listed = async (peer: Shoal, group: string): Promise<readonly string[]> => {
  const names: string[] = []
  for await (const { name, versions } of peer.listFiles(group)) names.push(`${name} ${versions.length}`)
  return names
}
