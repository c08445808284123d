/**
 * One download, from its record to its finished file: opened, checked, fetched (or copied from a store that has it), finished, served. Owns its counters;
 * what is asked of whom is the session's.
 */
import { bitfield, pieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { DownloadStatus, FileIdentity, Integrity, PeerId, PieceIndex, Store, UserName } from '../contract/index.ts'
import type { DownloadRecord } from '../profile/index.ts'
import { copyPieces } from './holdings.ts'
import type { House } from './house.ts'
import { inspect } from './local-file.ts'
import { createMeter } from './meter.ts'

const retryMs = 2_000

export interface Running {
  readonly record: DownloadRecord
  readonly finished: Promise<string>
  status (): DownloadStatus
  /** From the engine. */
  pieceStored (piece: PieceIndex): void
  /** All pieces are stored. */
  complete (): void
  stalled (code: string | undefined): void
  failed (error: ShoalError): void
  /** The store that the engine works on is this one's now. */
  promoted (): void
  /** Why nothing comes, as far as the tracker knows. */
  away (reason: string | undefined): void
  /** Writes the counters to the record. */
  save (): Promise<void>
  /** Ends it here; its record and its partial file stay. */
  suspend (): Promise<void>
  /** Ends it and removes what it wrote. */
  discard (): Promise<void>
}

export interface RunningOptions {
  readonly house: House
  readonly integrity: Integrity
  /** Aborted at logout. */
  readonly ended: AbortSignal
  /** It is over: `complete` with the store that serves the finished file, or failed. */
  over (running: Running): void
}

interface Supplier { readonly user: UserName | undefined, readonly peer: PeerId, readonly bytes: number, readonly transport: string }

export const startDownload = (initial: DownloadRecord, { house, integrity, ended, over }: RunningOptions): Running => {
  const { engine, holdings, profile, events, storage } = house
  const { manifest, content, id } = initial
  const meter = createMeter()
  const done = Promise.withResolvers<string>()
  done.promise.catch(() => undefined) // nobody may be waiting
  const abort = new AbortController()
  const signal = AbortSignal.any([ended, abort.signal])
  const base = new Map(initial.bytesByPeer.map(supplier => [supplier.peer, supplier]))
  const transports = new Map<PeerId, string>()
  let record = initial
  let store: Store | undefined
  let haveBytes = initial.haveBytes
  let resumedBytes = 0
  let hashedBytes = 0
  let activeSince = performance.now()
  let waitReason: string | undefined
  let stall: string | undefined
  let finishing = false
  /** Counters of the engine's transfer are those of one time that it was taken up; what came before is added here. */
  let carried = { fetched: 0, wasted: 0 }

  const view = (): ReturnType<typeof engine.view.transfer> => holdings.isPrimary(content, id) ? engine.view.transfer(content) : undefined
  const suppliers = (): Supplier[] => {
    const now = new Map(base)
    for (const [peer, bytes] of view()?.bytesByPeer ?? []) {
      now.set(peer, {
        peer, bytes: bytes + (base.get(peer)?.bytes ?? 0),
        user: engine.userOf(peer) ?? base.get(peer)?.user, transport: transports.get(peer) ?? base.get(peer)?.transport ?? ''
      })
    }
    return [...now.values()]
  }
  const counters = (): Pick<DownloadRecord, 'haveBytes' | 'fetchedBytes' | 'wastedBytes' | 'hashedBytes' | 'resumedBytes' | 'bytesByPeer' | 'activeMs'> => ({
    haveBytes, resumedBytes, hashedBytes,
    fetchedBytes: initial.fetchedBytes + carried.fetched + (view()?.fetchedBytes ?? 0),
    wastedBytes: initial.wastedBytes + carried.wasted + (view()?.wastedBytes ?? 0),
    bytesByPeer: suppliers(),
    activeMs: initial.activeMs + (record.state === 'running' ? performance.now() - activeSince : 0)
  })
  /** Nothing comes, and nobody who is linked has all of it: those who have some may have what we have. */
  const isWaiting = (): boolean => meter.rate(performance.now()) === 0 && !(view()?.sources ?? []).some(({ pieces }) => pieces === pieceCount(manifest))
  const save = async (): Promise<void> => { if (record.state === 'running') await profile.downloads.put({ ...record, ...counters() }) }
  const noteTransports = (): void => {
    for (const { peer } of view()?.sources ?? []) {
      const link = engine.linkOf(peer)
      if (link.state === 'open') transports.set(peer, link.transport)
    }
  }

  const settle = async (next: DownloadRecord): Promise<void> => {
    record = next
    await profile.downloads.put(next)
    over(running)
  }

  const fail = async (error: ShoalError): Promise<void> => {
    if (record.state !== 'running') return
    record = { ...record, ...counters(), state: 'failed', error: { code: error.code, message: error.message } }
    abort.abort(error)
    await holdings.remove(content, id)
    await store?.close()
    done.reject(error)
    events.send({ type: 'download', group: record.groupName, name: record.name, change: 'failed', detail: `${error.code}: ${error.message}` })
    await settle(record)
  }
  const asShoalError = (error: unknown): ShoalError => ShoalError.is(error) ? error : new ShoalError('BUG', `The download of ${record.name} failed: ${String(error)}. Please report it.`, { cause: error })

  /** Again and again while the disk is full; the reason shows in the status. */
  const whileFull = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        const result = await work()
        stall = undefined
        return result
      } catch (error) {
        if (!ShoalError.is(error, 'STORAGE_FULL') || signal.aborted) throw error
        stall = `waiting: ${error.message}`
        await new Promise<void>(resolve => {
          const timer = setTimeout(end, retryMs)
          function end (): void { clearTimeout(timer); signal.removeEventListener('abort', end); resolve() }
          signal.addEventListener('abort', end)
        })
        signal.throwIfAborted()
      }
    }
  }

  /** Pieces that a power cut may have lost are read and hashed again: never fetched for nothing, never believed. */
  const settleDoubts = async (opened: Store): Promise<void> => {
    const hashes = await opened.hashes()
    for (const piece of bitfield(pieceCount(manifest), opened.have().doubtful)) {
      signal.throwIfAborted()
      const bytes = pieceBytes(manifest, piece)
      const expected = hashes?.subarray(piece * integrity.hashBytes, (piece + 1) * integrity.hashBytes)
      const parts = [await opened.read(piece, 0, bytes)]
      hashedBytes += bytes
      if (expected !== undefined && await integrity.verify(manifest, piece, expected, parts)) await opened.write(piece, parts)
      else await opened.forget(piece)
    }
  }

  const countHave = (opened: Store): number => {
    let bytes = 0
    for (const piece of bitfield(pieceCount(manifest), opened.have().sure)) bytes += pieceBytes(manifest, piece)
    return bytes
  }

  const copyFrom = async (from: Store, to: Store): Promise<void> => {
    await whileFull(() => copyPieces({ manifest, integrity, from, to, signal }))
    haveBytes = countHave(to)
    await finish()
  }

  const start = async (): Promise<void> => {
    const opened = await whileFull(() => storage.open(manifest, { folder: record.folder, name: record.fileName, overwrite: record.overwrite }, signal))
    store = opened
    await whileFull(() => opened.reserve())
    await settleDoubts(opened)
    haveBytes = resumedBytes = countHave(opened)
    const local = holdings.source(content, id)
    const role = await holdings.add(content, { manifest, integrity }, { id, group: record.group, store: opened, complete: false })
    if (signal.aborted) return
    if (role === 'other' && local !== undefined) await copyFrom(local.store, opened)
    else if (role === 'primary' && haveBytes === manifest.length) await finish()
  }

  /** Durable, renamed, checked as the file that it is now, and served from there. */
  const finish = async (): Promise<void> => {
    if (finishing || store === undefined || record.state !== 'running') return
    finishing = true
    const partial = store
    const hashes = await partial.hashes() ?? new Uint8Array()
    if (record.combined !== undefined && integrity.combined !== undefined && integrity.combined(hashes) !== record.combined) {
      throw new ShoalError('INTEGRITY', `The combined hash of "${record.name}" is not the listed ${record.combined}. Tell who shares it: the listing is wrong.`)
    }
    const path = await whileFull(() => partial.finish())
    const identity: FileIdentity = (await inspect(path)).identity
    const served = await storage.open(manifest, { existing: path, identity }, ended)
    noteTransports()
    const last = counters()
    carried = { fetched: carried.fetched + (view()?.fetchedBytes ?? 0), wasted: carried.wasted + (view()?.wastedBytes ?? 0) }
    holdings.complete(content, id, served)
    store = served
    await partial.close()
    await settle({ ...record, ...last, haveBytes: manifest.length, state: 'complete', finishedPath: path, identity })
    done.resolve(path)
    events.send({ type: 'download', group: record.groupName, name: record.name, change: 'complete', detail: path })
  }
  const guarded = (work: Promise<void>): void => {
    work.catch(async (error: unknown) => {
      if (signal.aborted && record.state === 'running') return // suspended: the record says how far it came
      await fail(asShoalError(error))
    }).catch((error: unknown) => { house.log(`A failed download could not be recorded: ${String(error)}`) })
  }

  const running: Running = {
    get record () { return record },
    finished: done.promise,
    status () {
      const now = counters()
      const complete = record.state === 'complete'
      const shown = record.state === 'running' ? now : record
      const sources = view()?.sources ?? []
      noteTransports()
      const waiting = record.state !== 'running' ? undefined : stall ?? (isWaiting() ? `waiting for a source${waitReason === undefined ? '' : `: ${waitReason}`}` : undefined)
      return {
        group: record.groupName, name: record.name, content, path: record.finishedPath ?? `${record.folder}/${record.fileName}`, state: record.state,
        length: manifest.length, haveBytes: complete ? manifest.length : shown.haveBytes, fetchedBytes: shown.fetchedBytes, resumedBytes: shown.resumedBytes,
        hashedBytes: shown.hashedBytes, wastedBytes: shown.wastedBytes, bytesByPeer: shown.bytesByPeer, rate: record.state === 'running' ? meter.rate(performance.now()) : 0,
        sources: record.state === 'running' ? sources.length : 0,
        transports: [...new Set(record.state === 'running' ? sources.map(({ peer }) => transports.get(peer) ?? '').filter(name => name !== '') : [])],
        startedAt: record.startedAt,
        ...(complete ? { seconds: record.activeMs / 1000 } : {}),
        ...(waiting === undefined ? {} : { waiting }),
        ...(record.error === undefined ? {} : { error: record.error })
      }
    },
    pieceStored (piece) {
      const bytes = pieceBytes(manifest, piece)
      haveBytes += bytes
      meter.add(bytes, performance.now())
      noteTransports()
    },
    complete () { guarded(finish()) },
    stalled (code) { stall = code === undefined ? undefined : `waiting: the disk is full (${code}). Free space on ${record.folder}: it goes on by itself` },
    failed (error) { guarded(fail(error)) },
    promoted () {
      const from = holdings.source(content, id)
      if (from !== undefined && store !== undefined) guarded(copyFrom(from.store, store))
    },
    away (reason) { waitReason = reason },
    save,
    async suspend () {
      const last = { ...record, ...counters() }
      const wasRunning = record.state === 'running'
      abort.abort(new ShoalError('STOPPED', `The download of ${record.name} is suspended. It goes on after the next login.`))
      if (wasRunning) {
        await profile.downloads.put(last)
        done.reject(new ShoalError('STOPPED', `The download of ${record.name} was suspended. Log in again: it goes on.`))
      }
      activeSince = performance.now()
      await store?.close()
    },
    async discard () {
      abort.abort(new ShoalError('INTERRUPTED', `The download of ${record.name} was cancelled.`))
      const wasRunning = record.state === 'running'
      await holdings.remove(content, id)
      if (wasRunning) {
        await store?.discard()
        done.reject(new ShoalError('INTERRUPTED', `The download of ${record.name} was cancelled.`))
      } else await store?.close()
      await profile.downloads.delete(record.user, record.id)
    }
  }

  if (record.state === 'running') guarded(start())
  return running
}
