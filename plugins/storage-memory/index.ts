/** Storage in the memory of one process: for tests, examples and browsers. Owns what is begun; finished files go into the map of the one who made it. */
import { assert, bitfield, definePlugin, fullBitfield, integerOption, knownOptions, pieceBytes, pieceCount, ShoalError } from 'shoal/plugin'
import type { Bitfield, Manifest, PieceIndex, Storage, Store } from 'shoal/plugin'

export interface MemoryStorageOptions {
  /** Files by path: what `existing` places name, and where finished downloads appear as `folder/name`. A file is taken as it is, not copied. @default none */
  readonly files?: Map<string, Uint8Array>
  /** Most bytes of pieces kept in unfinished downloads together. @default no limit */
  readonly limitBytes?: number
}

/** A download, kept as long as the storage lives, open or not. */
interface Begun {
  readonly manifest: Manifest
  readonly pieces: Map<PieceIndex, Uint8Array>
  readonly had: Bitfield
  isOpen: boolean
}

const keyOf = ({ scheme, coding, root, length, pieceLength }: Manifest): string => [scheme, coding, root, length, pieceLength].join(' ')

/** Joined as a path, whatever the system: this storage has no other paths. */
const pathOf = (folder: string, name: string): string => `${folder.replace(/\/+$/, '')}/${name}`

const checkName = (name: string): void => {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\\p{Cc}]/u.test(name)) return
  throw new ShoalError('STORAGE_FAILED', `Cannot save a file under the name ${JSON.stringify(name)}: it would leave its folder or cannot be shown. Give another name.`)
}

