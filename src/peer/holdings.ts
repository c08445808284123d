/**
 * What this peer has or fetches, by content. One content may be shared from one path, downloaded to another, in several groups at once: here it is one
 * transfer of the engine, on one store, in all those groups. Owns which store that is.
 */
import { ShoalError } from '../contract/index.ts'
import type { ContentId, GroupId, Integrity, Manifest, Store } from '../contract/index.ts'
import type { Engine } from '../engine/index.ts'
import { createTurns } from './turns.ts'

/** A share or a download of a content, by its record's id. */
export interface Use {
  readonly id: string
  readonly group: GroupId
  readonly store: Store
  /** The store has all of it. */
  readonly complete: boolean
  /** The engine is about to leave this use's store: what it counted for the content begins anew. */
  readonly left?: () => void
  /** Another use has all of it now: its pieces can be copied, and are not fetched any more. */
  readonly supplied?: () => void
  /** The store could not be read. */
  readonly unreadable?: (error: ShoalError) => void
}

interface Holding {
  readonly manifest: Manifest
  readonly integrity: Integrity
  readonly uses: Map<string, Use>
  /** Id of the use whose store the engine works on. */
  primary: string
}

export interface Holdings {
  /**
   * @returns `primary`: the engine works on this store. `other`: it works on another; when that is complete, or gets so, `source` gives it to copy from
   * @throws what engine.take throws; then it is as if it had not been added
   */
  add (content: ContentId, parts: { readonly manifest: Manifest, readonly integrity: Integrity }, use: Use): Promise<'primary' | 'other'>
  /** The use has a new store, complete now. */
  complete (content: ContentId, id: string, store: Store): Promise<void>
  /** Ends a use; the engine goes on with another if there is one. The store is the caller's to close. */
  remove (content: ContentId, id: string): Promise<void>
  /** A use from whose store all of the content can be read, other than use `except`. */
  source (content: ContentId, except: string): Use | undefined
  /** How the content is cut here, if it is held. */
  manifest (content: ContentId): Manifest | undefined
  /** Id of the use whose store the engine works on. */
  primary (content: ContentId): string | undefined
  /** Tells the use whose store the engine works on that it could not be read. */
  unreadable (content: ContentId, error: ShoalError): void
  clear (): void
}

export const createHoldings = (engine: Pick<Engine, 'take' | 'lay' | 'regroup' | 'swap'>): Holdings => {
  const all = new Map<ContentId, Holding>()
  /** Taking up waits for the store: nothing else may happen to the same content meanwhile. */
  const turns = createTurns<ContentId>()

  const groupsOf = ({ uses }: Holding): readonly GroupId[] => [...new Set([...uses.values()].map(use => use.group))]
  const work = async (content: ContentId, holding: Holding, use: Use): Promise<void> => {
    holding.primary = use.id
    await engine.take(content, { manifest: holding.manifest, integrity: holding.integrity, store: use.store, groups: groupsOf(holding) })
  }
  /** Goes on with another use, after that of the engine is gone. */
  const pass = async (content: ContentId, holding: Holding): Promise<void> => {
    engine.lay(content)
    const rest = [...holding.uses.values()]
    const next = rest.find(use => use.complete) ?? rest[0]
    if (next === undefined) all.delete(content)
    else await work(content, holding, next)
  }
  const supply = ({ uses }: Holding): void => {
    for (const use of [...uses.values()]) if (!use.complete) use.supplied?.()
  }
  /** The engine leaves an incomplete store for this complete one. */
  const prefer = async (content: ContentId, holding: Holding, use: Use): Promise<void> => {
    holding.uses.get(holding.primary)?.left?.()
    engine.lay(content)
    await work(content, holding, use)
  }

  const add = async (content: ContentId, parts: { readonly manifest: Manifest, readonly integrity: Integrity }, use: Use): Promise<'primary' | 'other'> => {
    const known = all.get(content)
    if (known !== undefined && known.manifest.pieceLength !== parts.manifest.pieceLength) {
      throw new ShoalError('UNSUPPORTED', `This content is held here already, in pieces of ${known.manifest.pieceLength} bytes, and here it has pieces of ${parts.manifest.pieceLength}. Use one piece size for it.`)
    }
    const holding = known ?? { ...parts, uses: new Map<string, Use>(), primary: use.id }
    const before = holding.uses.get(holding.primary)
    all.set(content, holding)
    holding.uses.set(use.id, use)
    try {
      if (known === undefined) await work(content, holding, use)
      else if (use.complete && before?.complete !== true) await prefer(content, holding, use)
      else {
        engine.regroup(content, groupsOf(holding))
        return 'other'
      }
    } catch (error) {
      if (all.get(content) === holding) {
        holding.uses.delete(use.id)
        await pass(content, holding).catch(() => { all.delete(content) }) // nobody is logged in: nothing is held
      }
      throw error
    }
    if (use.complete) supply(holding)
    return 'primary'
  }

  return {
    add: (content, parts, use) => turns.run(content, () => add(content, parts, use)),
    complete: (content, id, store) => turns.run(content, async () => {
      const holding = all.get(content)
      const use = holding?.uses.get(id)
      if (holding === undefined || use === undefined) return
      const now: Use = { ...use, store, complete: true }
      holding.uses.set(id, now)
      if (holding.primary === id) engine.swap(content, store)
      else if (holding.uses.get(holding.primary)?.complete !== true) await prefer(content, holding, now)
      supply(holding)
    }),
    remove: (content, id) => turns.run(content, async () => {
      const holding = all.get(content)
      const use = holding?.uses.get(id)
      if (holding === undefined || use === undefined) return
      if (holding.primary === id) use.left?.()
      holding.uses.delete(id)
      if (holding.primary === id) await pass(content, holding)
      else engine.regroup(content, groupsOf(holding))
    }),
    source (content, except) {
      return [...all.get(content)?.uses.values() ?? []].find(use => use.complete && use.id !== except)
    },
    manifest: content => all.get(content)?.manifest,
    primary: content => all.get(content)?.primary,
    unreadable (content, error) {
      const holding = all.get(content)
      holding?.uses.get(holding.primary)?.unreadable?.(error)
    },
    clear () { all.clear() }
  }
}
