/**
 * Requests of ours and their end: who is asked for a range, who is no longer. Owns the link's account of what it owes, and gives pieces up; which range is
 * asked of whom is decided in scheduler.ts and help.ts.
 */
import { assert, leafBytes } from '../contract/index.ts'
import { arrivedBytes, askNext, nextOffset, reopen } from './assembly.ts'
import type { Ask, Assembly } from './assembly.ts'
import type { Channel, Core, Link, Owe } from './core.ts'
import { leaveGhost } from './ghosts.ts'
import { wake, wakeLink, wakeStarved, wakeTransfer } from './ready.ts'
import { send } from './send.ts'
import { offer } from './transfer.ts'

/** A piece has at most 1,024 leaves (16 MiB of 16 KiB). */
const leavesPerPiece = 1024
export const rangeKey = ({ piece, offset }: { readonly piece: number, readonly offset: number }): number => piece * leavesPerPiece + offset / leafBytes

/** Asks the channel's peer for the range. */
export const issue = (core: Core, channel: Channel, ask: Ask): void => {
  const { link, ours } = channel
  assert(ours !== undefined, 'who is asked has been opened to')
  const { assembly, offset, length } = ask
  const { piece } = assembly
  ask.askers.push(channel)
  link.owedBytes += length
  channel.owedBytes += length
  link.owedCount++
  link.askedBytes += length
  link.pace.busy(core.now)
  const unhindered = link.pace.isUnhindered(link.owedBytes)
  channel.owes.set(rangeKey({ piece, offset }), { piece, offset, length, at: core.now, mark: link.askedBytes, unhindered, ask })
  core.downLimit.take(length, core.now)
  send(core, link, { type: 'request', number: ours, piece, offset, length })
  expectAnswer(core, link)
  if (assembly.gaps.length === 0) setOwner(assembly, undefined)
}

/** Asks for the next missing range of a piece, unless an old request for it is still unanswered there. @returns whether it did */
export const askFrom = (core: Core, channel: Channel, assembly: Assembly): boolean => {
  const offset = nextOffset(assembly)
  if (offset === undefined || channel.owes.has(rangeKey({ piece: assembly.piece, offset }))) return false
  const ask = askNext(assembly, channel.link.pace.requestBytes)
  if (ask === undefined) return false
  issue(core, channel, ask)
  return true
}

/** From when a peer that owes us something is silent (silence.ts). */
export const silentMs = 2_000

/** The link was asked for something: the time in which it should say something begins, if it owed nothing before. */
export const expectAnswer = (core: Core, link: Link): void => {
  if (link.owedCount + (link.pageAsk === undefined ? 0 : 1) === 1) link.heardAt = core.now
  if (link.silenceTimer.at === undefined) link.silenceTimer.set(core.now + silentMs)
}

/** It owes nothing any more: then it is not silent. */
export const rest = (link: Link): void => {
  if (link.owedCount === 0 && link.pageAsk === undefined) link.isSilent = false
}

/** The request has its answer. */
export const settle = (core: Core, channel: Channel, owe: Owe): void => {
  const { link } = channel
  channel.owes.delete(rangeKey(owe))
  link.owedBytes -= owe.length
  channel.owedBytes -= owe.length
  link.owedCount--
  if (link.owedCount === 0) link.pace.idle(core.now)
  rest(link)
}

/** The peer is not going to bring what was asked. */
export const forgo = (core: Core, channel: Channel, owe: Owe): void => {
  core.downLimit.giveBack(owe.length)
  const { ask } = owe
  if (ask === undefined) return
  owe.ask = undefined
  ask.askers.splice(ask.askers.indexOf(channel), 1)
  if (ask.askers.length > 0) return
  reopen(ask.assembly, ask)
  const { owner } = ask.assembly
  if (owner === undefined) setAdrift(core, ask.assembly)
  else wake(core, owner)
}

/** What is on its way is no longer needed from them: each of these is cancelled, and still answered. */
export const cancelAsk = (core: Core, ask: Ask): void => {
  const { assembly: { piece }, offset, length } = ask
  for (const channel of ask.askers) {
    const owe = channel.owes.get(rangeKey({ piece, offset }))
    if (owe?.ask !== ask) continue
    owe.ask = undefined
    if (channel.ours !== undefined) send(core, channel.link, { type: 'cancel', number: channel.ours, piece, offset, length })
  }
  ask.askers.length = 0
}

export const setOwner = (assembly: Assembly, channel: Channel | undefined): void => {
  assembly.owner?.owns.delete(assembly)
  assembly.owner = channel
  channel?.owns.add(assembly)
}

/** The piece has nobody who brings what is missing: another may, if it need not come whole from one. */
export const setAdrift = (core: Core, assembly: Assembly): void => {
  setOwner(assembly, undefined)
  if (assembly.exclusive || (assembly.asks.size === 0 && assembly.parts.length === 0)) {
    abandon(core, assembly)
    return
  }
  noteAdrift(core, assembly)
  wakeTransfer(core, assembly.transfer)
}

const noteAdrift = (core: Core, assembly: Assembly): void => {
  assembly.transfer.adrift.add(assembly)
  core.adrift.add(assembly)
}

export const leaveAdrift = (core: Core, assembly: Assembly): void => {
  assembly.transfer.adrift.delete(assembly)
  core.adrift.delete(assembly)
}

/** Whether the piece is still being fetched. */
export const isFilling = (assembly: Assembly): boolean => assembly.state === 'filling' && assembly.transfer.active.get(assembly.piece) === assembly

/** The channel's peer brings nothing more for now: its pieces are another's. What it was asked for stays asked. */
export const disown = (core: Core, channel: Channel): void => {
  for (const assembly of [...channel.owns]) setAdrift(core, assembly)
  for (const { ask } of [...channel.owes.values()]) {
    if (ask?.assembly.exclusive === true) abandon(core, ask.assembly)
    else if (ask !== undefined) noteAdrift(core, ask.assembly)
  }
  wakeTransfer(core, channel.transfer)
}

/** All that was asked on the channel is answered, or will never be. */
export const forgoAll = (core: Core, channel: Channel): void => {
  const owed = [...channel.owes.values()]
  const owned = [...channel.owns]
  for (const assembly of owned) setOwner(assembly, undefined)
  for (const owe of owed) {
    settle(core, channel, owe)
    forgo(core, channel, owe)
  }
  for (const assembly of owned) if (assembly.owner === undefined && isFilling(assembly)) setAdrift(core, assembly)
  wakeLink(core, channel.link)
}

/** Gives a piece up, for now: it may be begun again. */
export const abandon = (core: Core, assembly: Assembly): void => {
  const { transfer, piece } = assembly
  transfer.wastedBytes += arrivedBytes(assembly)
  for (const ask of assembly.asks.values()) cancelAsk(core, ask)
  assembly.asks.clear()
  finish(core, assembly)
  offer(transfer, piece)
  wakeTransfer(core, transfer)
}

/** The piece is no longer on its way, in whatever state. */
export const finish = (core: Core, assembly: Assembly): void => {
  const { transfer, piece } = assembly
  setOwner(assembly, undefined)
  transfer.active.delete(piece)
  leaveAdrift(core, assembly)
  transfer.unstored.delete(assembly)
  if (assembly.state === 'verifying' || assembly.state === 'storing') {
    transfer.unstoredBytes -= assembly.bytes
    leaveGhost(core, transfer.content, piece, assembly.state)
  }
  core.downBudget.release(assembly.bytes, assembly.proven)
  wakeStarved(core)
}
