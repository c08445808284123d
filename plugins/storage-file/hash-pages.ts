/**
 * The proved piece hashes of contents, one file for each, in pages with a checksum each: a page that was cut or damaged counts as missing. They are shared by
 * all stores of a content, and kept after a download because the finished file is shared then. Owns those files; sweep.ts removes old ones.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { join } from 'node:path'
import { assert, byteWriter, concatBytes, equalBytes, fromHex, hashPage, pieceCount } from 'shoal/plugin'
import type { Manifest } from 'shoal/plugin'
import type { Descriptor, Descriptors } from './descriptors.ts'
import { codeOf } from './failure.ts'
import { readUpTo, writeWhole } from './file-io.ts'
import type { Ground } from './ground.ts'
import { manifestKey } from './names.ts'

export interface HashPages {
  read (): Promise<Uint8Array | undefined>
  write (at: number, bytes: Uint8Array, total: number): Promise<void>
  sync (): Promise<void>
  close (): Promise<void>
}

const format = 1
const checksumBytes = 8
const headerBytes = 64
const touchAfterMs = 24 * 60 * 60 * 1000

const checksum = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest().subarray(0, checksumBytes)
}

/** Format, key of the manifest, bytes of the whole layer; then zeros and a checksum. */
const headerOf = (key: string, total: number): Uint8Array => {
  const body = byteWriter(headerBytes).u8(format).raw(fromHex(key)).u64(total).raw(new Uint8Array(headerBytes - checksumBytes - 41)).finish()
  return concatBytes(body, checksum(body))
}

/** Bytes of a full page of a layer. */
const pageBytesOf = (manifest: Manifest, total: number): number => total / pieceCount(manifest) * hashPage

const numbered = (page: number): Uint8Array => byteWriter(8).u64(page).finish()

/** A page as it lies in the file: checksum, then hashes. */
const slots = (at: number, bytes: Uint8Array, pageBytes: number): readonly Uint8Array[] => {
  const found: Uint8Array[] = []
  for (let from = 0; from < bytes.byteLength; from += pageBytes) {
    const page = bytes.subarray(from, from + pageBytes)
    found.push(checksum(numbered((at + from) / pageBytes), page), page)
  }
  return found
}

const parse = (file: Uint8Array, key: string, manifest: Manifest): Uint8Array | undefined => {
  if (file.byteLength < headerBytes) return undefined
  const total = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(33))
  if (!Number.isSafeInteger(total) || !equalBytes(file.subarray(0, headerBytes), headerOf(key, total))) return undefined
  const pageBytes = pageBytesOf(manifest, total)
  const layer = new Uint8Array(total)
  let kept = false
  for (let page = 0; page * pageBytes < total; page++) {
    const from = headerBytes + page * (checksumBytes + pageBytes)
    const bytes = file.subarray(from + checksumBytes, from + checksumBytes + Math.min(pageBytes, total - page * pageBytes))
    if (!equalBytes(file.subarray(from, from + checksumBytes), checksum(numbered(page), bytes))) continue
    layer.set(bytes, page * pageBytes)
    kept = true
  }
  return kept ? layer : undefined
}

/** @param folder none: pages are kept in memory, as long as a store of the content is open */
export const hashPages = (files: Descriptors, ground: Ground, folder: string | undefined): ((manifest: Manifest) => HashPages) => {
  interface Shared { users: number, readonly pages: HashPages }
  const open = new Map<string, Shared>()

  return manifest => {
    const key = manifestKey(manifest)
    const shared = open.get(key) ?? { users: 0, pages: folder === undefined ? pagesInMemory() : pagesInFile(files, ground, join(folder, `${key}.hashes`), key, manifest) }
    open.set(key, shared)
    shared.users++
    let closed = false
    return {
      ...shared.pages,
      async close () {
        if (closed) return
        closed = true
        if (--shared.users > 0) return
        open.delete(key)
        await shared.pages.close()
      }
    }
  }
}

const pagesInMemory = (): HashPages => {
  let layer: Uint8Array | undefined
  const nothing = async (): Promise<void> => Promise.resolve()
  return {
    read: async () => Promise.resolve(layer?.slice()),
    async write (at, bytes, total) {
      layer ??= new Uint8Array(total)
      layer.set(bytes, at)
      return Promise.resolve()
    },
    sync: nothing,
    close: nothing
  }
}

const pagesInFile = (files: Descriptors, ground: Ground, path: string, key: string, manifest: Manifest): HashPages => {
  const opened = (flags: number): Descriptor => files.file(async () => ground.open(path, flags | constants.O_NOFOLLOW, 0o600))
  /** Reading makes no file. */
  const reader = opened(constants.O_RDONLY)
  let writer: Descriptor | undefined
  let beginning: Promise<void> | undefined

  /** The header is right before the first page is written; what was behind another one is cut off. */
  const begin = async (file: Descriptor, total: number): Promise<void> => file.use(async handle => {
    const header = headerOf(key, total)
    if (equalBytes(await readUpTo(handle, headerBytes, 0), header)) return
    await handle.truncate(0)
    await writeWhole(handle, [header], 0)
  })

  return {
    async read () {
      try {
        return await reader.use(async handle => {
          const { size, mtimeMs } = await handle.stat()
          const now = ground.now()
          if (now - mtimeMs > touchAfterMs) await handle.utimes(now / 1000, now / 1000)
          return parse(await readUpTo(handle, size, 0), key, manifest)
        })
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw error
      }
    },
    async write (at, bytes, total) {
      if (bytes.byteLength === 0) return
      const pageBytes = pageBytesOf(manifest, total)
      assert(Number.isInteger(pageBytes) && at % pageBytes === 0 && (bytes.byteLength % pageBytes === 0 || at + bytes.byteLength === total) && at + bytes.byteLength <= total,
        'piece hashes are kept in whole pages')
      const file = writer ??= opened(constants.O_RDWR | constants.O_CREAT)
      beginning ??= begin(file, total)
      try { await beginning } catch (error) {
        beginning = undefined
        throw error
      }
      await file.use(async handle => writeWhole(handle, slots(at, bytes, pageBytes), headerBytes + at / pageBytes * (checksumBytes + pageBytes)))
    },
    async sync () { await writer?.use(async handle => handle.datasync()) },
    async close () {
      await reader.close()
      await writer?.close()
    }
  }
}
