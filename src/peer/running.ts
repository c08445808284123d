/**
 * One download, from its record to its finished file: opened, checked, fetched (or copied from a store that has it), finished, served. Its steps follow each
 * other, never overlap: whatever ends it waits for the step under way. Owns the record; its sums are counting.ts, and what is asked of whom is the session's.
 */
import { pieceBytes, sameFile, ShoalError } from '../contract/index.ts'
import type { DownloadStatus, Integrity, Manifest, PieceIndex, Store } from '../contract/index.ts'
import type { DownloadRecord } from '../profile/index.ts'
import { copyPieces } from './copying.ts'
import { createCounting } from './counting.ts'
import { settleDoubts, sureBytes } from './doubts.ts'
import { downloadStatus } from './download-status.ts'
import type { Use } from './holdings.ts'
import type { House } from './house.ts'
import { createMeter } from './meter.ts'
import { createPatience } from './patience.ts'

export interface Running {
  readonly record: DownloadRecord
  readonly finished: Promise<string>
  /** Whether it can run: its scheme is here. */
  readonly isAble: boolean
  status (): DownloadStatus
  /** From the engine. */
  pieceStored (piece: PieceIndex): void
  /** All pieces are stored. */
  complete (): void
  stalled (code: string | undefined): void
  failed (error: ShoalError): void
  /** Why nothing comes, as far as the tracker knows; undefined: something does. */
  away (reason: string | undefined): void
  /** Writes the counters to the record, if they changed. */
  save (): Promise<void>
  /** Of a complete one: its file goes on being a source, as long as it is the one that was verified. */
  serve (): Promise<void>
  /** Of a complete one: it is a source no longer. */
  rest (): Promise<void>
  /** Ends it here; its record and its partial file stay. */
  suspend (): Promise<void>
  /** Ends it and removes what it wrote. @returns false when it was over before: then nothing is removed */
  discard (): Promise<boolean>
}

export interface RunningOptions {
  readonly house: House
  /** Why it cannot run, if its scheme is not here: it then waits for a login that has it, and can be cancelled. */
  readonly integrity: Integrity | ShoalError
  /** Aborted at logout. */
  readonly ended: AbortSignal
}

