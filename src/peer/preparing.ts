/** A file becomes what is shared: sealed by a scheme, in pieces of a length that its group can agree on. */
import { choosePieceLength, maxPieceBytes, minPieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { ContentId, Files, GroupId, Integrity, LocalFile, Manifest, Seal, ShareOptions, Store } from '../contract/index.ts'
import { contentId } from '../core/index.ts'
import type { ShareRecord } from '../profile/index.ts'
import { quoted } from './house.ts'
import type { Account } from './house.ts'
import { seal } from './sealing.ts'

export interface Preparing {
  /** @throws ShoalError BAD_OPTION */
  scheme (name: string): Integrity
  idOf (manifest: Manifest, integrity: Integrity): ContentId
  /** Sealed as asked for; or with the piece length that the group, or this peer in another group, already uses for this content: so that a second sharer joins its swarm. */
  sealFor (file: LocalFile, group: GroupId, name: string, integrity: Integrity, account: Account, options: ShareOptions): Promise<{ readonly manifest: Manifest, readonly seal: Seal }>
  /** Piece hashes that the store has lost (or never kept, without a home) are made again from the file. */
  mendHashes (record: ShareRecord, store: Store, signal: AbortSignal): Promise<void>
}

/** @param held how a content is cut that is here already */
export const createPreparing = (files: Files, integrities: ReadonlyMap<string, Integrity>, held: (content: ContentId) => Manifest | undefined): Preparing => {
  const scheme = (name: string): Integrity => {
    const integrity = integrities.get(name)
    if (integrity !== undefined) return integrity
    throw new ShoalError('BAD_OPTION', `There is no integrity scheme ${quoted(name)} here. There are: ${[...integrities.keys()].join(', ')}.`)
  }
  const checkPieceSize = (bytes: number): number => {
    if (Number.isInteger(Math.log2(bytes)) && bytes >= minPieceBytes && bytes <= maxPieceBytes) return bytes
    throw new ShoalError('BAD_OPTION', `A piece of ${bytes} bytes cannot be. Choose a power of two of 16 KiB … 16 MiB.`)
  }
  const idOf = (manifest: Manifest, integrity: Integrity): ContentId => contentId(manifest, integrity)

  const sealFor = async (file: LocalFile, group: GroupId, name: string, integrity: Integrity, account: Account, options: ShareOptions): Promise<{ manifest: Manifest, seal: Seal }> => {
    const pieceLength = options.pieceSize === undefined ? choosePieceLength(file.identity.size) : checkPieceSize(options.pieceSize)
    const ways = { files, integrity, signal: options.signal, progress: options.progress }
    const sealed = await seal(file, { ...ways, pieceLength })
    const [entry] = await account.session.files(group, { name, ...(options.signal === undefined ? {} : { signal: options.signal }) })
    const id = idOf(sealed.manifest, integrity)
    const listed = entry?.versions.find(version => version.content === id)?.manifest ?? held(id)
    return listed === undefined || listed.pieceLength === sealed.manifest.pieceLength ? sealed : seal(file, { ...ways, pieceLength: listed.pieceLength })
  }

  const mendHashes = async (record: ShareRecord, store: Store, signal: AbortSignal): Promise<void> => {
    if (pieceCount(record.manifest) === 0 || await store.hashes() !== undefined) return
    const integrity = scheme(record.manifest.scheme)
    const { seal: { root, hashes } } = await seal(await files.inspect(record.path), { files, integrity, pieceLength: record.manifest.pieceLength, signal })
    if (root !== record.manifest.root) throw new ShoalError('SOURCE_CHANGED', `"${record.path}" is not what was shared any more. Share it again with --replace.`)
    await store.writeHashes(0, hashes, hashes.byteLength)
  }

  return { scheme, idOf, sealFor, mendHashes }
}