export const memoryStorage = (options: MemoryStorageOptions): Storage => {
  knownOptions('storage-memory', options, ['files', 'limitBytes'])
  const files = options.files ?? new Map<string, Uint8Array>()
  const limitBytes = integerOption('storage-memory', 'limitBytes', options.limitBytes, { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: Number.MAX_SAFE_INTEGER })
  const begun = new Map<string, Begun>()
  const layers = new Map<string, Uint8Array>()
  let keptBytes = 0

  /** What every store has, whatever its place. */
  const layer = (manifest: Manifest): Pick<Store, 'hashes' | 'writeHashes'> => ({
    hashes: async () => Promise.resolve(layers.get(keyOf(manifest))?.slice()),
    async writeHashes (at, bytes, total) {
      const whole = layers.get(keyOf(manifest)) ?? new Uint8Array(total)
      whole.set(bytes, at)
      if (bytes.byteLength > 0) layers.set(keyOf(manifest), whole)
      return Promise.resolve()
    }
  })
  const never = async (what: string): Promise<never> => {
    assert(false, what)
    return Promise.reject(new Error(what))
  }
  const checkRange = (manifest: Manifest, piece: PieceIndex, offset: number, length: number): void => {
    assert(piece < pieceCount(manifest) && offset >= 0 && length >= 0 && offset + length <= pieceBytes(manifest, piece), 'a read lies within its piece')
  }
  const stopped = (path: string): ShoalError => new ShoalError('STOPPED', `${JSON.stringify(path)} was closed. Nothing needs to be done.`)

  const existing = (manifest: Manifest, path: string): Store => {
    const file = files.get(path)
    if (file === undefined) throw new ShoalError('FILE_NOT_FOUND', `There is no file ${JSON.stringify(path)} in memory. Put it into the map \`files\`.`)
    const changed = (): ShoalError => new ShoalError('SOURCE_CHANGED', `${JSON.stringify(path)} changed after it was shared. Share it again with --replace.`)
    if (file.byteLength !== manifest.length) throw changed()
    let closed = false
    const close = async (): Promise<void> => {
      closed = true
      return Promise.resolve()
    }
    return {
      ...layer(manifest),
      have: () => ({ sure: fullBitfield(pieceCount(manifest)).bytes(), doubtful: bitfield(pieceCount(manifest)).bytes() }),
      reserve: async () => Promise.resolve(),
      async read (piece, offset, length) {
        checkRange(manifest, piece, offset, length)
        if (closed) throw stopped(path)
        if (files.get(path) !== file) throw changed()
        const at = piece * manifest.pieceLength + offset
        return Promise.resolve(file.slice(at, at + length))
      },
      write: async () => never('a shared file is never written'),
      forget: async () => never('a shared file is never forgotten in part'),
      flush: async () => Promise.resolve(),
      async finish () {
        await close()
        return path
      },
      discard: close,
      close
    }
  }

  const take = (path: string, manifest: Manifest): Begun => {
    const found = begun.get(path)
    assert(found?.isOpen !== true, 'a place has one open store')
    if (found !== undefined && keyOf(found.manifest) === keyOf(manifest)) {
      found.isOpen = true
      return found
    }
    if (found !== undefined) drop(path, found)
    const fresh: Begun = { manifest, pieces: new Map(), had: bitfield(pieceCount(manifest)), isOpen: true }
    begun.set(path, fresh)
    return fresh
  }
  const drop = (path: string, { pieces }: Begun): void => {
    for (const { byteLength } of pieces.values()) keptBytes -= byteLength
    pieces.clear()
    begun.delete(path)
  }
  const checkRoom = (path: string, bytes: number): void => {
    if (keptBytes + bytes <= limitBytes) return
    throw new ShoalError('STORAGE_FULL', `Cannot keep ${bytes} bytes more of ${JSON.stringify(path)}: limitBytes is ${limitBytes}, ${keptBytes} are used. Raise it, or finish other downloads.`)
  }

  const download = (manifest: Manifest, path: string, overwrite: boolean): Store => {
    const exists = (): ShoalError => new ShoalError('FILE_EXISTS', `${JSON.stringify(path)} exists in memory. Choose another destination, or use --overwrite.`)
    if (files.has(path) && !overwrite) throw exists()
    const state = take(path, manifest)
    const { pieces, had } = state
    let closed = false
    let finished = false
    const live = (): void => { if (closed) throw stopped(path) }
    const close = async (): Promise<void> => {
      if (!closed) state.isOpen = false
      closed = true
      return Promise.resolve()
    }
    return {
      ...layer(manifest),
      have: () => ({ sure: had.bytes(), doubtful: bitfield(pieceCount(manifest)).bytes() }),
      async reserve () {
        live()
        let owed = manifest.length
        for (const { byteLength } of pieces.values()) owed -= byteLength
        if (!finished) checkRoom(path, owed)
        return Promise.resolve()
      },
      async read (piece, offset, length) {
        live()
        checkRange(manifest, piece, offset, length)
        const bytes = pieces.get(piece)
        assert(bytes !== undefined, `piece ${piece} is there`)
        return Promise.resolve(bytes.slice(offset, offset + length))
      },
      async write (piece, parts) {
        live()
        const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
        assert(piece < pieceCount(manifest) && length === pieceBytes(manifest, piece), `piece ${piece} is written whole`)
        const before = pieces.get(piece)?.byteLength ?? 0
        checkRoom(path, length - before)
        const bytes = new Uint8Array(length)
        let at = 0
        for (const part of parts) {
          bytes.set(part, at)
          at += part.byteLength
        }
        keptBytes += length - before
        pieces.set(piece, bytes)
        had.add(piece)
        return Promise.resolve()
      },
      async forget (piece) {
        live()
        keptBytes -= pieces.get(piece)?.byteLength ?? 0
        pieces.delete(piece)
        had.delete(piece)
        return Promise.resolve()
      },
      flush: async () => Promise.resolve(),
      async finish () {
        if (finished) return path
        live()
        assert(had.count === pieceCount(manifest), 'a download is finished when it has every piece')
        if (files.has(path) && !overwrite) throw exists()
        const whole = new Uint8Array(manifest.length)
        for (const [piece, bytes] of pieces) whole.set(bytes, piece * manifest.pieceLength)
        files.set(path, whole)
        finished = true
        // reads go on from the finished bytes until it is closed
        for (const [piece, { byteLength }] of pieces) {
          keptBytes -= byteLength
          pieces.set(piece, whole.subarray(piece * manifest.pieceLength, piece * manifest.pieceLength + byteLength))
        }
        begun.delete(path)
        return Promise.resolve(path)
      },
      async discard () {
        await close()
        if (!finished && begun.get(path) === state) drop(path, state)
      },
      close
    }
  }

  return {
    async open (manifest, place, signal) {
      signal.throwIfAborted()
      if ('existing' in place) return Promise.resolve(existing(manifest, place.existing))
      checkName(place.name)
      return Promise.resolve(download(manifest, pathOf(place.folder, place.name), place.overwrite ?? false))
    }
  }
}

export default definePlugin('storage', 'memory', (options: MemoryStorageOptions) => memoryStorage(options))
