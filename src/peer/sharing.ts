/** The shares of this device: files that lie where the user has them, sealed once, listed, served from their place. */
import { sha256 } from '@noble/hashes/sha2.js'
import { ShoalError, toHex } from '../contract/index.ts'
import type { ContentId, GroupId, GroupListing, Shared, ShareOptions, ShareStatus, Store } from '../contract/index.ts'
import { checkFileName } from '../core/index.ts'
import type { ShareRecord } from '../profile/index.ts'
import { myGroup, quoted } from './house.ts'
import type { Account, House } from './house.ts'
import { inParallel } from './parallel.ts'
import { createPreparing } from './preparing.ts'
import { asShareError, createServed, isPassing, isUnlisted } from './served.ts'
import type { Active } from './served.ts'

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
  /** Groups in which something is shared. */
  groups (): ReadonlySet<GroupId>
  /** Lists what the tracker could not be told of. Called about once a second. */
  look (): Promise<void>
  /** Logout: everything is laid down, nothing is withdrawn. */
  suspend (): Promise<void>
}

/** The error of the last time says nothing about this time. */
const withoutError = (record: ShareRecord): ShareRecord => {
  const copy = { ...record }
  delete copy.error
  return copy
}

/** The same content under the same name is the same share, however often it is shared. */
const shareId = (group: GroupId, name: string, content: ContentId): string => toHex(sha256(new TextEncoder().encode(`${group} ${content} ${name}`)))

