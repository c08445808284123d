/**
 * What a case of the tracker suite runs on: people with devices at one realm, and what they do there. Owns no case. Bytes and signatures are made by
 * functions that the test passes in, because this folder knows the contract alone.
 */
import assert from 'node:assert/strict'
import { ShoalError } from '../contract/index.ts'
import type {
  Announced, Announcement, Credential, DeviceKey, ErrorCode, FileToShare, GroupId, GroupName, LogAction, LogEntry, Manifest, Tracker, TrackerEvent, TrackerSession, UserName
} from '../contract/index.ts'

/** One realm, fresh and empty, and what it takes to speak to it. */
export interface TrackerRealm {
  /** A connection of its own. Stopped by whoever made the realm. */
  connect (): Promise<Tracker> | Tracker
  newDevice (): Promise<DeviceKey>
  /** Signs a log entry and seals it. */
  seal (entry: LogEntry, device: DeviceKey): Promise<Uint8Array>
  /** Opens a sealed entry. */
  open (bytes: Uint8Array): { readonly entry: LogEntry, readonly hash: string }
  /** Opens a credential and checks the realm's signature. */
  openCredential (bytes: Uint8Array): Promise<Credential>
}

export const noHash = '0'.repeat(64)
export const password = 'correct horse'

/** A user on a device, logged in. */
export interface Person {
  readonly user: UserName
  readonly device: DeviceKey
  readonly tracker: Tracker
  readonly session: TrackerSession
  /** Makes a group. */
  found (name: string): Promise<GroupId>
  /** An entry for the group's end as it is now. */
  entry (group: GroupId, action: LogAction): Promise<Uint8Array>
  /** Appends an entry at the group's end. */
  act (group: GroupId, action: LogAction): Promise<'appended' | 'moved'>
  request (group: GroupId): Promise<void>
  /** Decides about somebody's open request. */
  decide (kind: 'accept' | 'reject', group: GroupId, user: UserName): Promise<void>
  share (group: GroupId, name: string, mark: string, options?: Partial<FileToShare>): Promise<'listed' | 'added' | 'replaced'>
  names (group: GroupId): Promise<readonly string[]>
  /** The first announcement of a login, or with other fields a later one. */
  announce (added: readonly Announced[], options?: Partial<Announcement>): ReturnType<TrackerSession['announce']>
}

/** Its members are functions of their own: cases take them apart. */
export interface TrackerRig {
  readonly realm: TrackerRealm
  readonly tracker: Tracker
  /** A new user, logged in on a new device over a connection of its own. */
  readonly person: (name: string) => Promise<Person>
  /** A known user, logged in once more. */
  readonly login: (name: string, device?: DeviceKey) => Promise<Person>
  /** A group of the first person, with the others accepted. */
  readonly group: (name: string, owner: Person, ...members: readonly Person[]) => Promise<GroupId>
}

/** A manifest of a content of that mark: other marks, other contents. */
export const manifestOf = (mark: string, pieceLength = 512 * 1024): Manifest =>
  ({ format: 1, scheme: 'sha256', coding: 'none', length: 1000, pieceLength, root: Buffer.from(mark.padEnd(32, '.')).toString('hex') })

