/** A complete file of the origin, read where it lies. Owns noticing that it is not the one any more. */
import { assert, bitfield, fullBitfield, pieceBytes, pieceCount, ShoalError } from 'shoal/plugin'
import type { FileIdentity, Manifest, PieceIndex, Store } from 'shoal/plugin'
import type { HashPages } from './hash-pages.ts'
import { attempt, fileAt, isMissing, isUnreadable, quoted } from './origin.ts'
import type { Snapshot } from './origin.ts'

/** There are no inodes, and times are of a millisecond. */
export const identityOf = ({ size, lastModified }: Snapshot): FileIdentity => ({ inode: '', size, mtime: String(lastModified * 1_000_000), ctime: '' })

const isSame = (a: FileIdentity, b: FileIdentity): boolean => a.size === b.size && a.mtime === b.mtime

const changed = (path: string): ShoalError => new ShoalError('SOURCE_CHANGED', `${quoted(path)} changed after it was shared. Share it again with --replace.`)

export interface Reader { read (piece: PieceIndex, offset: number, length: number): Promise<Uint8Array> }

/** @param identity what the file must be @throws ShoalError FILE_NOT_FOUND, SOURCE_CHANGED */
export const openReader = async (manifest: Manifest, path: string, parts: readonly string[], identity: FileIdentity | undefined): Promise<Reader> => {
  const look = async (): Promise<Snapshot> => {
    const file = await attempt('find', path, async () => fileAt(parts))
    if (file === undefined) throw new ShoalError('FILE_NOT_FOUND', `There is no file ${quoted(path)} on this page. Check the path.`)
    return attempt('look at', path, async () => file.getFile().catch((error: unknown) => { throw isMissing(error) ? changed(path) : error }))
  }
  const first = identityOf(await look())
  if (first.size !== manifest.length || (identity !== undefined && !isSame(first, identity))) throw changed(path)
  return {
    async read (piece, offset, length) {
      assert(piece >= 0 && piece < pieceCount(manifest) && offset >= 0 && length >= 0 && offset + length <= pieceBytes(manifest, piece), 'a read lies within its piece')
      const file = await look()
      if (!isSame(identityOf(file), first)) throw changed(path)
      const at = piece * manifest.pieceLength + offset
      return new Uint8Array(await attempt('read', path, async () =>
        file.slice(at, at + length).arrayBuffer().catch((error: unknown) => { throw isUnreadable(error) || isMissing(error) ? changed(path) : error })))
    }
  }
}

interface ExistingOptions { readonly manifest: Manifest, readonly key: Uint8Array, readonly path: string, readonly reader: Reader, readonly pages: HashPages }

export const existingStore = ({ manifest, key, path, reader, pages }: ExistingOptions): Store => {
  let closed = false
  const live = (): void => { if (closed) throw new ShoalError('STOPPED', `${quoted(path)} was closed. Nothing needs to be done.`) }
  const never = async (what: string): Promise<never> => {
    assert(false, what)
    return Promise.reject(new Error(what))
  }
  const close = async (): Promise<void> => {
    closed = true
    return Promise.resolve()
  }
  return {
    have: () => ({ sure: fullBitfield(pieceCount(manifest)).bytes(), doubtful: bitfield(pieceCount(manifest)).bytes() }),
    reserve: async () => Promise.resolve(),
    async read (piece, offset, length) {
      live()
      return reader.read(piece, offset, length)
    },
    write: async () => never('a shared file is never written'),
    forget: async () => never('a shared file is never forgotten in part'),
    hashes: async () => pages.read(key),
    writeHashes: async (at, bytes, total) => pages.write(key, at, bytes, total),
    flush: async () => Promise.resolve(),
    finish: async () => Promise.resolve(path),
    discard: close,
    close
  }
}
