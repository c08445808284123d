/** The downloads of the logged-in user on this device: recorded before they begin, resumed at login, listed for ever. */
import { safeName, ShoalError } from '../contract/index.ts'
import type { CatalogFile, ContentId, Download, DownloadOptions, DownloadStatus, GroupId, GroupListing, Integrity, Manifest, Version } from '../contract/index.ts'
import { contentId } from '../core/index.ts'
import type { EngineEvent } from '../engine/index.ts'
import type { DownloadRecord } from '../profile/index.ts'
import { myGroup, quoted } from './house.ts'
import type { Account, House } from './house.ts'
import { inParallel } from './parallel.ts'
import { startDownload } from './running.ts'
import type { Running } from './running.ts'

export interface Downloading {
  download (group: string, file: string, destination: string, options: DownloadOptions): Promise<Download>
  cancel (group: string, file: string, signal?: AbortSignal): Promise<void>
  statuses (): readonly DownloadStatus[]
  resume (account: Account, groups: ReadonlyMap<GroupId, GroupListing>): Promise<number>
  handle (event: EngineEvent): void
  /** Asks the tracker why nothing comes, for downloads without a source; writes counters. Called about once a second. */
  look (account: Account): Promise<void>
  /** We are out of that group: unfinished downloads there end. */
  forget (group: GroupId, why: 'left' | 'removed'): Promise<void>
  /** Groups in which something is downloaded, or was. */
  groups (): ReadonlySet<GroupId>
  /** Logout: everything ends here, and goes on at the next login. */
  suspend (): Promise<void>
}

const askAgainMs = 10_000

/** Who shares it, and since when they are away. Those who are online have nothing that is missing here, or are not reached (yet). */
const explain = (versions: readonly Version[], content: ContentId): string => {
  const sharers = versions.find(version => version.content === content)?.sharers ?? []
  if (sharers.length === 0) return 'nobody shares this version any more; it goes on when somebody shares it again'
  const said = sharers.slice(0, 3).map(({ user, online, since }) =>
    `${user} (${online ? 'online' : since === 0 ? 'away' : `away since ${new Date(since).toISOString()}`})`)
  const more = sharers.length > said.length ? ` and ${sharers.length - said.length} more` : ''
  return `shared by ${said.join(', ')}${more}; it goes on when one of them is ${sharers.some(({ online }) => online) ? 'reached: see list_peers' : 'there'}`
}

