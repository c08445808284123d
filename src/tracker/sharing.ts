/** Writes the catalog: shares and what follows from them. A version goes with its last share, an entry with its last version, in the same transaction. */
import { ShoalError } from '../contract/index.ts'
import type { Compare, ContentId, FileToShare, Group, GroupId, NameTag, Op, State, UserName } from '../contract/index.ts'
import { checkFileName, nameTag } from '../core/content-id.ts'
import type { Catalog, StoredEntry, StoredShare } from './catalog.ts'
import { contentForm, entryForm, shareForm } from './catalog-records.ts'
import type { ContentRecord, EntryRecord, VersionRecord } from './catalog-records.ts'
import type { Clock } from './clock.ts'
import { checkContent } from './content.ts'
import type { CheckedContent } from './content.ts'
import { goneForm, withGone } from './gone-contents.ts'
import type { Writer } from './group-log.ts'
import { membershipForm } from './group-records.ts'
import type { Groups } from './groups.ts'
import { trackerLimits } from './limits.ts'
import { noticesForm } from './notice.ts'
import type { FileNotice, Notice } from './notice.ts'
import { places } from './places.ts'
import { keyedQueue } from './queue.ts'

export interface Sharing {
  share (writer: Writer, id: GroupId, file: FileToShare): Promise<'listed' | 'added' | 'replaced'>
  unshare (writer: Writer, id: GroupId, name: string): Promise<void>
  /** Removes shares of that name whose owners are members no more. */
  prune (id: GroupId, tag: NameTag): Promise<void>
}

/** What becomes of an entry. */
interface Plan {
  readonly versions: readonly VersionRecord[]
  readonly removed: readonly StoredShare[]
  readonly added?: { readonly key: string, readonly since: number }
  readonly notice?: FileNotice
}

const maxRetries = 50
/** A share, its version's content and a little more are written for each: a transaction takes 100 ops. */
const prunedAtOnce = 40

