/** One piece on its way: which ranges are missing, which are asked of whom, which came from whom. Owns the ranges; who is asked is the scheduler's. */
import type { PeerId, PieceIndex } from '../contract/index.ts'
import type { Channel, Transfer } from './core.ts'

export interface Range { readonly offset: number, readonly length: number }

/** A range that was asked. Whoever else is asked for it is asked for exactly the same. */
export interface Ask extends Range { readonly assembly: Assembly, readonly askers: Channel[] }

export interface Part { readonly offset: number, readonly data: Uint8Array, readonly sender: PeerId }

export interface Assembly {
  readonly transfer: Transfer
  readonly piece: PieceIndex
  readonly bytes: number
  /** Whether the peer it was begun with had shown that it is fast enough (budget.ts). */
  readonly proven: boolean
  /** It failed before with parts from several: all of it must come from one. */
  readonly exclusive: boolean
  readonly begunAt: number
  state: 'filling' | 'verifying' | 'storing' | 'unstored' | 'over'
  /** Who is asked for what is missing. */
  owner: Channel | undefined
  /** Not asked, in rising order, never touching. */
  gaps: Range[]
  readonly asks: Map<number, Ask>
  parts: Part[]
}

export interface AssemblyFacts { readonly transfer: Transfer, readonly piece: PieceIndex, readonly bytes: number, readonly proven: boolean, readonly exclusive: boolean, readonly begunAt: number }

export const assembly = (facts: AssemblyFacts): Assembly =>
  ({ ...facts, state: 'filling', owner: undefined, gaps: [{ offset: 0, length: facts.bytes }], asks: new Map(), parts: [] })

/** Takes up to `most` bytes off the first gap. */
export const askNext = (assembly: Assembly, most: number): Ask | undefined => {
  const gap = assembly.gaps[0]
  if (gap === undefined) return undefined
  const length = Math.min(most, gap.length)
  if (length === gap.length) assembly.gaps.shift()
  else assembly.gaps[0] = { offset: gap.offset + length, length: gap.length - length }
  const ask: Ask = { assembly, offset: gap.offset, length, askers: [] }
  assembly.asks.set(ask.offset, ask)
  return ask
}

/** The first gap begins there: what `askNext` will take. */
export const nextOffset = (assembly: Assembly): number | undefined => assembly.gaps[0]?.offset

/** Nobody is asked for the range any more, or what came of it is not trusted. */
export const reopen = (assembly: Assembly, { offset, length }: Range): void => {
  assembly.asks.delete(offset)
  const { gaps } = assembly
  let at = gaps.findIndex(gap => gap.offset > offset)
  if (at === -1) at = gaps.length
  let merged: Range = { offset, length }
  const after = gaps[at]
  if (after !== undefined && offset + length === after.offset) {
    merged = { offset, length: length + after.length }
    gaps.splice(at, 1)
  }
  const before = gaps[at - 1]
  if (before !== undefined && before.offset + before.length === offset) gaps[at - 1] = { offset: before.offset, length: before.length + merged.length }
  else gaps.splice(at, 0, merged)
}

/** @returns whether the piece is whole with it */
export const place = ({ assembly, offset }: Ask, data: Uint8Array, sender: PeerId): boolean => {
  assembly.asks.delete(offset)
  assembly.parts.push({ offset, data, sender })
  if (assembly.asks.size > 0 || assembly.gaps.length > 0) return false
  assembly.parts.sort((a, b) => a.offset - b.offset)
  return true
}

export const arrivedBytes = ({ parts }: Assembly): number => parts.reduce((sum, { data }) => sum + data.byteLength, 0)

/** Forgets what came from a peer. @returns how many bytes */
export const disbelieve = (assembly: Assembly, sender: PeerId): number => {
  const bad = assembly.parts.filter(part => part.sender === sender)
  if (bad.length === 0) return 0
  assembly.parts = assembly.parts.filter(part => part.sender !== sender)
  for (const { offset, data } of bad) reopen(assembly, { offset, length: data.byteLength })
  return bad.reduce((sum, { data }) => sum + data.byteLength, 0)
}

export const senders = ({ parts }: Assembly): Set<PeerId> => new Set(parts.map(({ sender }) => sender))
