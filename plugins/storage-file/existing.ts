/**
 * A complete file of the user, shared where it lies: only ever read, and only as long as it is the file that was sealed. Owns that watch; a change is
 * noticed by inode, size and times, after the bytes were read and before they are given out.
 */
import { constants } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { assert, bitfield, fullBitfield, pieceBytes, pieceCount, ShoalError } from 'shoal/plugin'
import type { FileIdentity, Manifest, Store } from 'shoal/plugin'
import type { Descriptors } from './descriptors.ts'
import { attempt, codeOf, failure, quoted } from './failure.ts'
import { readUpTo } from './file-io.ts'
import type { Ground } from './ground.ts'
import type { HashPages } from './hash-pages.ts'
import { checkSame, identityOf } from './identity.ts'

/** How often the path is looked at; the open file is looked at after every read. */
const pathEveryMs = 250

const changed = (path: string, how: string): ShoalError =>
  new ShoalError('SOURCE_CHANGED', `${quoted(path)} changed after it was shared: ${how}. Share it again with --replace.`)

const identityAt = async (path: string): Promise<FileIdentity> => {
  const facts = await stat(path, { bigint: true })
  if (!facts.isFile()) throw new ShoalError('NOT_A_FILE', `${quoted(path)} is ${facts.isDirectory() ? 'a folder' : 'no regular file'}. Give the path of a regular file.`)
  return identityOf(facts)
}

/** Runs `check`; calls that come while one runs share the next one, so that it begins after each of them. */
const shared = (check: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const begin = async (): Promise<void> => {
    running = check().finally(() => { running = undefined })
    await running
  }
  return async () => {
    if (running === undefined) return begin()
    next ??= running.catch(() => { /* told to those who waited for it */ }).then(async () => {
      next = undefined
      await begin()
    })
    return next
  }
}

export interface ExistingOptions {
  readonly manifest: Manifest
  readonly path: string
  readonly identity: FileIdentity | undefined
  readonly files: Descriptors
  readonly ground: Ground
  readonly pages: HashPages
}

/** @throws ShoalError FILE_NOT_FOUND, NOT_A_FILE, SOURCE_CHANGED, STORAGE_FAILED */
export const openExisting = async ({ manifest, path, identity, files, ground, pages }: ExistingOptions): Promise<Store> => {
  const found = await identityAt(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') throw new ShoalError('FILE_NOT_FOUND', `There is no file ${quoted(path)}. Bring it back, or stop sharing it.`, { cause: error })
    throw failure(error, 'read', path)
  })
  if (found.size !== manifest.length) throw changed(path, `it has ${found.size} bytes, not ${manifest.length}`)
  const then = identity ?? found
  checkSame(path, found, then)

  const checkHandle = async (handle: FileHandle): Promise<void> => { checkSame(path, identityOf(await handle.stat({ bigint: true })), then) }
  const file = files.file(async () => {
    // O_NONBLOCK: opening must not wait for the other end, should it have become a pipe
    const handle = await ground.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try { await checkHandle(handle) } catch (error) {
      await handle.close()
      throw error
    }
    return handle
  })
  let pathSeenAt = ground.now()
  const checkPath = async (): Promise<void> => {
    if (ground.now() - pathSeenAt < pathEveryMs) return
    try { checkSame(path, await identityAt(path), then) } catch (error) {
      throw ShoalError.is(error, 'SOURCE_CHANGED') ? error : changed(path, 'it is not there any more')
    }
    pathSeenAt = ground.now()
  }
  const check = shared(async () => {
    await file.use(checkHandle)
    await checkPath()
  })
  await attempt('read', path, async () => file.use(checkHandle))

  const readOnly = async (what: string): Promise<never> => {
    assert(false, `a shared file is never ${what}`)
    return Promise.reject(new Error(what))
  }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => closing ??= (async () => {
    await file.close()
    await attempt('keep the piece hashes of', path, async () => pages.sync()).finally(async () => pages.close())
  })()

  return {
    have: () => ({ sure: fullBitfield(pieceCount(manifest)).bytes(), doubtful: bitfield(pieceCount(manifest)).bytes() }),
    reserve: async () => Promise.resolve(),
    async read (piece, offset, length) {
      assert(piece < pieceCount(manifest) && offset >= 0 && length >= 0 && offset + length <= pieceBytes(manifest, piece), 'a read lies within its piece')
      return attempt(`read piece ${piece} of`, path, async () => {
        const bytes = await file.use(async handle => readUpTo(handle, length, piece * manifest.pieceLength + offset))
        await check()
        if (bytes.byteLength !== length) throw changed(path, 'it ends earlier')
        return bytes
      })
    },
    write: async () => readOnly('written'),
    forget: async () => readOnly('forgotten in part'),
    hashes: async () => attempt('read the piece hashes of', path, async () => pages.read()),
    writeHashes: async (at, bytes, total) => attempt('keep the piece hashes of', path, async () => pages.write(at, bytes, total)),
    flush: async () => attempt('keep the piece hashes of', path, async () => pages.sync()),
    async finish () {
      await close()
      return path
    },
    discard: close,
    close
  }
}