export const trackerRig = async (realm: TrackerRealm): Promise<TrackerRig> => {
  const tracker = await realm.connect()

  /** What a device appends to: the end of the log if it may read it, else what the listing says. */
  const headOf = async (session: TrackerSession, group: GroupId): Promise<{ readonly seq: number, readonly hash: string }> => {
    const listing = (await session.groups()).find(({ id }) => id === group)
    assert.ok(listing, 'the group is listed')
    return listing.head
  }

  const login = async (name: string, given?: DeviceKey): Promise<Person> => {
    const own = await realm.connect()
    const device = given ?? await realm.newDevice()
    const session = await own.login(name, password, device)
    const user = name as UserName
    const entry = async (group: GroupId, action: LogAction): Promise<Uint8Array> => {
      const { seq, hash } = await headOf(session, group)
      return await realm.seal({ format: 1, group, seq: seq + 1, prev: hash, at: 0, actor: device.peer, action }, device)
    }
    const act: Person['act'] = async (group, action) => await session.append(group, await entry(group, action))
    let sequence = 0
    return {
      user, device, tracker: own, session, entry, act,
      found: async group => await session.createGroup(await realm.seal({
        format: 1, group: undefined, seq: 0, prev: noHash, at: 0, actor: device.peer, action: { kind: 'genesis', name: group as GroupName, user, vouch: session.vouch }
      }, device)),
      async request (group) { assert.equal(await act(group, { kind: 'request', user, vouch: session.vouch }), 'appended') },
      async decide (kind, group, applicant) {
        const log = (await session.log(group, 0)).map(bytes => realm.open(bytes))
        const request = log.findLast(({ entry: { action } }) => action.kind === 'request' && action.user === applicant)
        assert.ok(request, 'the request is in the log')
        assert.equal(await act(group, { kind, user: applicant, request: request.hash }), 'appended')
      },
      share: async (group, name, mark, options) => await session.share(group, { name, manifest: manifestOf(mark), replace: false, ...options }),
      names: async group => (await session.files(group)).map(file => file.name).sort(),
      announce: async (added, options) => {
        sequence = options?.sequence ?? sequence + 1
        const addresses = sequence === 1 ? { addresses: [`/ip4/192.0.2.1/tcp/${name.length}`], transports: ['tcp'] } : {}
        const seek = (options?.seek ?? []).map(({ group, content }) => ({ group, content }))
        return await session.announce({ sequence, full: sequence === 1, added, removed: [], ...addresses, ...options, seek })
      }
    }
  }

  return {
    realm, tracker, login,
    async person (name) {
      await tracker.register(name, password)
      return await login(name)
    },
    async group (name, owner, ...members) {
      const group = await owner.found(name)
      for (const member of members) {
        await member.request(group)
        await owner.decide('accept', group, member.user)
      }
      return group
    }
  }
}

/** A case that is given a rig over the realm. */
export const onRig = (name: string, run: (rig: TrackerRig) => Promise<void>, timeoutMs?: number) => ({
  name, ...timeoutMs === undefined ? {} : { timeoutMs }, run: async (realm: TrackerRealm) => { await run(await trackerRig(realm)) }
})

/** That it fails with that code. @returns the message */
export const refused = async (code: ErrorCode, work: Promise<unknown>): Promise<string> => {
  try { await work } catch (error) {
    assert.ok(ShoalError.is(error), `a ShoalError is thrown, not ${String(error)}`)
    assert.equal(error.code, code, error.message)
    return error.message
  }
  assert.fail(`it is refused with ${code}`)
}

const waitMs = 10_000

export interface Listener {
  /** The next event that is one of those asked for; others are skipped. Fails after ten seconds. */
  next<T extends TrackerEvent['type']> (...types: readonly T[]): Promise<Extract<TrackerEvent, { type: T }>>
  /** Aborts the watch, and waits for its end. */
  end (): Promise<void>
}

/** Watches, and has the stream begun when it returns: what happens from then on is heard. */
export const listen = async (session: TrackerSession, from?: string): Promise<Listener & { readonly first: TrackerEvent | undefined }> => {
  const stop = new AbortController()
  const stream = session.watch(from, stop.signal)[Symbol.asyncIterator]()
  let pending: Promise<IteratorResult<TrackerEvent, unknown>> | undefined
  const read = async (timeoutMs: number): Promise<TrackerEvent | undefined> => {
    pending ??= stream.next()
    const timer = Promise.withResolvers<undefined>()
    const handle = setTimeout(() => { timer.resolve(undefined) }, timeoutMs)
    try {
      const result = await Promise.race([pending, timer.promise])
      if (result === undefined) return undefined
      pending = undefined
      return result.done === true ? assert.fail('the watch goes on') : result.value
    } finally { clearTimeout(handle) }
  }
  const first = from === undefined ? await read(waitMs) : undefined
  if (from === undefined) assert.equal(first?.type, 'reset', 'a watch without a cursor begins with reset')
  const isOf = <T extends TrackerEvent['type']>(event: TrackerEvent, types: readonly T[]): event is Extract<TrackerEvent, { type: T }> => types.some(type => type === event.type)
  return {
    first,
    async next (...types) {
      for (;;) {
        const event = await read(waitMs)
        assert.ok(event, `an event of ${types.join(', ')} comes`)
        if (isOf(event, types)) return event
      }
    },
    async end () {
      stop.abort()
      if (pending === undefined) { await stream.return?.(); return }
      const result = await pending
      if (result.done !== true) await stream.return?.()
    }
  }
}
