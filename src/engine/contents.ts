/**
 * The contents that are taken up, and what the session orders to be done with them: verify, store, load, prove, page. Owns the piece layers in memory;
 * decides nothing.
 */
import { assert, bitfield, hashPage, pieceCount, ShoalError } from '../contract/index.ts'
import type { ContentId, ErrorCode, Integrity, Manifest, PieceIndex, Store } from '../contract/index.ts'
import type { BlockPool } from './block-pool.ts'
import type { Effect, Input } from '../core/io.ts'

/** A content with the ports it lives on. */
export interface Held {
  readonly manifest: Manifest
  readonly integrity: Integrity
  store: Store
  /** The piece layer, zeros where a page is missing. */
  readonly hashes: Uint8Array
  /**
   * Proofs by first piece: as they came, or computed once the layer is whole. A peer that misses other pages can so pass on those that it has.
   * At most one per page, about 32 bytes x log2(pages) each.
   */
  readonly proofs: Map<PieceIndex, Uint8Array>
}

type ContentEffect = Extract<Effect, { type: 'prove' | 'verify' | 'store' | 'load' | 'page' }>

export interface Contents {
  /** Loads what the store keeps of the piece layer. @returns the pages that are there, packed */
  take (content: ContentId, held: Omit<Held, 'hashes' | 'proofs'>): Promise<Uint8Array>
  /** From now on that store is read and written. Both hold the same verified pieces, or the new one more. */
  swap (content: ContentId, store: Store): void
  lay (content: ContentId): void
  get (content: ContentId): Held | undefined
  perform (effect: ContentEffect): void
}

export interface ContentsOptions {
  /** Takes back the memory of blocks that are stored. */
  readonly blocks?: BlockPool
  input (input: Input): void
  /** A store, or the piece layer that it kept, could not be read: the user must know. */
  unreadable (content: ContentId, error: unknown): void
  /** Verifying failed, which says nothing about the data. */
  broken (content: ContentId, error: unknown): void
}

const pageCount = (manifest: Manifest): number => Math.ceil(pieceCount(manifest) / hashPage)

/** A page is kept if its first hash is not all zeros: no hash of a real piece is. */
const isKept = (hashes: Uint8Array, hashBytes: number, page: number): boolean => {
  const from = page * hashPage * hashBytes
  return hashes.subarray(from, from + hashBytes).some(byte => byte !== 0)
}

const keptPages = (manifest: Manifest, hashes: Uint8Array, hashBytes: number): Uint8Array => {
  const kept = bitfield(pageCount(manifest))
  for (let page = 0; page < kept.length; page++) if (isKept(hashes, hashBytes, page)) kept.add(page)
  return kept.bytes()
}

/** The proof of a page, or undefined when it is not known: a page that is missing, or others that its proof would need. */
const proofOf = ({ manifest, integrity, hashes, proofs }: Held, first: PieceIndex, count: number): Uint8Array | undefined => {
  const known = proofs.get(first)
  if (known !== undefined) return known
  for (let page = 0; page < pageCount(manifest); page++) if (!isKept(hashes, integrity.hashBytes, page)) return undefined
  const proof = integrity.proof(manifest, hashes, first, count)
  proofs.set(first, proof)
  return proof
}

export const createContents = ({ input, unreadable, broken, blocks }: ContentsOptions): Contents => {
  const all = new Map<ContentId, Held>()

  const prove = ({ content, link, first, hashes, proof }: Extract<Effect, { type: 'prove' }>, held: Held): void => {
    let ok: boolean
    try { ok = held.integrity.proves(held.manifest, first, hashes, proof) } catch (error) { broken(content, error); return }
    if (ok) {
      const at = first * held.integrity.hashBytes
      held.hashes.set(hashes, at)
      held.proofs.set(first, proof.slice())
      // kept for the next start; a failure costs only that the page is asked for again then
      void held.store.writeHashes(at, hashes, held.hashes.byteLength).catch(() => undefined)
    }
    input({ type: 'proved', content, link, first, ok })
  }

  const verify = ({ content, piece, parts }: Extract<Effect, { type: 'verify' }>, held: Held): void => {
    const { hashBytes } = held.integrity
    const expected = held.hashes.subarray(piece * hashBytes, (piece + 1) * hashBytes)
    let result: boolean | Promise<boolean>
    try { result = held.integrity.verify(held.manifest, piece, expected, parts) } catch (error) { broken(content, error); return }
    const verified = (ok: boolean): void => { input({ type: 'verified', content, piece, ok }) }
    if (typeof result === 'boolean') verified(result)
    else result.then(verified, (error: unknown) => { broken(content, error) })
  }

  const store = ({ content, piece, parts }: Extract<Effect, { type: 'store' }>, held: Held): void => {
    held.store.write(piece, parts).then(
      () => {
        input({ type: 'stored', content, piece })
        blocks?.give(parts) // the session has let go of them
      },
      (error: unknown) => {
        const code: ErrorCode = ShoalError.is(error) ? error.code : 'STORAGE_FAILED'
        input({ type: 'unstored', content, piece, code, retry: code === 'STORAGE_FULL' })
      })
  }

  const load = ({ link, content, piece, offset, length }: Extract<Effect, { type: 'load' }>, held: Held | undefined): void => {
    const loaded = (data: Uint8Array | undefined): void => { input({ type: 'loaded', link, content, piece, offset, length, data }) }
    if (held === undefined) { loaded(undefined); return }
    const { store } = held
    store.read(piece, offset, length).then(loaded, (error: unknown) => {
      loaded(undefined)
      // of a store that is not the content's any more, nobody needs to know
      if (all.get(content)?.store === store) unreadable(content, error)
    })
  }

  const page = ({ link, content, first, count }: Extract<Effect, { type: 'page' }>, held: Held | undefined): void => {
    let proof: Uint8Array | undefined
    try { proof = held === undefined ? undefined : proofOf(held, first, count) } catch (error) { unreadable(content, error) }
    if (held === undefined || proof === undefined) { input({ type: 'paged', link, content, first, count, page: undefined }); return }
    const { hashBytes } = held.integrity
    input({ type: 'paged', link, content, first, count, page: { hashes: held.hashes.slice(first * hashBytes, (first + count) * hashBytes), proof } })
  }

  return {
    async take (content, held) {
      const bytes = pieceCount(held.manifest) * held.integrity.hashBytes
      const kept = await held.store.hashes()
      assert(kept === undefined || kept.byteLength === bytes, `the piece layer of ${content} has ${bytes} bytes`)
      const hashes = kept ?? new Uint8Array(bytes)
      all.set(content, { ...held, hashes, proofs: new Map() })
      return keptPages(held.manifest, hashes, held.integrity.hashBytes)
    },
    swap (content, store) {
      const held = all.get(content)
      assert(held !== undefined, `content ${content} is held`)
      held.store = store
    },
    lay (content) { all.delete(content) },
    get: content => all.get(content),
    perform (effect) {
      const held = all.get(effect.content)
      switch (effect.type) {
        case 'load': load(effect, held); return
        case 'page': page(effect, held); return
        default:
          // laid down meanwhile: the session has forgotten it too
          if (held === undefined) return
          if (effect.type === 'prove') prove(effect, held)
          else if (effect.type === 'verify') verify(effect, held)
          else store(effect, held)
      }
    }
  }
}