export const openSharing = (state: State, groups: Groups, catalog: Catalog, clock: Clock): Sharing => {
  const queue = keyedQueue()

  /** Puts a plan into one transaction. @returns false when something else was written first */
  const carryOut = async (group: Group, name: string, entry: StoredEntry, plan: Plan, compare: Compare[] = [], ops: Op[] = []): Promise<boolean> => {
    const key = places.entry(group.id, entry.tag)
    compare.push({ key, revision: entry.revision })
    ops.push(plan.versions.length === 0 ? { delete: key } : { put: key, value: entryForm.encode({ name: entry.record?.name ?? name, versions: plan.versions }) })
    for (const share of plan.removed) ops.push({ delete: share.key })
    if (plan.added !== undefined) ops.push({ put: plan.added.key, value: shareForm.encode({ since: plan.added.since, at: clock.now() }) })
    await countContents(group.id, entry.record, plan.versions, compare, ops)
    if (plan.notice !== undefined) {
      const notice: Notice = { event: plan.notice, members: true, to: [] }
      ops.push({ put: places.feed(group.id), value: noticesForm.encode([notice]) })
    }
    return (await state.txn(compare, ops)).ok
  }

  /** Contents are counted by the names they have in the group; what loses the last one is remembered as gone. */
  const countContents = async (id: GroupId, before: EntryRecord | undefined, after: readonly VersionRecord[], compare: Compare[], ops: Op[]): Promise<void> => {
    const old = new Set(before?.versions.map(version => version.content))
    const now = new Map(after.map(version => [version.content, version]))
    const gone: ContentId[] = []
    for (const content of new Set([...old, ...now.keys()])) {
      const step = Number(now.has(content)) - Number(old.has(content))
      if (step === 0) continue
      const key = places.content(id, content)
      const kept = await state.get(key)
      compare.push({ key, revision: kept?.revision ?? 0 })
      const version = now.get(content)
      const record: ContentRecord | undefined = kept !== undefined ? contentForm.decode(kept) : version && { manifest: version.manifest, combined: version.combined, names: 0 }
      if (record !== undefined && record.names + step > 0) ops.push({ put: key, value: contentForm.encode({ ...record, names: record.names + step }) })
      else { ops.push({ delete: key }); gone.push(content) }
    }
    if (gone.length === 0) return
    const kept = await state.get(places.goneContents(id))
    compare.push({ key: places.goneContents(id), revision: kept?.revision ?? 0 })
    ops.push({ put: places.goneContents(id), value: goneForm.encode(withGone(kept === undefined ? new Uint8Array() : goneForm.decode(kept), gone)) })
  }

  const noticeOf = (change: FileNotice['change'], group: Group, name: string, user: UserName): FileNotice =>
    ({ type: 'file', change, group: group.id, groupName: group.name, name, user })

  /** Repeats until it was written, or there is nothing to write. */
  const settle = async <T>(id: GroupId, tag: NameTag, attempt: () => Promise<T | undefined>, most = maxRetries): Promise<T> => await queue.run(`${id}/${tag}`, async () => {
    for (let tries = 0; tries < most; tries++) {
      const result = await attempt()
      if (result !== undefined) return result
    }
    throw new ShoalError('GROUP_CHANGED', 'The file changed too often while it was written to the catalog. Try again.')
  })

  /** The writer's membership, to be compared and, with the new count of shares, written. */
  const membershipOf = async (group: Group, { user }: Writer) => {
    const kept = await state.get(places.membership(user, group.id))
    if (kept === undefined) return undefined // left since the group was read
    const record = membershipForm.decode(kept)
    const { since, shares } = record
    if (group.members.get(user)?.since !== since) return undefined // and came back
    return {
      since, shares,
      compare: { key: kept.key, revision: kept.revision },
      counting: (count: number): Op => ({ put: kept.key, value: membershipForm.encode({ ...record, shares: Math.max(0, count) }) })
    }
  }

  const pruneOnce = async (group: Group, entry: StoredEntry): Promise<boolean> => {
    const removed = entry.shares.filter(share => !share.live).slice(0, prunedAtOnce)
    if (entry.record === undefined || removed.length === 0) return true
    const left = entry.shares.filter(share => !removed.includes(share))
    const versions = entry.record.versions.filter(({ content }) => left.some(share => share.content === content))
    // without a notice: that its owner went was told, and stands for all that went with them
    return await carryOut(group, entry.record.name, entry, { versions, removed })
  }

  /** The entry with live shares only; undefined: read again. */
  const loadLive = async (group: Group, tag: NameTag): Promise<StoredEntry | undefined> => {
    const entry = await catalog.load(group, tag)
    if (entry.shares.every(share => share.live)) return entry
    await pruneOnce(group, entry)
    return undefined
  }

  return {
    async share (writer, id, file) {
      const name = checkFileName(file.name)
      const checked = checkContent(file)
      const tag = nameTag(name)
      return await settle(id, tag, async () => {
        const group = await groups.ofMember(id, writer.user)
        const [mine, entry] = [await membershipOf(group, writer), await loadLive(group, tag)]
        if (mine === undefined || entry === undefined) return undefined
        const versions = entry.record?.versions ?? []
        const own = entry.shares.filter(share => share.peer === writer.device && share.user === writer.user)
        const existing = versions.find(version => version.content === checked.id)
        const renew = file.replace && existing !== versions[0]
        if (own.some(share => share.content === checked.id) && !renew) return 'added'
        const as = versions.length === 0 ? 'listed' : existing !== undefined && !renew ? 'added' : 'replaced'
        if (as === 'replaced') checkReplace(group, name, entry, writer.user, file.replace)
        if (mine.shares >= trackerLimits.sharesPerMember) throw new ShoalError('LIMIT_REACHED', `${writer.user} shares ${mine.shares} files with group "${group.name}": that is the limit. Stop sharing some with \`stop_share\`.`)

        const removed = as === 'replaced' ? surplus(versions, own, checked.id) : []
        const left = versions.filter(({ content }) => content === checked.id || entry.shares.some(share => share.content === content && !removed.includes(share)))
        if (as !== 'added' && existing === undefined && left.length >= trackerLimits.versionsPerEntry) {
          throw new ShoalError('LIMIT_REACHED', `"${name}" has ${left.length} versions in group "${group.name}": that is the limit. Whoever shares old ones can stop it with \`stop_share\`.`)
        }
        const compare = [mine.compare]
        const version = existing ?? await versionOf(group.id, checked, compare)
        const had = own.some(share => share.content === checked.id)
        return await carryOut(group, name, entry, {
          versions: as === 'added' ? left : [version, ...left.filter(other => other !== existing)],
          removed,
          ...had ? {} : { added: { key: places.share(id, tag, checked.id, writer.device, writer.user), since: mine.since } },
          ...as === 'added' ? {} : { notice: noticeOf(as === 'listed' ? 'shared' : 'replaced', group, entry.record?.name ?? name, writer.user) }
        }, compare, [mine.counting(mine.shares + Number(!had) - removed.length)]) ? as : undefined
      })
    },

    async unshare (writer, id, name) {
      const tag = nameTag(name)
      await settle(id, tag, async () => {
        const group = await groups.ofMember(id, writer.user)
        const [mine, entry] = [await membershipOf(group, writer), await loadLive(group, tag)]
        if (mine === undefined || entry === undefined) return undefined
        const removed = entry.shares.filter(share => share.peer === writer.device && share.user === writer.user)
        if (entry.record === undefined || removed.length === 0) throw new ShoalError('NOT_SHARED', `This device does not share that file with group "${group.name}". See \`list_files ${group.name}\`.`)
        const versions = entry.record.versions.filter(({ content }) => entry.shares.some(share => share.content === content && !removed.includes(share)))
        const notice = versions.length === 0 ? { notice: noticeOf('withdrawn', group, entry.record.name, writer.user) } : {}
        return await carryOut(group, entry.record.name, entry, { versions, removed, ...notice }, [mine.compare], [mine.counting(mine.shares - removed.length)]) ? true : undefined
      })
    },

    async prune (id, tag) {
      await settle(id, tag, async () => {
        const group = (await groups.current(id))?.group
        if (group === undefined) return true // what is left of a dissolved group is swept as a whole
        const entry = await catalog.load(group, tag)
        if (entry.shares.every(share => share.live)) return true
        await pruneOnce(group, entry)
        return undefined
      }, Infinity)
    }
  }

  /** The first manifest of a content in a group is everyone's: the id may not hold the piece length, and one swarm needs one. */
  async function versionOf (id: GroupId, { id: content, manifest, combined }: CheckedContent, compare: Compare[]): Promise<VersionRecord> {
    const key = places.content(id, content)
    const known = await state.get(key)
    compare.push({ key, revision: known?.revision ?? 0 })
    const record = known === undefined ? { manifest, combined } : contentForm.decode(known)
    return { content, manifest: record.manifest, combined: record.combined ?? combined, at: clock.now() }
  }
}

const checkReplace = (group: Group, name: string, entry: StoredEntry, user: UserName, replace: boolean): void => {
  if (!replace) throw new ShoalError('NAME_TAKEN', `Group "${group.name}" has another file "${name}". Rename yours, or use --replace to publish a new version.`)
  if (user === group.owner || entry.shares.some(share => share.user === user)) return
  throw new ShoalError('NAME_TAKEN', `Group "${group.name}" has another file "${name}", which you do not share: only its sharers and ${group.owner}, the owner, can replace it. Rename yours.`)
}

/** Shares of the oldest versions that a device gives up by sharing one more under the same name. */
const surplus = (versions: readonly VersionRecord[], own: readonly StoredShare[], content: ContentId): readonly StoredShare[] => {
  const others = versions.filter(version => version.content !== content).flatMap(version => own.filter(share => share.content === version.content))
  return others.slice(trackerLimits.versionsPerDevice - 1)
}