export const createDownloading = (house: House): Downloading => {
  const { profile, holdings, files, integrities, events, engine } = house
  const all = new Map<string, Running>()
  const asked = new Map<string, number>()

  const isRunning = ({ record }: Running): boolean => record.state === 'running'
  const named = (group: string, file: string): Running[] => {
    const name = file.normalize('NFC')
    return [...all.values()].filter(({ record }) => record.groupName === group.normalize('NFC') && record.name === name)
  }
  const schemeOf = (manifest: Manifest, name: string): Integrity | ShoalError => {
    if (manifest.coding !== 'none') return new ShoalError('UNSUPPORTED', `${quoted(name)} uses the coding ${manifest.coding}, which this version does not have. Update Shoal.`)
    return integrities.get(manifest.scheme) ?? new ShoalError('UNSUPPORTED', `${quoted(name)} uses the integrity scheme ${manifest.scheme}, which is not here. Add its plugin with --integrity.`)
  }
  const scheme = (manifest: Manifest, name: string): Integrity => {
    const found = schemeOf(manifest, name)
    if (found instanceof ShoalError) throw found
    return found
  }
  /** Downloads that are being recorded. */
  const coming = new Map<DownloadRecord, { isVoid: boolean }>()
  type Place = Pick<DownloadRecord, 'groupName' | 'name' | 'folder' | 'fileName'>

  const begin = (record: DownloadRecord, account: Account): Running => {
    const running = startDownload(record, { house, integrity: schemeOf(record.manifest, record.name), ended: account.ended })
    all.set(record.id, running)
    return running
  }
  /** The download whose store the engine fetches into. */
  const fetching = (content: ContentId): Running | undefined => {
    const running = all.get(holdings.primary(content) ?? '')
    return running !== undefined && isRunning(running) ? running : undefined
  }

  const fileNamed = async (account: Account, group: GroupListing, name: string, signal: AbortSignal | undefined): Promise<CatalogFile> => {
    const [entry] = await account.session.files(group.id, { name: name.normalize('NFC'), ...(signal === undefined ? {} : { signal }) })
    if (entry === undefined) throw new ShoalError('NOT_FOUND', `The group ${quoted(group.name)} has no file ${quoted(name)}. See: list_files ${group.name}`)
    return entry
  }

  const checkFree = ({ groupName, name, folder, fileName }: Place): void => {
    for (const other of [...coming.keys(), ...[...all.values()].filter(isRunning).map(({ record }) => record)]) {
      if (other.groupName === groupName && other.name === name) {
        throw new ShoalError('ALREADY_DOWNLOADING', `${quoted(name)} of ${quoted(groupName)} is being downloaded here already. See \`show_downloads\`; \`cancel_download\` ends it.`)
      }
      if (other.folder === folder && other.fileName === fileName) {
        throw new ShoalError('ALREADY_DOWNLOADING', `${quoted(other.name)} of ${quoted(other.groupName)} is being downloaded to "${folder}/${fileName}" already. Choose another destination.`)
      }
    }
  }

  /** Recorded and begun, unless we are out of the group or logged out by then. */
  const enlist = async (record: DownloadRecord, account: Account): Promise<Running> => {
    account.ended.throwIfAborted()
    checkFree(record)
    const mark = { isVoid: false }
    coming.set(record, mark) // checked and marked without waiting: of two at once only one goes on
    try {
      for (const old of named(record.groupName, record.name)) {
        // a failed one is replaced by the new attempt; a complete one stays in the list
        if (old.record.state === 'failed') { all.delete(old.record.id); await profile.downloads.delete(account.user, old.record.id) }
      }
      await profile.downloads.put(record)
      if (!mark.isVoid && !account.ended.aborted) return begin(record, account)
      await profile.downloads.delete(record.user, record.id)
      account.ended.throwIfAborted()
      throw new ShoalError('NOT_FOUND', `You are no longer a member of ${quoted(record.groupName)}. Join it again, then download again.`)
    } finally {
      coming.delete(record)
    }
  }

  return {
    async download (groupName, file, destination, options) {
      const account = house.account()
      const group = await myGroup(account, groupName, options.signal)
      const entry = await fileNamed(account, group, file, options.signal)
      const version = entry.versions[0]
      if (version === undefined) throw new ShoalError('NOT_FOUND', `Nobody shares ${quoted(entry.name)} any more. See: list_files ${group.name}`)
      const { manifest, content } = version
      if (contentId(manifest, scheme(manifest, entry.name)) !== content) {
        throw new ShoalError('INTEGRITY', `The tracker describes ${quoted(entry.name)} in a way that does not fit its content id. Tell who runs the tracker.`)
      }
      const overwrite = options.overwrite ?? false
      const named = { groupName: group.name, name: entry.name }
      checkFree({ ...named, folder: '', fileName: '' }) // before a folder is made for it
      const place = await files.destination(destination, safeName(entry.name), overwrite)
      const running = await enlist({
        id: crypto.randomUUID(), user: account.user, group: group.id, ...named, content, manifest,
        ...(version.combined === undefined ? {} : { combined: version.combined }), folder: place.folder, fileName: place.name, overwrite,
        state: 'running', startedAt: Date.now(), activeMs: 0, haveBytes: 0, fetchedBytes: 0, resumedBytes: 0, hashedBytes: 0, wastedBytes: 0, bytesByPeer: []
      }, account)
      events.send({ type: 'download', group: group.name, name: entry.name, change: 'started' })
      return { group: group.name, name: entry.name, path: place.path, status: () => running.status(), finished: running.finished }
    },

    async cancel (groupName, file, signal) {
      house.account()
      signal?.throwIfAborted()
      const running = named(groupName, file).find(isRunning)
      if (running === undefined) throw new ShoalError('NO_DOWNLOAD', `There is no unfinished download of ${quoted(file)} from ${quoted(groupName)} here. See \`show_downloads\`.`)
      // it may get its name at this very moment: then it is complete, and stays
      if (!await running.discard()) throw new ShoalError('NO_DOWNLOAD', `The download of ${quoted(file)} from ${quoted(groupName)} was over before it could be cancelled. See \`show_downloads\`.`)
      all.delete(running.record.id)
      await engine.settled()
    },

    statuses () {
      house.account()
      return [...all.values()].sort((a, b) => a.record.startedAt - b.record.startedAt).map(running => running.status())
    },

    async resume (account, groups) {
      let resumed = 0
      const complete: Running[] = []
      for (const record of [...await profile.downloads.all(account.user)].sort((a, b) => a.startedAt - b.startedAt)) {
        const state = groups.get(record.group)?.state
        const member = state === 'owner' || state === 'member'
        if (record.state === 'running' && !member) {
          const { code, message } = new ShoalError('NOT_FOUND', `You are no longer a member of ${quoted(record.groupName)}. Join it again, then download again.`)
          const failed: DownloadRecord = { ...record, state: 'failed', error: { code, message } }
          await profile.downloads.put(failed)
          begin(failed, account)
          events.send({ type: 'download', group: record.groupName, name: record.name, change: 'failed', detail: `${code}: ${message}` })
          continue
        }
        const running = begin(record, account)
        if (record.state === 'complete' && member) complete.push(running)
        if (record.state !== 'running') continue
        if (running.isAble) resumed++
        else events.send({ type: 'warning', detail: `A download is not resumed: ${running.status().waiting?.replace(/^waiting: /, '') ?? ''}. \`cancel_download\` ends it.` })
      }
      await inParallel(complete, running => running.serve())
      return resumed
    },

    handle (event) {
      switch (event.type) {
        case 'piece': fetching(event.content)?.pieceStored(event.piece); return
        case 'complete': fetching(event.content)?.complete(); return
        case 'stalled': fetching(event.content)?.stalled(event.code); return
        case 'failed': fetching(event.content)?.failed(new ShoalError(event.code, `The download of ${quoted(fetching(event.content)?.record.name ?? '')} cannot be written: ${event.code}. Check the disk, then download again.`)); return
        default:
      }
    },

    async look (account) {
      const now = performance.now()
      for (const running of all.values()) {
        if (!isRunning(running) || !running.isAble) continue
        const { record } = running
        await running.save()
        if (running.status().waiting === undefined) { running.away(undefined); asked.delete(record.id); continue }
        if (now - (asked.get(record.id) ?? -Infinity) < askAgainMs) continue
        asked.set(record.id, now)
        const entry = await account.session.files(record.group, { name: record.name, signal: account.ended }).then(([found]) => found ?? { versions: [] }, () => undefined)
        // a tracker that does not answer has not said that nobody shares it
        if (entry !== undefined) running.away(explain(entry.versions, record.content))
      }
    },

    groups: () => new Set([...all.values()].map(({ record }) => record.group)),

    async forget (group, why) {
      for (const [record, mark] of coming) if (record.group === group) mark.isVoid = true
      for (const running of [...all.values()]) {
        if (running.record.group !== group) continue
        if (!isRunning(running)) { await running.rest(); continue }
        if (why === 'left') { if (await running.discard()) all.delete(running.record.id); else await running.rest() } else {
          running.failed(new ShoalError('NOT_FOUND', `You were removed from ${quoted(running.record.groupName)}. What you have of ${quoted(running.record.name)} stays beside its destination.`))
        }
      }
    },

    async suspend () {
      const ending = [...all.values()]
      all.clear()
      asked.clear()
      await Promise.all(ending.map(running => running.suspend()))
    }
  }
}
