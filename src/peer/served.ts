/**
 * The shares that are taken up: served from their files, listed at the tracker, and what becomes of one whose file cannot be read. Owns the two being in step;
 * what the user orders is sharing.ts.
 */
import { ShoalError } from '../contract/index.ts'
import type { GroupId, Integrity, Manifest, Store, UserName } from '../contract/index.ts'
import type { ShareRecord } from '../profile/index.ts'
import type { Account, House } from './house.ts'
import { createTurns } from './turns.ts'
import type { Turns } from './turns.ts'

export interface Active {
  record: ShareRecord
  readonly account: Account
  store?: Store
  /** It is served, but the tracker could not be told. */
  isUnlisted?: boolean
}

export const isUnlisted = (entry: Active): boolean => entry.isUnlisted === true

/** The tracker may have heard it or not, and can be told again. */
export const isPassing = (error: unknown): boolean => !ShoalError.is(error) || ['TRACKER_UNREACHABLE', 'TRACKER_ERROR', 'SESSION_EXPIRED', 'STOPPED'].includes(error.code)

/** The file is not there any more, or is another: nobody should be told that it is shared. */
const isGone = (error: { readonly code: string } | undefined): boolean => error?.code === 'SOURCE_CHANGED' || error?.code === 'FILE_NOT_FOUND' || error?.code === 'NOT_A_FILE'

export const asShareError = (error: unknown): ShoalError => ShoalError.is(error) ? error : new ShoalError('BUG', `A share failed: ${String(error)}. Please report it.`, { cause: error })

export interface Served {
  /** By id. */
  readonly active: Map<string, Active>
  /** What changes shares of a group happens one after another. */
  readonly turns: Turns<GroupId>
  ofName (user: UserName, group: GroupId, name: string): readonly Active[]
  begin (entry: Active, store: Store): Promise<void>
  closeStore (entry: Active): Promise<void>
  /** Stops serving; what is listed stays listed. */
  layDown (entry: Active): Promise<void>
  /** Stops serving, and tells why, now and in the record. */
  fail (entry: Active, error: ShoalError): Promise<void>
  /** @throws what the tracker answers; but when it does not answer, it is told again later */
  list (entry: Active): Promise<void>
  /**
   * Takes back what is listed of a name when its newest version here is gone. The tracker knows only all versions of a device or none, so that older ones are
   * listed again; and of an older one that is gone nothing is said, as long as there is a newer.
   */
  withdraw (account: Account, group: GroupId, name: string): Promise<void>
}

export const createServed = (house: Pick<House, 'holdings' | 'profile' | 'events' | 'log'>, schemeOf: (manifest: Manifest) => Integrity): Served => {
  const { holdings, profile, events } = house
  const active = new Map<string, Active>()
  const turns = createTurns<GroupId>()

  const ofName = (user: UserName, group: GroupId, name: string): readonly Active[] =>
    [...active.values()].filter(({ record }) => record.user === user && record.group === group && record.name === name)
  const begin = async (entry: Active, store: Store): Promise<void> => {
    const { record } = entry
    entry.store = store
    await holdings.add(record.content, { manifest: record.manifest, integrity: schemeOf(record.manifest) }, {
      id: record.id, group: record.group, store, complete: true,
      unreadable: error => { void turns.run(record.group, () => unreadable(entry, store, error)).catch((cause: unknown) => { house.log(`"${record.name}": ${String(cause)}`) }) }
    })
  }
  const closeStore = async (entry: Active): Promise<void> => {
    const { store } = entry
    delete entry.store
    await store?.close()
  }

  const layDown = async (entry: Active): Promise<void> => {
    if (active.get(entry.record.id) === entry) active.delete(entry.record.id)
    await holdings.remove(entry.record.content, entry.record.id).finally(() => closeStore(entry))
  }

  const fail = async (entry: Active, error: ShoalError): Promise<void> => {
    // at once: every reader of the file finds out by itself, and it is told once
    entry.record = { ...entry.record, error: { code: error.code, message: error.message } }
    delete entry.isUnlisted
    events.send({ type: 'share', group: entry.record.groupName, name: entry.record.name, change: 'failed', code: error.code, detail: error.message })
    await holdings.remove(entry.record.content, entry.record.id).finally(() => closeStore(entry))
    await profile.shares.put(entry.record)
  }
  /** A shared file cannot be read any more: withdrawn, and told. */
  const unreadable = async (entry: Active, store: Store, error: ShoalError): Promise<void> => {
    const { record, account } = entry
    if (account.ended.aborted || entry.store !== store || error.code === 'STOPPED') return
    await fail(entry, error)
    await withdraw(account, record.group, record.name)
  }

  const list = async (entry: Active): Promise<void> => {
    const { record: { id, user, group, name, manifest, content, combined }, account } = entry
    const file = { name, manifest, content, ...(combined === undefined ? {} : { combined }) }
    try {
      await account.session.share(group, { ...file, replace: false }, account.ended).catch(async (error: unknown) => {
        // a version of our own that never got to be listed after the one before
        if (!ShoalError.is(error, 'NAME_TAKEN') || !ofName(user, group, name).some(other => other.record.id !== id && other.record.error === undefined)) throw error
        await account.session.share(group, { ...file, replace: true }, account.ended)
      })
      delete entry.isUnlisted
    } catch (error) {
      if (!isPassing(error) || account.ended.aborted) throw error
      entry.isUnlisted = true
    }
  }
  const withdraw = async (account: Account, group: GroupId, name: string): Promise<void> => {
    const versions = [...ofName(account.user, group, name)].sort((a, b) => a.record.addedAt - b.record.addedAt)
    if (!isGone(versions.at(-1)?.record.error)) return
    try {
      await account.session.unshare(group, name, account.ended)
      for (const entry of versions) if (entry.record.error === undefined) await list(entry)
    } catch (error) {
      if (!ShoalError.is(error, 'NOT_SHARED')) house.log(`Cannot withdraw "${name}": ${String(error)}`)
    }
  }

  return { active, turns, ofName, begin, closeStore, layDown, fail, list, withdraw }
}
