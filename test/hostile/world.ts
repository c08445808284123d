/**
 * A realm in one process, over real TCP: a tracker service, real peers, and members who speak the wire by hand. Owns all of it, and lays it down. Users are made and
 * logged in on the way; the files are made of their name, so that every byte can be known.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createShoal } from 'shoal'
import type { Shoal, ShoalOptions } from 'shoal'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import tcp from 'shoal/plugins/transport-tcp'
import type { Announced, Credential, GroupId, State, TrackerSession, UserName } from '../../src/contract/index.ts'
import { ShoalError } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { createMembership } from '../../src/membership/index.ts'
import type { GroupMembership } from '../../src/membership/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import { openRealmKey } from '../../src/tracker/keys.ts'
import { createRawPeer } from './raw-peer.ts'
import type { RawPeer } from './raw-peer.ts'
import { createTwin } from './twin.ts'
import type { Twin } from './twin.ts'

export const password = 'secret'

/** A user whose device speaks by hand, with a real session at the tracker. */
export interface RawMember extends RawPeer {
  readonly user: UserName
  readonly session: TrackerSession
  readonly membership: GroupMembership
  /** Tells the tracker that it has or wants a content, so that others dial it. */
  announce (...announced: readonly Announced[]): Promise<void>
}

export interface Watched extends Shoal { readonly twin: Twin }

export interface World {
  readonly folder: string
  /** A peer, its user made and logged in. */
  shoal (user: string, options?: Pick<ShoalOptions, 'limits' | 'log'>): Promise<Watched>
  raw (user: string): Promise<RawMember>
  /** Someone without an account. */
  stranger (): Promise<RawPeer>
  /** A file of so many bytes, each known. */
  file (name: string, length: number): { readonly path: string, readonly bytes: Uint8Array }
  /** Brings members into a group: asked by them, accepted by the owner. */
  join (owner: Shoal, group: string, ...members: readonly (Shoal | RawMember)[]): Promise<void>
  groupId (of: Shoal, group: string): Promise<GroupId>
  /** A credential with the realm's own signature, whatever it says. */
  credential (facts: Pick<Credential, 'group' | 'user' | 'device'> & Partial<Credential>): Promise<Uint8Array>
  [Symbol.asyncDispose] (): Promise<void>
}

const log = (): void => undefined
const memory = (): Promise<State> => stateMemory().create({ log })
const isRaw = (member: Shoal | RawMember): member is RawMember => 'membership' in member

/** Bytes that look random and are the same each time. */
const bytesOf = (name: string, length: number): Uint8Array => {
  const block = 1024 * 1024
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += block) {
    const part = createHash('shake128', { outputLength: Math.min(block, length - at) }).update(`${name} ${at}`).digest()
    bytes.set(part, at)
  }
  return bytes
}

export const createWorld = async (): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-hostile-'))
  const state = await memory()
  const service = await createTrackerService({ state, passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
  const realmKey = await openRealmKey(state)
  const tracker = await trackerLocal({ service }).create({ log })
  const made: (() => Promise<void>)[] = []

  return {
    folder,
    async shoal (user, options = {}) {
      const twin = createTwin(options.limits)
      const peer = await createShoal({
        tracker: trackerLocal({ service }), use: [tcp()], listen: { host: '127.0.0.1', port: 0 }, seed: twin.seed, record: twin.record, ...options
      })
      made.push(() => peer.stop())
      await twin.begin(peer.peer)
      await peer.createUser(user, password)
      await peer.login(user, password)
      return Object.assign(peer, { twin })
    },
    async raw (user) {
      const profile = await createProfile(await memory())
      const device = await profile.deviceKey()
      // a second device of a user who is there
      await tracker.register(user, password).catch((error: unknown) => { if (!ShoalError.is(error, 'USER_EXISTS')) throw error })
      const session = await tracker.login(user, password, device)
      const membership = createMembership({ session, realm: service.realm, device, logs: profile.logs })
      const raw = await createRawPeer({ key: device })
      made.push(async () => { await raw.stop(); await membership.stop() })
      return {
        ...raw, user: session.user, session, membership,
        async announce (...added) {
          await session.announce({ sequence: 1, full: true, added, removed: [], addresses: raw.addresses(), transports: ['tcp'], seek: [] })
        }
      }
    },
    async stranger () {
      const raw = await createRawPeer({ key: await generateKey() })
      made.push(() => raw.stop())
      return raw
    },
    file (name, length) {
      const path = join(folder, name)
      const bytes = bytesOf(name, length)
      writeFileSync(path, bytes)
      return { path, bytes }
    },
    async join (owner, group, ...members) {
      for (const member of members) {
        if (isRaw(member)) {
          const [listing] = await member.session.groups({ name: group })
          if (listing === undefined) throw new Error(`There is no group ${group}.`)
          await member.membership.request(listing)
        } else await member.joinGroup(group)
        await owner.acceptRequest(group, member.user ?? '')
      }
    },
    async groupId (of, group) {
      const found = (await of.listGroups()).find(({ name }) => name === group)
      if (found === undefined) throw new Error(`There is no group ${group}.`)
      return found.id
    },
    credential: facts => realmKey.credential({ format: 1, realm: service.realm.pin, role: 'member', seq: 1_000, notAfter: Date.now() + 60_000, ...facts }),
    async [Symbol.asyncDispose] () {
      await Promise.all(made.map(stop => stop()))
      await service.stop()
      await state.stop()
      rmSync(folder, { recursive: true })
    }
  }
}