export const createSharing = (house: House): Sharing => {
  const { profile, storage, files, integrities } = house
  const [preferred = ''] = integrities.keys()
  const { scheme, idOf, sealFor, mendHashes } = createPreparing(files, integrities, content => house.holdings.manifest(content))
  const { active, turns, ofName, begin, layDown, closeStore, fail, list, withdraw } = createServed(house, manifest => scheme(manifest.scheme))

  const open = async (record: ShareRecord, signal: AbortSignal): Promise<Store> =>
    storage.open(record.manifest, { existing: record.path, identity: record.identity }, signal)

  /** Recorded, listed, served. */
  const publish = async (entry: Active, hashes: Uint8Array, replace: boolean, signal: AbortSignal): Promise<Shared['as']> => {
    const { record, account } = entry
    const { id, group, name, manifest, content, combined } = record
    const earlier = ofName(account.user, group, name)
    const before = active.get(id)
    signal.throwIfAborted()
    const store = await open(record, signal)
    entry.store = store
    try {
      await store.writeHashes(0, hashes, hashes.byteLength)
      await store.flush()
      // recorded first: a kill between the two leaves a share that the next login lists again, never one that is listed and not served
      await profile.shares.put(record)
      const as = await account.session.share(group, { name, manifest, content, ...(combined === undefined ? {} : { combined }), replace }, signal).catch(async (error: unknown) => {
        // a share of the same content that stood before stays as it was
        if (!isPassing(error)) await (before === undefined ? profile.shares.delete(account.user, id) : profile.shares.put(before.record))
        throw error
      })
      account.ended.throwIfAborted()
      if (before !== undefined) await layDown(before)
      // downloads of an older version go on while its file is there
      const older = earlier.filter(old => old.record.content !== content).sort((a, b) => b.record.addedAt - a.record.addedAt)
      const useless = older.filter(({ record: old }, i) => old.error !== undefined || old.path === record.path || i >= keptVersions)
      for (const old of useless) { await layDown(old); await profile.shares.delete(account.user, old.record.id) }
      active.set(id, entry)
      await begin(entry, store)
      return as
    } catch (error) {
      // the share that stood before has the same id: it is not this one's to end
      await (active.get(id) === entry ? layDown(entry) : closeStore(entry))
      throw error
    }
  }

  return {
    async share (path, groupName, options) {
      const account = house.account()
      const signal = options.signal === undefined ? account.ended : AbortSignal.any([options.signal, account.ended])
      const group = await myGroup(account, groupName, signal)
      const file = await files.inspect(path)
      const name = checkFileName(options.name ?? file.name)
      const integrity = scheme(options.integrity ?? preferred)
      const { manifest, seal: { root, hashes, combined } } = await sealFor(file, group.id, name, integrity, account, { ...options, signal })
      if (options.expect !== undefined && ![root, combined].includes(options.expect.toLowerCase())) {
        throw new ShoalError('CONTENT_MISMATCH', `"${file.path}" is not the expected file: its root is ${combined ?? root}. Check the file, or leave out --expect.`)
      }
      const content = idOf(manifest, integrity)
      const record: ShareRecord = {
        id: shareId(group.id, name, content), user: account.user, group: group.id, groupName: group.name, name, path: file.path, identity: file.identity, content, manifest,
        ...(combined === undefined ? {} : { combined }), addedAt: Date.now()
      }
      const as = await turns.run(group.id, () => publish({ record, account }, hashes, options.replace ?? false, signal))
      await house.engine.settled()
      return { name, content, length: manifest.length, scheme: manifest.scheme, root, ...(combined === undefined ? {} : { combined }), as }
    },

    async stopShare (groupName, file, signal) {
      const account = house.account()
      const name = file.normalize('NFC')
      const label = groupName.normalize('NFC')
      const mine = (): readonly Active[] => [...active.values()].filter(({ record }) => record.groupName === label && record.name === name)
      // a share that failed is listed here alone: withdrawn already, or of a group that we are no longer in
      const group = mine()[0]?.record.group ?? (await myGroup(account, groupName, signal)).id
      await turns.run(group, async () => {
        await account.session.unshare(group, name, signal).catch((error: unknown) => {
          if (mine().length === 0 || !(ShoalError.is(error, 'NOT_SHARED') || ShoalError.is(error, 'NOT_FOUND'))) throw error
        })
        for (const entry of mine()) {
          await layDown(entry)
          await profile.shares.delete(account.user, entry.record.id)
        }
      })
      await house.engine.settled()
    },

    list: () => [...active.values()].map(({ record }) => ({
      group: record.groupName, name: record.name, path: record.path, content: record.content, length: record.manifest.length,
      ...(record.error === undefined ? {} : { error: record.error })
    })),

    async resume (account, groups) {
      const names = new Map<string, ShareRecord[]>()
      for (const record of await profile.shares.all(account.user)) {
        const key = `${record.group} ${record.name}`
        names.set(key, [...names.get(key) ?? [], record])
      }
      let shares = 0
      let failed = 0
      const takeUp = async (record: ShareRecord): Promise<void> => {
        const entry: Active = { record: withoutError(record), account }
        active.set(record.id, entry)
        try {
          const state = groups.get(record.group)?.state
          if (state !== 'owner' && state !== 'member') throw new ShoalError('NOT_FOUND', `You are no longer a member of ${quoted(record.groupName)}. Join it again to share there.`)
          const store = await open(entry.record, account.ended)
          entry.store = store
          await mendHashes(entry.record, store, account.ended)
          await begin(entry, store)
          // lists what a kill kept from being listed, or what was withdrawn while the file could not be read
          await list(entry)
          if (record.error !== undefined) await profile.shares.put(entry.record)
          shares++
        } catch (error) {
          account.ended.throwIfAborted()
          failed++
          await fail(entry, asShareError(error))
        }
      }
      // versions of one name in their order
      await inParallel(names.values(), async records => {
        const before = failed
        for (const record of records) await takeUp(record)
        for (const { group, name } of failed > before ? records.slice(0, 1) : []) await withdraw(account, group, name)
      })
      return { shares, failed }
    },

    groups: () => new Set([...active.values()].map(({ record }) => record.group)),

    async look () {
      for (const entry of [...active.values()]) {
        if (!isUnlisted(entry) || entry.account.ended.aborted) continue
        await turns.run(entry.record.group, async () => {
          if (isUnlisted(entry) && entry.store !== undefined) await list(entry)
        }).catch((error: unknown) => entry.account.ended.aborted ? undefined : fail(entry, asShareError(error)))
        if (isUnlisted(entry)) return // it still does not answer
      }
    },

    forget: group => turns.run(group, async () => {
      for (const entry of [...active.values()]) {
        if (entry.record.group !== group) continue
        await layDown(entry)
        await profile.shares.delete(entry.record.user, entry.record.id)
      }
    }),

    async suspend () {
      await turns.idle()
      const entries = [...active.values()]
      active.clear()
      await Promise.all(entries.map(closeStore))
    }
  }
}
