/** The shares of this device: files that lie where the user has them, sealed once, listed, served from their place. */
import { randomUUID } from 'node:crypto'
import { maxPieceBytes, minPieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { ContentId, GroupId, GroupListing, Integrity, Manifest, Seal, Shared, ShareOptions, ShareStatus, Store, UserName } from '../contract/index.ts'
import { checkFileName, contentId } from '../core/index.ts'
import type { ShareRecord } from '../profile/index.ts'
import { myGroup, quoted } from './house.ts'
import type { Account, House } from './house.ts'
import { inspect } from './local-file.ts'
import type { LocalFile } from './local-file.ts'
import { choosePieceLength, seal } from './sealing.ts'

/** Older versions of a name that go on being served, by who replaced them. The tracker lists as many. */
const keptVersions = 7

export interface Sharing {
  share (path: string, group: string, options: ShareOptions): Promise<Shared>
  stopShare (group: string, file: string, signal?: AbortSignal): Promise<void>
  list (): readonly ShareStatus[]
  /** Takes up the user's shares. */
  resume (account: Account, groups: ReadonlyMap<GroupId, GroupListing>): Promise<{ readonly shares: number, readonly failed: number }>
  /** We are out of that group: its shares are no more. */
  forget (group: GroupId): Promise<void>
  /** A shared file cannot be read any more: withdrawn, and told. */
  unreadable (content: ContentId, error: ShoalError): Promise<void>
  /** Logout: everything is laid down, nothing is withdrawn. */
  suspend (): Promise<void>
}

/** The error of the last time says nothing about this time. */
const withoutError = (record: ShareRecord): ShareRecord => {
  const copy = { ...record }
  delete copy.error
  return copy
}

interface Active { record: ShareRecord, store?: Store }

export const createSharing = (house: House): Sharing => {
  const { profile, holdings, storage, integrities, events } = house
  const active = new Map<string, Active>()

  const scheme = (name: string): Integrity => {
    const integrity = integrities.get(name)
    if (integrity !== undefined) return integrity
    throw new ShoalError('BAD_OPTION', `There is no integrity scheme ${quoted(name)} here. There are: ${[...integrities.keys()].join(', ')}.`)
  }
  const checkPieceSize = (bytes: number): number => {
    if (Number.isInteger(Math.log2(bytes)) && bytes >= minPieceBytes && bytes <= maxPieceBytes) return bytes
    throw new ShoalError('BAD_OPTION', `A piece of ${bytes} bytes cannot be. Choose a power of two of 16 KiB … 16 MiB.`)
  }
  const idOf = (manifest: Manifest, integrity: Integrity): ContentId => contentId(manifest, integrity)

  /** Sealed as asked for; or with the piece length that the group already uses for this content, so that a second sharer joins its swarm. */
  const sealFor = async (file: LocalFile, group: GroupId, name: string, integrity: Integrity, account: Account, options: ShareOptions): Promise<{ manifest: Manifest, seal: Seal }> => {
    const pieceLength = options.pieceSize === undefined ? choosePieceLength(file.identity.size) : checkPieceSize(options.pieceSize)
    const ways = { integrity, signal: options.signal, progress: options.progress }
    const sealed = await seal(file, { ...ways, pieceLength })
    const [entry] = await account.session.files(group, { name, ...(options.signal === undefined ? {} : { signal: options.signal }) })
    const id = idOf(sealed.manifest, integrity)
    const listed = entry?.versions.find(version => version.content === id)?.manifest
    return listed === undefined || listed.pieceLength === sealed.manifest.pieceLength ? sealed : seal(file, { ...ways, pieceLength: listed.pieceLength })
  }

  const open = async (record: ShareRecord, signal: AbortSignal): Promise<Store> =>
    storage.open(record.manifest, { existing: record.path, identity: record.identity }, signal)

  /** Piece hashes that the store has lost (or never kept, without a home) are made again from the file. */
  const mendHashes = async (record: ShareRecord, store: Store, signal: AbortSignal): Promise<void> => {
    if (pieceCount(record.manifest) === 0 || await store.hashes() !== undefined) return
    const integrity = scheme(record.manifest.scheme)
    const { seal: { root, hashes } } = await seal(await inspect(record.path), { integrity, pieceLength: record.manifest.pieceLength, signal })
    if (root !== record.manifest.root) throw new ShoalError('SOURCE_CHANGED', `"${record.path}" is not what was shared any more. Share it again with --replace.`)
    await store.writeHashes(0, hashes, hashes.byteLength)
  }

  const begin = async (entry: Active, store: Store): Promise<void> => {
    const { record } = entry
    entry.store = store
    await holdings.add(record.content, { manifest: record.manifest, integrity: scheme(record.manifest.scheme) }, { id: record.id, group: record.group, store, complete: true })
  }

  /** Stops serving; what is listed stays listed. */
  const layDown = async ({ record, store }: Active): Promise<void> => {
    active.delete(record.id)
    await holdings.remove(record.content, record.id)
    await store?.close()
  }

  const fail = async (entry: Active, error: ShoalError): Promise<void> => {
    const store = entry.store
    delete entry.store
    // at once: every reader of the file finds out by itself, and it is told once
    entry.record = { ...entry.record, error: { code: error.code, message: error.message } }
    await holdings.remove(entry.record.content, entry.record.id)
    await store?.close()
    await profile.shares.put(entry.record)
    events.send({ type: 'share', group: entry.record.groupName, name: entry.record.name, change: 'failed', code: error.code, detail: error.message })
  }

  const ofName = (user: UserName, group: GroupId, name: string): readonly Active[] =>
    [...active.values()].filter(({ record }) => record.user === user && record.group === group && record.name === name)

  return {
    async share (path, groupName, options) {
      const account = house.account()
      const { signal } = options
      const group = await myGroup(account, groupName, signal)
      const file = await inspect(path)
      const name = checkFileName(options.name ?? file.name)
      const integrity = scheme(options.integrity ?? 'sha256')
      const { manifest, seal: { root, hashes, combined } } = await sealFor(file, group.id, name, integrity, account, options)
      if (options.expect !== undefined && ![root, combined].includes(options.expect.toLowerCase())) {
        throw new ShoalError('CONTENT_MISMATCH', `"${file.path}" is not the expected file: its root is ${combined ?? root}. Check the file, or leave out --expect.`)
      }
      const content = idOf(manifest, integrity)
      const earlier = ofName(account.user, group.id, name)
      const record: ShareRecord = {
        id: earlier.find(({ record: { content: other } }) => other === content)?.record.id ?? randomUUID(),
        user: account.user, group: group.id, groupName: group.name, name, path: file.path, identity: file.identity, content, manifest,
        ...(combined === undefined ? {} : { combined }), addedAt: Date.now()
      }
      const store = await open(record, signal ?? account.ended)
      try {
        await store.writeHashes(0, hashes, hashes.byteLength)
        await store.flush()
        // recorded first: a kill between the two leaves a share that the next login lists again, never one that is listed and not served
        await profile.shares.put(record)
        const as = await account.session.share(group.id, { name, manifest, content, ...(combined === undefined ? {} : { combined }), replace: options.replace ?? false }, signal)
          .catch(async (error: unknown) => {
            // a share of the same content that stood before stays as it was
            const before = active.get(record.id)
            if (ShoalError.is(error)) await (before === undefined ? profile.shares.delete(account.user, record.id) : profile.shares.put(before.record))
            throw error
          })
        const before = active.get(record.id)
        if (before !== undefined) await layDown(before)
        // downloads of an older version go on while its file is there
        const older = earlier.filter(old => old.record.content !== content).sort((a, b) => b.record.addedAt - a.record.addedAt)
        const useless = older.filter(({ record: { error } }, i) => error !== undefined || i >= keptVersions)
        for (const old of useless) { await layDown(old); await profile.shares.delete(account.user, old.record.id) }
        const entry: Active = { record }
        active.set(record.id, entry)
        await begin(entry, store)
        await house.engine.settled()
        return { name, content, length: manifest.length, scheme: manifest.scheme, root, ...(combined === undefined ? {} : { combined }), as }
      } catch (error) {
        if (active.get(record.id)?.store !== store) await store.close()
        throw error
      }
    },

    async stopShare (groupName, file, signal) {
      const account = house.account()
      const name = file.normalize('NFC')
      const label = groupName.normalize('NFC')
      const mine = [...active.values()].filter(({ record }) => record.user === account.user && record.groupName === label && record.name === name)
      try {
        await account.session.unshare((await myGroup(account, groupName, signal)).id, name, signal)
      } catch (error) {
        // a share that failed is listed here alone: withdrawn already, or of a group that we are no longer in
        if (mine.length === 0 || !(ShoalError.is(error, 'NOT_SHARED') || ShoalError.is(error, 'NOT_FOUND'))) throw error
      }
      for (const entry of mine) {
        await layDown(entry)
        await profile.shares.delete(account.user, entry.record.id)
      }
      await house.engine.settled()
    },

    list: () => [...active.values()].map(({ record }) => ({
      group: record.groupName, name: record.name, path: record.path, content: record.content, length: record.manifest.length,
      ...(record.error === undefined ? {} : { error: record.error })
    })),

    async resume (account, groups) {
      let shares = 0
      let failed = 0
      for (const record of await profile.shares.all(account.user)) {
        const clean = withoutError(record)
        const entry: Active = { record: clean }
        active.set(record.id, entry)
        try {
          const state = groups.get(record.group)?.state
          if (state !== 'owner' && state !== 'member') throw new ShoalError('NOT_FOUND', `You are no longer a member of ${quoted(record.groupName)}. Join it again to share there.`)
          const store = await open(clean, account.ended)
          await mendHashes(clean, store, account.ended)
          await begin(entry, store)
          // lists what a kill kept from being listed, or what was withdrawn while the file could not be read
          await account.session.share(record.group, { name: record.name, manifest: record.manifest, content: record.content, ...(record.combined === undefined ? {} : { combined: record.combined }), replace: false }, account.ended)
          if (record.error !== undefined) await profile.shares.put(clean)
          shares++
        } catch (error) {
          if (!ShoalError.is(error)) throw error
          failed++
          await fail(entry, error)
          if (error.code === 'SOURCE_CHANGED' || error.code === 'FILE_NOT_FOUND') await account.session.unshare(record.group, record.name).catch(() => undefined)
        }
      }
      return { shares, failed }
    },

    async forget (group) {
      for (const entry of [...active.values()]) {
        if (entry.record.group !== group) continue
        await layDown(entry)
        await profile.shares.delete(entry.record.user, entry.record.id)
      }
    },

    async unreadable (content, error) {
      for (const entry of [...active.values()]) {
        if (entry.record.content !== content || entry.record.error !== undefined) continue
        await fail(entry, error)
        if (error.code === 'SOURCE_CHANGED' || error.code === 'FILE_NOT_FOUND') {
          await house.account().session.unshare(entry.record.group, entry.record.name).catch((cause: unknown) => { house.log(`Cannot withdraw ${entry.record.name}: ${String(cause)}`) })
        }
      }
    },

    async suspend () {
      const stores = [...active.values()].flatMap(({ store }) => store ?? [])
      active.clear()
      await Promise.all(stores.map(store => store.close()))
    }
  }
}
