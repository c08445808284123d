/**
 * One content in one group on one link: how it is opened, refused and closed. Each side opens for itself and admits the other; nothing of ours about the
 * content is said before the other's open was admitted. Owns that rule, and the end of whatever hangs on the channel.
 *
 * States: each side's number is its own. `ours` is set from our open on, `theirs` from theirs; a refusal or a close, by either side, ends both.
 */
import type { GroupId, PieceIndex } from '../contract/index.ts'
import { forgoAll } from './asking.ts'
import type { Channel, Core, Link, Transfer } from './core.ts'
import { showInterest } from './interest.ts'
import type { MessageOf } from './message.ts'
import { leavePage } from './pages.ts'
import { wake } from './ready.ts'
import { send } from './send.ts'
import { chokeChannel, leaveSlots, seekSlot } from './slots.ts'
import { gain, holdings, join, part } from './transfer.ts'
import { forgetUnknown, maxReopened, openUnknown } from './unknown.ts'
import { dropRequests } from './upload.ts'

/** A link without anything open is of no use for longer than this. */
export const idleMs = 30_000

export const channelKey = (group: GroupId, content: string): string => `${group}/${content}`

/** Both have opened, and we admitted them: we speak. Whether they admitted us shows in their `pieces`. */
export const isOpen = (channel: Channel): boolean => channel.ours !== undefined && channel.admission === 'admitted'

const createChannel = (core: Core, link: Link, transfer: Transfer, group: GroupId): Channel => {
  const key = channelKey(group, transfer.content)
  const channel: Channel = {
    link, transfer, group, key, ours: undefined, theirs: undefined, admission: 'none', reopened: 0, wrong: undefined, hasTold: false, isCounted: false,
    has: undefined, isJoined: false, useful: 0, candidates: undefined,
    wanting: false, isUseless: false, isChoked: true, hasDelivered: false, owes: new Map(), owedBytes: 0, owns: new Set(), shortlist: [], fruitless: 0, wasSentAway: 0, askAt: 0, helpAt: 0, pageAt: 0, pagesSeen: -1, pageTries: 0,
    timer: core.timers.timer(() => { wake(core, channel) }), barred: new Map(), isReady: false,
    wanted: false, isChoking: true, sentAway: 0, hasSpread: false, untold: 0, turnedAt: -Infinity, givenBytes: 0, requested: new Map()
  }
  link.channels.set(key, channel)
  transfer.channels.add(channel)
  return channel
}

/** Keeps the count of open channels, by which idle links are known. */
const recount = (core: Core, channel: Channel): void => {
  const { link } = channel
  if (isOpen(channel) === channel.isCounted) return
  channel.isCounted = !channel.isCounted
  link.openCount += channel.isCounted ? 1 : -1
  if (link.isEnding) return
  if (link.openCount > 0) link.idleTimer.clear()
  else link.idleTimer.set(core.now + idleMs)
}

/** Opens a content to the other side, unless we have done so. */
export const openChannel = (core: Core, link: Link, transfer: Transfer, group: GroupId): void => {
  const credential = core.credentials.get(group)
  if (credential === undefined) return
  const channel = link.channels.get(channelKey(group, transfer.content)) ?? createChannel(core, link, transfer, group)
  if (channel.ours !== undefined) return
  const number = link.nextOurs++
  channel.ours = number
  link.ours.set(number, channel)
  send(core, link, { type: 'open', number, group, content: transfer.content, credential })
  begin(core, channel)
}

/** Says what we have, once the other side may know. */
const begin = (core: Core, channel: Channel): void => {
  const { link, transfer, ours } = channel
  recount(core, channel)
  if (ours === undefined || !isOpen(channel) || channel.hasTold) return
  channel.hasTold = true
  const { have } = transfer
  send(core, link, { type: 'pieces', number: ours, have: have.count === have.length ? 'all' : have.count === 0 ? new Uint8Array(0) : have.bytes() })
  enter(core, channel)
}

/** What they said counts, as soon as they are admitted and we have opened. */
const enter = (core: Core, channel: Channel): void => {
  if (!channel.hasTold) return
  join(core, channel)
  showInterest(core, channel)
  seekSlot(core, channel)
  wake(core, channel)
}

/** @returns what is wrong with it */
export const onOpen = (core: Core, link: Link, open: MessageOf<'open'>): string | undefined => {
  const { number, group, content, credential } = open
  if (number < link.nextTheirs) return `it opened channel ${number} twice`
  link.nextTheirs = number + 1
  const key = channelKey(group, content)
  const transfer = core.transfers.get(content)
  if (transfer?.groups.has(group) !== true || !core.credentials.has(group) || transfer.blamed.has(link.peer.id)) return openUnknown(core, link, key, open)
  forgetUnknown(link, key)
  const channel = link.channels.get(key) ?? createChannel(core, link, transfer, group)
  // An open that crossed a close leaves a number here that its owner knows to be gone.
  if (channel.theirs !== undefined) {
    if (++channel.reopened > maxReopened) return 'it opens the same content again and again'
    chokeChannel(core, channel)
    forgetTheirs(core, channel)
  }
  channel.theirs = number
  channel.admission = 'asked'
  link.theirs.set(number, channel)
  core.effects.push({ type: 'admit', link: link.id, number, group, content, credential })
  return undefined
}

