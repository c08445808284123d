/**
 * Logs of groups, kept so that a login reads only what is new and members are known while no tracker answers. Append-only, in chunks: a value of the
 * State holds many entries. Owns keys and chunks; that entries are right was checked before they came here.
 */
import { byteReader, byteWriter, MalformedError, stateLimits } from '../contract/index.ts'
import type { Entry, GroupId, GroupLogs, Op, State } from '../contract/index.ts'
import { checkFormat, withFormat } from './value.ts'
import type { Damaged } from './value.ts'

/** Format byte and body fit a value of the State. */
const maxChunkBytes = stateLimits.valueBytes - 1
/** As many as a tracker gives at once: in entries of 4 KiB they are 63 chunks, and fit a transaction. */
const maxAtOnce = 1_000
const lengthBytes = 2

interface Head { readonly count: number, /** First entry of the last chunk. */ readonly last: number, readonly revision: number }

const headKey = (group: GroupId): string => `log-head/${group}`
const chunkPrefix = (group: GroupId): string => `log/${group}/`
const chunkKey = (group: GroupId, first: number): string => `${chunkPrefix(group)}${first.toString().padStart(12, '0')}`

const readHead = (entry: Entry | undefined): Head => {
  if (entry === undefined) return { count: 0, last: 0, revision: 0 }
  const reader = byteReader(checkFormat(entry.value))
  const head = { count: reader.u32(), last: reader.u32(), revision: entry.revision }
  reader.end()
  return head
}

const readChunk = (value: Uint8Array): Uint8Array[] => {
  const reader = byteReader(checkFormat(value))
  const entries: Uint8Array[] = []
  while (reader.left > 0) entries.push(reader.bytes16().slice())
  return entries
}

const chunkOf = (entries: readonly Uint8Array[]): Uint8Array => {
  const writer = byteWriter(1024)
  for (const entry of entries) writer.bytes16(entry)
  return withFormat(writer.finish())
}

export const groupLogs = (state: State, damaged: Damaged): GroupLogs => {
  const drop = async (group: GroupId): Promise<void> => {
    await state.txn([], [{ delete: headKey(group) }])
    for (;;) {
      const page = await state.list(chunkPrefix(group), { limit: stateLimits.ops })
      if (page.length === 0) return
      await state.txn([], page.map(({ key }) => ({ delete: key })))
    }
  }

  /** Damaged: forgotten, and read from the tracker again. */
  const orForget = async <T>(group: GroupId, read: () => Promise<T>, otherwise: T): Promise<T> => {
    try { return await read() } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      damaged(chunkPrefix(group), error.message)
      await drop(group)
      return otherwise
    }
  }

  const readAll = async (group: GroupId): Promise<readonly Uint8Array[]> => {
    const { count } = readHead(await state.get(headKey(group)))
    const entries: Uint8Array[] = []
    let after: string | undefined
    while (entries.length < count) {
      const page = await state.list(chunkPrefix(group), { limit: stateLimits.ops, ...(after === undefined ? {} : { after }) })
      for (const { key, value } of page) {
        if (key !== chunkKey(group, entries.length)) throw new MalformedError('A part of the log is missing.')
        entries.push(...readChunk(value))
      }
      after = page.at(-1)?.key
      if (after === undefined) break
    }
    if (entries.length !== count) throw new MalformedError(`The log has ${entries.length} entries, not ${count}.`)
    return entries
  }

  const lastChunk = async (group: GroupId, head: Head): Promise<Uint8Array[]> => {
    const entry = await state.get(chunkKey(group, head.last))
    const chunk = entry === undefined ? [] : readChunk(entry.value)
    if (head.last + chunk.length !== head.count) throw new MalformedError('The end of the log is missing.')
    return chunk
  }

  const extend = async (group: GroupId, from: number, added: readonly Uint8Array[]): Promise<boolean> => {
    const head = readHead(await state.get(headKey(group)))
    if (head.count !== from) return false
    let chunk = head.count === 0 ? [] : await lastChunk(group, head)
    let bytes = chunk.reduce((sum, entry) => sum + lengthBytes + entry.byteLength, 0)
    let first = head.last
    const ops: Op[] = []
    const close = (): void => { ops.push({ put: chunkKey(group, first), value: chunkOf(chunk) }) }
    for (const entry of added) {
      if (bytes + lengthBytes + entry.byteLength > maxChunkBytes) {
        close()
        first += chunk.length
        chunk = []
        bytes = 0
      }
      chunk.push(entry)
      bytes += lengthBytes + entry.byteLength
    }
    close()
    ops.push({ put: headKey(group), value: withFormat(byteWriter(8).u32(from + added.length).u32(first).finish()) })
    return (await state.txn([{ key: headKey(group), revision: head.revision }], ops)).ok
  }

  return {
    read: group => orForget(group, () => readAll(group), []),
    async append (group, from, entries) {
      let done = 0
      while (done < entries.length) {
        const part = entries.slice(done, done + maxAtOnce)
        if (!await orForget(group, () => extend(group, from + done, part), false)) return false
        done += part.length
      }
      return true
    },
    drop
  }
}
