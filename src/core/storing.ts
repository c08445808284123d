/**
 * A whole piece: verified, stored, told. Owns the end of a piece, the blame for a bad one, and what happens while storage fails. A piece is had, told and
 * served only after it was verified and then stored.
 */
import type { ErrorCode, PeerId } from '../contract/index.ts'
import { abandon, finish, leaveAdrift, setAdrift, setOwner } from './asking.ts'
import { arrivedBytes, disbelieve, senders } from './assembly.ts'
import type { Assembly } from './assembly.ts'
import { liars, suspicion } from './blame.ts'
import { closeChannel } from './channel.ts'
import type { Core, Transfer } from './core.ts'
import type { Ordered } from './ghosts.ts'
import { loseInterest } from './interest.ts'
import { wake, wakeTransfer } from './ready.ts'
import { emit, send } from './send.ts'
import { offer, own } from './transfer.ts'

const storeAgainMs = 2_000
/** Pieces in one `have`. */
const maxTold = 4_096

const partsOf = ({ parts }: Assembly): readonly Uint8Array[] => parts.map(({ data }) => data)

const verify = (core: Core, assembly: Assembly): void => {
  const { transfer: { content }, piece } = assembly
  core.effects.push({ type: 'verify', content, piece, parts: partsOf(assembly) })
}

/** All parts are there. */
export const onWhole = (core: Core, assembly: Assembly): void => {
  setOwner(assembly, undefined)
  leaveAdrift(core, assembly)
  assembly.state = 'verifying'
  assembly.transfer.unstoredBytes += assembly.bytes
  verify(core, assembly)
}

/** It has its answer. */
const leaveStorage = (assembly: Assembly, state: Assembly['state']): void => {
  assembly.state = state
  assembly.transfer.unstoredBytes -= assembly.bytes
}

const store = (core: Core, assembly: Assembly): void => {
  const { transfer, piece } = assembly
  const { content } = transfer
  if (transfer.unstored.delete(assembly)) transfer.unstoredBytes += assembly.bytes
  assembly.state = 'storing'
  core.effects.push({ type: 'store', content, piece, parts: partsOf(assembly) })
}

/** The peer is not used for this content again. */
export const blame = (core: Core, transfer: Transfer, peer: PeerId, why: string): void => {
  if (transfer.blamed.has(peer)) return
  transfer.blamed.add(peer)
  emit(core, { type: 'blamed', content: transfer.content, peer, why })
  for (const channel of [...transfer.channels]) if (channel.link.peer.id === peer) closeChannel(core, channel)
  for (const assembly of [...transfer.active.values()]) {
    if (assembly.state !== 'filling') continue
    const wasted = disbelieve(assembly, peer)
    transfer.wastedBytes += wasted
    if (wasted === 0) continue
    if (assembly.owner === undefined) setAdrift(core, assembly)
    else wake(core, assembly.owner)
  }
}

const onGood = (core: Core, assembly: Assembly): void => {
  const { transfer, piece, parts } = assembly
  for (const { data, sender } of parts) transfer.bytesByPeer.set(sender, (transfer.bytesByPeer.get(sender) ?? 0) + data.byteLength)
  const suspected = transfer.suspicions.get(piece)
  transfer.suspicions.delete(piece)
  store(core, assembly)
  if (suspected === undefined) return
  for (const peer of liars(suspected, parts)) blame(core, transfer, peer, `It sent other data for piece ${piece} than what was verified.`)
}

const onBad = (core: Core, assembly: Assembly): void => {
  const { transfer, piece, parts } = assembly
  transfer.wastedBytes += arrivedBytes(assembly)
  leaveStorage(assembly, 'over')
  finish(core, assembly)
  const from = senders(assembly)
  const [first] = from
  if (from.size === 1 && first !== undefined) blame(core, transfer, first, `All of its piece ${piece} came from it, and is bad.`)
  else transfer.suspicions.set(piece, suspicion(parts))
  offer(transfer, piece)
  wakeTransfer(core, transfer)
}

/** The answer that came cannot be told from one to an order that was given up: asks for it once more. */
export const orderAgain = (core: Core, transfer: Transfer, piece: number, ordered: Ordered): void => {
  const assembly = transfer.active.get(piece)
  if (assembly?.state !== ordered) return
  if (ordered === 'verifying') verify(core, assembly)
  else store(core, assembly)
}

export const onVerified = (core: Core, transfer: Transfer, piece: number, ok: boolean): void => {
  const assembly = transfer.active.get(piece)
  if (assembly?.state !== 'verifying') return
  if (ok) onGood(core, assembly)
  else onBad(core, assembly)
}

export const onStored = (core: Core, transfer: Transfer, piece: number): void => {
  const assembly = transfer.active.get(piece)
  if (assembly?.state !== 'storing') return
  own(transfer, piece)
  leaveStorage(assembly, 'over')
  finish(core, assembly)
  if (transfer.fresh.length === 0) core.telling.push(transfer)
  transfer.fresh.push(piece)
  emit(core, { type: 'piece', content: transfer.content, piece })
  if (transfer.stalled !== undefined) goOn(core, transfer)
  if (transfer.isComplete) complete(core, transfer)
}

/** Storage works again. */
const goOn = (core: Core, transfer: Transfer): void => {
  transfer.stalled = undefined
  transfer.storeTimer.clear()
  emit(core, { type: 'stalled', content: transfer.content, code: undefined })
  for (const assembly of [...transfer.unstored]) store(core, assembly)
  wakeTransfer(core, transfer)
}

export const complete = (core: Core, transfer: Transfer): void => {
  emit(core, { type: 'complete', content: transfer.content })
  for (const channel of transfer.channels) loseInterest(core, channel)
}

export const onUnstored = (core: Core, transfer: Transfer, piece: number, code: ErrorCode, retry: boolean): void => {
  const assembly = transfer.active.get(piece)
  if (assembly?.state !== 'storing') return
  leaveStorage(assembly, 'unstored')
  if (!retry) {
    fail(core, transfer, code)
    return
  }
  transfer.unstored.add(assembly)
  if (transfer.storeTimer.at === undefined) transfer.storeTimer.set(core.now + storeAgainMs)
  if (transfer.stalled === code) return
  transfer.stalled = code
  emit(core, { type: 'stalled', content: transfer.content, code })
}

/** Tries one piece: if it can be stored, the others follow. */
export const storeAgain = (core: Core, transfer: Transfer): void => {
  const [assembly] = transfer.unstored
  if (assembly !== undefined) store(core, assembly)
}

const fail = (core: Core, transfer: Transfer, code: ErrorCode): void => {
  transfer.isFailed = true
  transfer.storeTimer.clear()
  emit(core, { type: 'failed', content: transfer.content, code })
  for (const assembly of [...transfer.active.values()]) abandon(core, assembly)
  for (const channel of transfer.channels) loseInterest(core, channel)
}

/** Tells everybody what was stored since the last time. @returns whether there was something */
export const stepTell = (core: Core): boolean => {
  const transfer = core.telling.shift()
  if (transfer === undefined) return false
  const { fresh } = transfer
  transfer.fresh = []
  for (let from = 0; from < fresh.length; from += maxTold) {
    const pieces = fresh.slice(from, from + maxTold)
    for (const { link, ours, hasTold } of transfer.channels) if (ours !== undefined && hasTold) send(core, link, { type: 'have', number: ours, pieces })
  }
  return true
}