/** @returns the channel, if their open was still waiting: admitted now, or refused, which ends our side of it too */
export const onAdmitted = (core: Core, link: Link, number: number, ok: boolean): Channel | undefined => {
  const unknown = link.unknownKeys.get(number)
  if (unknown !== undefined) return refuse(core, link, number, unknown)
  const channel = link.theirs.get(number)
  if (channel?.admission !== 'asked') return undefined
  if (!ok) return refuse(core, link, number, channel.key)
  channel.admission = 'admitted'
  if (channel.ours === undefined) openChannel(core, link, channel.transfer, channel.group)
  else begin(core, channel)
  return channel
}

/** Refuses their open. @returns what we opened about the same, which ends with it */
const refuse = (core: Core, link: Link, number: number, key: string): Channel | undefined => {
  send(core, link, { type: 'refuse', number })
  forgetUnknown(link, key)
  const channel = link.channels.get(key)
  if (channel !== undefined) endChannel(core, channel)
  return channel
}

/** @returns the channel on which we are refused: whoever refuses ends its own side too */
export const onRefuse = (core: Core, link: Link, number: number): Channel | undefined => {
  const channel = link.ours.get(number)
  if (channel !== undefined) endChannel(core, channel)
  return channel
}

/** @returns what is wrong with it */
export const onPieces = (core: Core, channel: Channel, have: 'all' | Uint8Array): string | undefined => {
  if (channel.has !== undefined) return 'it told its pieces twice'
  try {
    channel.has = holdings(channel.transfer.pieces, have)
  } catch (error) {
    if (error instanceof RangeError) return `it told its pieces wrongly: ${error.message}`
    throw error
  }
  if (channel.admission === 'admitted') enter(core, channel)
  return undefined
}

/** @returns what is wrong with it */
export const onHave = (core: Core, channel: Channel, pieces: readonly PieceIndex[]): string | undefined => {
  if (channel.has === undefined) return 'it told of a piece before it told of all'
  let isNeeded = false
  for (const piece of pieces) {
    if (piece >= channel.transfer.pieces) return `it has piece ${piece} of ${channel.transfer.pieces}`
    if (gain(core, channel, piece)) isNeeded = true
  }
  if (!isNeeded) return undefined
  showInterest(core, channel)
  wake(core, channel)
  return undefined
}

/** What hung on their number ends. */
const forgetTheirs = (core: Core, channel: Channel): void => {
  const { link } = channel
  if (channel.theirs === undefined) return
  link.theirs.delete(channel.theirs)
  channel.theirs = undefined
  channel.admission = 'none'
  channel.wrong = undefined
  forgoAll(core, channel)
  leavePage(core, channel)
  part(channel)
  channel.has = undefined
  channel.isChoked = true
  channel.wanted = false
  dropRequests(core, channel)
  leaveSlots(core, channel)
  recount(core, channel)
}

/** What hung on our number ends: they answer nothing that we asked, and we owe them nothing. */
const forgetOurs = (core: Core, channel: Channel): void => {
  const { link } = channel
  if (channel.ours === undefined) return
  link.ours.delete(channel.ours)
  channel.ours = undefined
  channel.hasTold = false
  channel.wanting = false
  channel.isChoking = true
  forgoAll(core, channel)
  leavePage(core, channel)
  part(channel)
  dropRequests(core, channel)
  leaveSlots(core, channel)
  recount(core, channel)
}

const vanish = (channel: Channel): void => {
  const { link, transfer } = channel
  if (channel.ours !== undefined || channel.theirs !== undefined) return
  link.channels.delete(channel.key)
  link.held.delete(channel)
  transfer.channels.delete(channel)
  channel.timer.clear()
}

/** Ends the channel here, without a word: the other side said so, or the link is gone. */
export const endChannel = (core: Core, channel: Channel): void => {
  forgetUnknown(channel.link, channel.key)
  forgetOurs(core, channel)
  forgetTheirs(core, channel)
  core.starved.delete(channel)
  core.thirsty.delete(channel)
  vanish(channel)
}

/** Ends the channel, and says so. */
export const closeChannel = (core: Core, channel: Channel): void => {
  const { link, ours, theirs } = channel
  if (ours !== undefined) send(core, link, { type: 'close', number: ours })
  else if (theirs !== undefined) send(core, link, { type: 'refuse', number: theirs })
  endChannel(core, channel)
}