/** A download, taken up if its record says that it runs. */
export const startDownload = (initial: DownloadRecord, { house, integrity: given, ended }: RunningOptions): Running => {
  const { engine, holdings, profile, events, storage, files } = house
  const { manifest, content, id } = initial
  const lacking = given instanceof ShoalError ? given : undefined
  const integrity = (): Integrity => {
    if (given instanceof ShoalError) throw given
    return given
  }
  const parts = (): { readonly manifest: Manifest, readonly integrity: Integrity } => ({ manifest, integrity: integrity() })
  const meter = createMeter()
  const done = Promise.withResolvers<string>()
  done.promise.catch(() => undefined) // nobody may be waiting
  const abort = new AbortController()
  const signal = AbortSignal.any([ended, abort.signal])
  const activeSince = performance.now()
  let record = initial
  let store: Store | undefined
  let haveBytes = initial.haveBytes
  let resumedBytes = 0
  let hashedBytes = initial.hashedBytes
  let saved = ''
  let waitReason: string | undefined
  let stall = lacking?.message.replace(/\.$/, '')
  /** The step under way, and those behind it. Never rejects. */
  let work: Promise<void> = Promise.resolve()

  const isOn = (): boolean => record.state === 'running' && !signal.aborted
  const view = (): ReturnType<typeof engine.view.transfer> => holdings.primary(content) === id ? engine.view.transfer(content) : undefined
  const counting = createCounting({ before: initial, view, userOf: engine.userOf, transportOf: engine.transportOf })
  const facts = (): DownloadRecord => ({
    ...record, ...counting.now(), haveBytes, resumedBytes, hashedBytes, activeMs: initial.activeMs + performance.now() - activeSince
  })
  const change = (to: 'complete' | 'failed' | 'waiting' | 'going', detail?: string): void => {
    events.send({ type: 'download', group: record.groupName, name: record.name, change: to, ...(detail === undefined ? {} : { detail }) })
  }
  const asShoalError = (error: unknown): ShoalError => ShoalError.is(error) ? error : new ShoalError('BUG', `The download of "${record.name}" failed: ${String(error)}. Please report it.`, { cause: error })
  const after = (next: () => Promise<void>): Promise<void> => {
    work = work.then(next).catch((error: unknown) => { house.log(`The download of "${record.name}": ${String(error)}`) })
    return work
  }

  const closeStore = async (): Promise<void> => {
    const closing = store
    store = undefined
    await closing?.close()
  }
  /** It is no source any more. */
  const rest = async (): Promise<void> => {
    await holdings.remove(content, id).finally(closeStore)
  }
  const fail = async (error: ShoalError): Promise<void> => {
    if (record.state !== 'running') return
    record = { ...facts(), state: 'failed', error: { code: error.code, message: error.message } }
    abort.abort(error)
    done.reject(error)
    change('failed', `${error.code}: ${error.message}`)
    try { await profile.downloads.put(record) } finally { await rest() }
  }
  /** A step that fails ends the download, unless it was told to end already. */
  const step = (run: () => Promise<void>): Promise<void> => after(async () => {
    if (!isOn()) return
    try { await run() } catch (error) {
      if (isOn()) await fail(asShoalError(error))
      else if (error !== signal.reason) throw error
    }
  })

  const whileFull = createPatience(signal, reason => { stall = reason })

  const copy = async (): Promise<void> => {
    const from = holdings.source(content, id)
    const to = store
    if (from === undefined || to === undefined) return
    const unreadable = (error: unknown): void => {
      house.log(`"${record.name}" is on this machine, but cannot be copied: ${String(error)}`)
      from.unreadable?.(asShoalError(error))
    }
    const isWhole = await whileFull(() => copyPieces({ ...parts(), from: from.store, to, signal, unreadable }))
    haveBytes = sureBytes(manifest, to)
    if (isWhole) await finish()
  }

  const start = async (): Promise<void> => {
    integrity().prepare?.()
    const opened = await whileFull(() => storage.open(manifest, { folder: record.folder, name: record.fileName, overwrite: record.overwrite }, signal))
    store = opened
    await whileFull(() => opened.reserve())
    await settleDoubts({ ...parts(), store: opened, signal, whileFull, hashed: bytes => { hashedBytes += bytes } })
    haveBytes = resumedBytes = sureBytes(manifest, opened)
    signal.throwIfAborted()
    const use: Use = { id, group: record.group, store: opened, complete: false, left: () => { counting.keep() }, supplied: () => { void step(copy) }, unreadable }
    if (await holdings.add(content, parts(), use) === 'other') await copy()
    else if (haveBytes === manifest.length) await finish()
  }

  /** Durable, renamed, checked as the file that it is now, and served from there. */
  const finish = async (): Promise<void> => {
    const partial = store
    if (partial === undefined || record.state !== 'running') return
    const hashes = await partial.hashes() ?? new Uint8Array()
    if (record.combined !== undefined && ![undefined, record.combined].includes(integrity().combined?.(hashes))) {
      throw new ShoalError('INTEGRITY', `The combined hash of "${record.name}" is not the listed ${record.combined}. Tell who shares it: the listing is wrong.`)
    }
    signal.throwIfAborted()
    const path = await whileFull(() => partial.finish())
    // it has its name: from here on it ends as complete, whoever wants something else meanwhile
    const { identity } = await files.inspect(path)
    record = { ...facts(), haveBytes: manifest.length, state: 'complete', finishedPath: path, identity }
    // the storage's receipt says the same to the next login
    await profile.downloads.put(record).catch((error: unknown) => { house.log(`That "${record.name}" is complete could not be recorded: ${String(error)}`) })
    done.resolve(path)
    change('complete', path)
    try {
      store = await storage.open(manifest, { existing: path, identity }, new AbortController().signal)
      await holdings.complete(content, id, store)
    } catch (error) {
      await rest()
      throw error
    } finally { await partial.close() }
  }

  const serve = async (): Promise<void> => {
    const { finishedPath, identity } = record
    if (finishedPath === undefined || identity === undefined || lacking !== undefined || signal.aborted) return
    if (!sameFile((await files.inspect(finishedPath)).identity, identity)) return
    store = await storage.open(manifest, { existing: finishedPath, identity }, signal)
    // without its hashes it can prove nothing
    if (await store.hashes() === undefined) { await closeStore(); return }
    await holdings.add(content, parts(), { id, group: record.group, store, complete: true, unreadable }).catch(async (error: unknown) => {
      await closeStore()
      throw error
    })
  }
  const unreadable = (error: ShoalError): void => {
    house.log(`"${record.finishedPath ?? record.fileName}" could not be read: ${error.message}`)
    if (record.state === 'complete') void after(rest)
  }

  let discarding: Promise<boolean> | undefined
  const discard = async (): Promise<boolean> => {
    const cancelled = new ShoalError('INTERRUPTED', `The download of "${record.name}" was cancelled.`)
    abort.abort(cancelled)
    await work
    if (record.state !== 'running') return false
    done.reject(cancelled)
    await holdings.remove(content, id)
    // ended before it was opened: what an earlier process left is removed, too
    const left = store ?? await storage.open(manifest, { folder: record.folder, name: record.fileName, overwrite: record.overwrite }, new AbortController().signal).catch(() => undefined)
    store = undefined
    await left?.discard()
    await profile.downloads.delete(record.user, record.id)
    return true
  }

  if (record.state === 'running' && lacking === undefined) void step(start)
  return {
    get record () { return record },
    finished: done.promise,
    isAble: lacking === undefined,
    status: () => record.state !== 'running'
      ? downloadStatus(record, undefined)
      : downloadStatus(facts(), { rate: meter.rate(performance.now()), sources: view()?.sources ?? [], stall, away: waitReason, transportOf: engine.transportOf }),
    pieceStored (piece) {
      const bytes = pieceBytes(manifest, piece)
      haveBytes += bytes
      meter.add(bytes, performance.now())
    },
    complete () { void step(finish) },
    stalled (code) { stall = code === undefined ? undefined : `the disk is full (${code}). Free space on ${record.folder}: it goes on by itself` },
    failed (error) {
      if (!isOn()) return
      abort.abort(error)
      void after(() => fail(error))
    },
    away (reason) {
      if (waitReason === undefined && reason !== undefined) change('waiting', stall ?? reason) // a full disk is why, whoever is online
      if (waitReason !== undefined && reason === undefined) change('going')
      waitReason = reason
    },
    async save () {
      if (!isOn()) return
      const now = facts()
      const told = [now.haveBytes, now.fetchedBytes, now.wastedBytes, now.hashedBytes].join(' ')
      if (told === saved) return
      saved = told
      await profile.downloads.put(now)
    },
    serve: () => after(serve),
    rest: () => after(rest),
    async suspend () {
      const stopping = new ShoalError('STOPPED', `The download of "${record.name}" was suspended. Log in again: it goes on.`)
      abort.abort(stopping)
      await work
      if (record.state === 'running') {
        const last = facts()
        if (holdings.primary(content) === id) engine.lay(content) // nothing that would not be counted comes any more
        done.reject(stopping)
        await profile.downloads.put(last)
      }
      await closeStore()
    },
    discard: () => discarding ??= discard()
  }
}
