/**
 * One content: what we have of it, what others have, and which pieces may be begun. Owns the counts, so that nothing has to be counted again; a `have` costs
 * constant time, a piece that is stored or given back one step per channel.
 */
import { bitfield, hashPage, pieceBytes, pieceCount } from '../contract/index.ts'
import type { PieceIndex } from '../contract/index.ts'
import { bits } from './bits.ts'
import { allCandidates, candidates } from './candidates.ts'
import type { Channel, Core, Holdings, Transfer } from './core.ts'
import { fifo } from './fifo.ts'
import type { Input } from './io.ts'
import { rarity } from './rarity.ts'
import { firstTellMs, forgetGifts, onTold, respread } from './spreading.ts'
import type { Timer } from './timers.ts'

export const pageOf = (piece: PieceIndex): number => Math.floor(piece / hashPage)
/** Pieces of a page: all pages but the last have 512. */
export const pageSize = (transfer: Transfer, page: number): number => Math.min(hashPage, transfer.pieces - page * hashPage)

export const createTransfer = (core: Core, added: Extract<Input, { type: 'added' }>, timers: { readonly help: Timer, readonly store: Timer }): Transfer => {
  const { content, manifest } = added
  const pieces = pieceCount(manifest)
  const have = bitfield(pieces, added.have)
  const pages = bitfield(Math.ceil(pieces / hashPage), added.pages)
  const isComplete = have.count === pieces
  const transfer: Transfer = {
    content, manifest, pieces, groups: new Set(added.groups), have, pages, sightings: new Map(), channels: new Set(), blamed: new Set(),
    isComplete, isFailed: false, gifts: new Map(), ungiven: 0, tellMs: firstTellMs,
    rarity: isComplete ? undefined : rarity(pieces, core.random), seeds: 0,
    active: new Map(), adrift: new Set(), suspicions: new Map(), missingPages: new Set(), pagesAsked: new Set(), pagesReturned: 0, proving: new Set(),
    ready: fifo(), isAsking: false, helpTimer: timers.help, hasMisselected: false,
    unstoredBytes: 0, fresh: [], stalled: undefined, unstored: new Set(), storeTimer: timers.store,
    haveBytes: 0, fetchedBytes: 0, wastedBytes: 0, sentBytes: 0, bytesByPeer: new Map()
  }
  if (isComplete) {
    transfer.haveBytes = manifest.length
    return transfer
  }
  const ready: PieceIndex[] = []
  for (let piece = 0; piece < pieces; piece++) {
    if (have.has(piece)) {
      transfer.haveBytes += pieceBytes(manifest, piece)
      continue
    }
    transfer.rarity?.missing.add(piece)
    if (pages.has(pageOf(piece))) ready.push(piece)
    else transfer.missingPages.add(pageOf(piece))
  }
  transfer.rarity?.addAll(ready)
  return transfer
}

/** Whether anything is still fetched. */
export const isFetching = (transfer: Transfer): boolean => !transfer.isComplete && !transfer.isFailed

export const availability = ({ rarity, seeds }: Transfer, piece: PieceIndex): number => seeds + (rarity?.availability(piece) ?? 0)

/** The piece may be begun. */
export const offer = (transfer: Transfer, piece: PieceIndex): void => {
  if (transfer.rarity === undefined || transfer.rarity.has(piece)) return
  transfer.rarity.add(piece)
  for (const { has, candidates } of transfer.channels) if (has?.has(piece) === true) candidates?.put(piece)
}

/** The piece is begun. */
export const withdraw = (transfer: Transfer, piece: PieceIndex): void => { transfer.rarity?.remove(piece) }

/** The piece is verified and stored. */
export const own = (transfer: Transfer, piece: PieceIndex): void => {
  transfer.have.add(piece)
  transfer.rarity?.missing.delete(piece)
  transfer.haveBytes += pieceBytes(transfer.manifest, piece)
  for (const channel of transfer.channels) if (channel.isJoined && channel.has?.has(piece) === true) channel.useful--
  if (transfer.have.count < transfer.pieces) return
  transfer.isComplete = true
  transfer.rarity = undefined
  for (const channel of transfer.channels) channel.candidates = undefined
}

/** What the peer has counts from now on. */
export const join = (core: Core, channel: Channel): void => {
  const { transfer, has } = channel
  if (channel.isJoined || has === undefined) return
  channel.isJoined = true
  respread(channel)
  channel.pagesSeen = -1
  const { rarity } = transfer
  if (rarity === undefined) return
  if (has.bits === undefined) {
    transfer.seeds++
    channel.candidates = allCandidates(rarity)
    channel.useful = transfer.pieces - transfer.have.count
    return
  }
  rarity.moreOf(has.bits)
  channel.useful = has.bits.shared(rarity.missing)
  channel.candidates = candidates(rarity, has.bits, core.random)
}

/** It no longer counts. */
export const part = (channel: Channel): void => {
  const { transfer, has } = channel
  if (!channel.isJoined || has === undefined) return
  channel.isJoined = false
  respread(channel)
  forgetGifts(channel)
  channel.useful = 0
  channel.candidates = undefined
  const { rarity } = transfer
  if (rarity === undefined) return
  if (has.bits === undefined) transfer.seeds--
  else rarity.fewerOf(has.bits)
}

/** The peer got a piece. @returns whether there is something new to ask it for */
export const gain = (core: Core, channel: Channel, piece: PieceIndex): boolean => {
  if (channel.has?.add(piece) !== true) return false
  const { rarity, missingPages } = channel.transfer
  onTold(core, channel, piece)
  if (!channel.isJoined || rarity === undefined) return false
  const hasPage = missingPages.has(pageOf(piece))
  if (hasPage) channel.pagesSeen = -1
  if (!rarity.missing.has(piece)) return hasPage
  rarity.more(piece)
  channel.useful++
  if (rarity.has(piece)) channel.candidates?.put(piece)
  return true
}

/** A page of hashes is proved: its pieces may be begun. */
export const prove = (transfer: Transfer, page: number): void => {
  transfer.pages.add(page)
  transfer.pagesAsked.delete(page)
  if (!transfer.missingPages.delete(page)) return
  const first = page * hashPage
  const end = first + pageSize(transfer, page)
  for (let piece = first; piece < end; piece++) if (!transfer.have.has(piece) && !transfer.active.has(piece)) transfer.rarity?.add(piece)
  for (const { candidates } of transfer.channels) candidates?.putAll(first, end)
}

/** @param have as it came: everything, or packed bits, or none for nothing. @throws RangeError when the bits have another size */
export const holdings = (pieces: number, have: 'all' | Uint8Array): Holdings => {
  const flags = bits(have === 'all' ? 0 : pieces, have === 'all' || have.byteLength === 0 ? undefined : have)
  if (have === 'all' || flags.count === pieces) return { bits: undefined, count: pieces, has: () => true, add: () => false }
  return { bits: flags, get count () { return flags.count }, has: piece => flags.has(piece), add: piece => flags.add(piece) }
}
