/** A group's catalog as it is: what is shared now, by whom. Shares of those who are no longer members do not count, swept or not. Writes nothing. */
import type { CatalogFile, ContentId, Entry, Group, GroupId, NameTag, PeerId, Sharer, State, UserName } from '../contract/index.ts'
import { nameTag } from '../core/content-id.ts'
import { entryForm, shareForm } from './catalog-records.ts'
import type { EntryRecord } from './catalog-records.ts'
import { amongGone, goneForm } from './gone-contents.ts'
import { trackerLimits } from './limits.ts'
import { lastOfKey, listAll, places, shareOfKey } from './places.ts'

export interface StoredShare {
  readonly key: string
  readonly content: ContentId
  readonly peer: PeerId
  readonly user: UserName
  readonly live: boolean
  /** Unix ms. */
  readonly at: number
}

/** One entry with all its shares, as read. */
export interface StoredEntry {
  readonly tag: NameTag
  /** 0: there is none. */
  readonly revision: number
  readonly record: EntryRecord | undefined
  readonly shares: readonly StoredShare[]
}

/** Whether devices are online, and since when they are or are not. */
export type SharersNow = (shares: readonly { readonly user: UserName, readonly peer: PeerId }[]) => Promise<readonly Sharer[]>

export interface Catalog {
  load (group: Group, tag: NameTag): Promise<StoredEntry>
  one (group: Group, name: string): Promise<readonly CatalogFile[]>
  page (group: Group, after: NameTag | undefined): Promise<readonly CatalogFile[]>
  /** Which of the contents the group has, or had lately. */
  known (id: GroupId, contents: ReadonlySet<ContentId>): Promise<ReadonlySet<ContentId>>
}

/** Above so many, the whole list is read instead of one after another. */
const manyContents = 50

export const openCatalog = (state: State, sharersNow: SharersNow): Catalog => {
  const storedShare = (group: Group, entry: Entry): StoredShare => {
    const { content, peer, user } = shareOfKey(entry.key)
    const { since, at } = shareForm.decode(entry)
    return { key: entry.key, content, peer, user, at, live: group.members.get(user)?.since === since }
  }

  /** Undefined when nobody shares it any more. */
  const fileOf = async (tag: NameTag, { name, versions }: EntryRecord, shares: readonly StoredShare[], limit: number): Promise<CatalogFile | undefined> => {
    const live = versions.flatMap(version => {
      const its = shares.filter(share => share.live && share.content === version.content)
      return its.length === 0 ? [] : [{ version, its }]
    })
    if (live.length === 0) return undefined
    return {
      tag, name,
      versions: await Promise.all(live.map(async ({ version: { content, manifest, combined, at }, its }) => ({
        content, manifest, at, ...combined === undefined ? {} : { combined }, sharers: foremost(await sharersNow(its), limit)
      })))
    }
  }

  const load = async (group: Group, tag: NameTag): Promise<StoredEntry> => {
    // the entry first: whoever changes its shares writes it, and a transaction that compares it fails if they changed since
    const entry = await state.get(places.entry(group.id, tag))
    const shares: StoredShare[] = []
    for await (const share of listAll(state, places.shares(group.id, tag))) shares.push(storedShare(group, share))
    return { tag, revision: entry?.revision ?? 0, record: entry === undefined ? undefined : entryForm.decode(entry), shares }
  }

  return {
    load,
    async one (group, name) {
      const { tag, record, shares } = await load(group, nameTag(name))
      const file = record === undefined ? undefined : await fileOf(tag, record, shares, trackerLimits.sharersOfOne)
      return file === undefined ? [] : [file]
    },
    async page (group, after) {
      const files: CatalogFile[] = []
      let last = after
      // entries whose sharers all left do not show: a page is filled up from those behind, so that only the last one is short
      for (;;) {
        const limit = trackerLimits.pageEntries - files.length
        const from = last === undefined ? places.entries(group.id) : places.entry(group.id, last)
        const entries = await state.list(places.entries(group.id), { after: from, limit })
        const tags = entries.map(entry => lastOfKey(entry.key) as NameTag)
        const shares = await sharesBetween(group, tags[0], tags.at(-1))
        for (const [i, entry] of entries.entries()) {
          const tag = tags[i] as NameTag
          const file = await fileOf(tag, entryForm.decode(entry), shares.get(tag) ?? [], trackerLimits.sharersInList)
          if (file !== undefined) files.push(file)
        }
        last = tags.at(-1)
        if (entries.length < limit || files.length === trackerLimits.pageEntries) return files
      }
    },
    async known (id, contents) {
      const found = new Set<ContentId>()
      const check = (content: ContentId): void => { if (contents.has(content)) found.add(content) }
      if (contents.size > manyContents) for await (const { key } of listAll(state, places.contents(id))) check(lastOfKey(key) as ContentId)
      else await Promise.all([...contents].map(async content => { if (await state.get(places.content(id, content)) !== undefined) check(content) }))
      if (found.size < contents.size) {
        const gone = await state.get(places.goneContents(id))
        if (gone !== undefined) amongGone(goneForm.decode(gone), contents).forEach(check)
      }
      return found
    }
  }

  async function sharesBetween (group: Group, first: NameTag | undefined, last: NameTag | undefined): Promise<ReadonlyMap<NameTag, readonly StoredShare[]>> {
    const found = new Map<NameTag, StoredShare[]>()
    if (first === undefined || last === undefined) return found
    // no key is equal to this one, and all shares of the first tag are above it
    for await (const entry of listAll(state, places.shares(group.id), places.shares(group.id, first))) {
      const { tag } = shareOfKey(entry.key)
      if (tag > last) break
      const its = found.get(tag)
      if (its === undefined) found.set(tag, [storedShare(group, entry)])
      else its.push(storedShare(group, entry))
    }
    return found
  }
}

/** At most so many: those who are online first, then those who were lately. */
const foremost = (sharers: readonly Sharer[], limit: number): readonly Sharer[] => {
  const order = sharers.toSorted((a, b) => Number(b.online) - Number(a.online) || (a.online ? a.since - b.since : b.since - a.since))
  return order.slice(0, limit)
}
