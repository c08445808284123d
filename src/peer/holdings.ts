/**
 * What this peer has or fetches, by content. One content may be shared from one path, downloaded to another, in several groups at once: here it is one
 * transfer of the engine, on one store, in all those groups. Owns which store that is.
 */
import { assert, bitfield, pieceBytes, pieceCount, ShoalError } from '../contract/index.ts'
import type { ContentId, GroupId, Integrity, Manifest, Store } from '../contract/index.ts'
import type { Engine } from '../engine/index.ts'

/** A share or a download of a content, by its record's id. */
export interface Use {
  readonly id: string
  readonly group: GroupId
  readonly store: Store
  /** The store has all of it. */
  readonly complete: boolean
}

interface Holding {
  readonly manifest: Manifest
  readonly integrity: Integrity
  readonly uses: Map<string, Use>
  /** Id of the use whose store the engine works on. */
  primary: string
}

export interface Holdings {
  /** @returns `primary`: the engine works on this store. `other`: it works on another; `waitFor` it, then copy. */
  add (content: ContentId, parts: { readonly manifest: Manifest, readonly integrity: Integrity }, use: Use): Promise<'primary' | 'other'>
  /** The use has a new store, complete now. */
  complete (content: ContentId, id: string, store: Store): void
  /** Ends a use; the engine goes on with another if there is one. The store is the caller's to close. @returns the use it goes on with */
  remove (content: ContentId, id: string): Promise<Use | undefined>
  /** A store from which all of the content can be read, other than that of use `except`. */
  source (content: ContentId, except: string): Use | undefined
  uses (content: ContentId): readonly Use[]
  isPrimary (content: ContentId, id: string): boolean
  clear (): void
}

export const createHoldings = (engine: Engine): Holdings => {
  const all = new Map<ContentId, Holding>()

  const groupsOf = ({ uses }: Holding): readonly GroupId[] => [...new Set([...uses.values()].map(use => use.group))]
  const take = (content: ContentId, holding: Holding, store: Store): Promise<void> =>
    engine.take(content, { manifest: holding.manifest, integrity: holding.integrity, store, groups: groupsOf(holding) })

  return {
    async add (content, { manifest, integrity }, use) {
      const known = all.get(content)
      if (known === undefined) {
        const holding: Holding = { manifest, integrity, uses: new Map([[use.id, use]]), primary: use.id }
        all.set(content, holding)
        await take(content, holding, use.store)
        return 'primary'
      }
      known.uses.set(use.id, use)
      const primary = known.uses.get(known.primary)
      if (use.complete && primary?.complete !== true) {
        // what was being fetched lies here already: serve from this, and let the download copy
        known.primary = use.id
        engine.lay(content)
        await take(content, known, use.store)
        return 'primary'
      }
      engine.regroup(content, groupsOf(known))
      return 'other'
    },
    complete (content, id, store) {
      const holding = all.get(content)
      const use = holding?.uses.get(id)
      if (holding === undefined || use === undefined) return
      holding.uses.set(id, { ...use, store, complete: true })
      if (holding.primary === id) engine.swap(content, store)
    },
    async remove (content, id) {
      const holding = all.get(content)
      if (holding?.uses.delete(id) !== true) return undefined
      const rest = [...holding.uses.values()]
      const next = rest.find(use => use.complete) ?? rest[0]
      if (next === undefined) {
        all.delete(content)
        engine.lay(content)
        return undefined
      }
      if (holding.primary !== id) { engine.regroup(content, groupsOf(holding)); return undefined }
      holding.primary = next.id
      engine.lay(content)
      await take(content, holding, next.store)
      return next
    },
    source (content, except) {
      return [...all.get(content)?.uses.values() ?? []].find(use => use.complete && use.id !== except)
    },
    uses: content => [...all.get(content)?.uses.values() ?? []],
    isPrimary: (content, id) => all.get(content)?.primary === id,
    clear () { all.clear() }
  }
}

/**
 * Copies what a store misses from one that has all, each piece verified again on its way: the same rule as for what comes from a peer.
 * @throws ShoalError INTEGRITY when the source is not what it was, and what reading and writing throw
 */
export const copyPieces = async (
  { manifest, integrity, from, to, signal }: { manifest: Manifest, integrity: Integrity, from: Store, to: Store, signal: AbortSignal }
): Promise<void> => {
  const hashes = await from.hashes()
  assert(hashes !== undefined || pieceCount(manifest) === 0, 'a complete store keeps its piece layer')
  if (hashes === undefined) return
  await to.writeHashes(0, hashes, hashes.byteLength)
  const had = bitfield(pieceCount(manifest), to.have().sure)
  for (let piece = 0; piece < had.length; piece++) {
    signal.throwIfAborted()
    if (had.has(piece)) continue
    const parts = [await from.read(piece, 0, pieceBytes(manifest, piece))]
    const expected = hashes.subarray(piece * integrity.hashBytes, (piece + 1) * integrity.hashBytes)
    if (!await integrity.verify(manifest, piece, expected, parts)) {
      throw new ShoalError('INTEGRITY', `Piece ${piece} of a local copy is damaged. It is fetched from others instead.`)
    }
    await to.write(piece, parts)
  }
}
