/**
 * Peers: who is dialed and when, and which of two links to one peer is kept. Owns backoff and crossing dials; what is opened on a link is opening.ts.
 */
import type { GroupId, PeerId } from '../contract/index.ts'
import type { Channel, Core, Link, Peer, Transfer } from './core.ts'
import type { LinkId } from './io.ts'
import { clearLink, createLink, endLink } from './link.ts'
import type { LinkTimers } from './link.ts'
import { forgetUnannounced, hasten, isDue, noteSighting, postpone, tryOpen } from './opening.ts'
import { isFetching } from './transfer.ts'

const firstWaitMs = 500
const mostWaitMs = 30_000
/** Where there is no place for another link, it is looked for again after this. */
const placeMs = 5_000
/** A peer whose link made place is not dialed for so long. */
const displacedMs = 60_000
/**
 * Who wants something dials, and who only has it waits so long: of two dials that cross, one is for nothing, and its handshakes hold up the other's. Who cannot be
 * reached is dialed then.
 */
const yieldMs = 500
/** A link that lasted so long was a success. */
const lastedMs = 10_000
/** A peer that we only serve is dialed so often without success, then left to dial us; one that we need, for two hours. */
const maxServingDials = 10
const maxDials = 250
/** Two dials cross if the links come within this of each other; else one side has lost the older one and the newer is kept. */
const crossingMs = 15_000

export const peerOf = (core: Core, id: PeerId): Peer => {
  const known = core.peers.get(id)
  if (known !== undefined) return known
  const peer: Peer = {
    id, link: undefined, isDialing: false, failures: 0, dialAt: 0, isPenalised: false, transfers: new Set(),
    timer: core.timers.timer(() => { consider(core, peer) })
  }
  core.peers.set(id, peer)
  return peer
}

/** Forgets a peer of whom nothing is known any more. */
export const tidy = (core: Core, peer: Peer): void => {
  if (peer.link !== undefined || peer.isDialing || peer.transfers.size > 0) return
  peer.timer.clear()
  if (peer.dialAt > core.now) peer.timer.set(peer.dialAt)
  else core.peers.delete(peer.id)
}

/** The time has come for a content and a peer: opens it, or dials first. */
const approach = (core: Core, transfer: Transfer, peer: Peer): void => {
  if (peer.link !== undefined) tryOpen(core, peer.link, transfer)
  else dialIfDue(core, peer, transfer)
}

export const onSighted = (core: Core, transfer: Transfer, group: GroupId, id: PeerId): void => {
  if (id === core.self) return
  const peer = peerOf(core, id)
  hasten(core, noteSighting(core, transfer, peer, group, true, () => { approach(core, transfer, peer) }))
  peer.failures = 0
  const at = core.now + (isFetching(transfer) ? 0 : yieldMs)
  // after a failed dial there is no longer wait than that; an offence is not forgiven
  if (!peer.isPenalised) peer.dialAt = peer.dialAt > core.now ? Math.min(peer.dialAt, at) : at
  approach(core, transfer, peer)
}

/** A peer proved that it takes part: its content may be opened to it again, over a link of its own. */
export const onProvedMember = (core: Core, { link: { peer }, transfer, group }: Channel): void => {
  hasten(core, noteSighting(core, transfer, peer, group, false, () => { approach(core, transfer, peer) }))
}

/** We were refused, or closed out: it is tried again later, if we want something. If the other side does, it will open by itself. */
export const retryLater = (core: Core, { link: { peer }, transfer, group }: Channel): void => {
  const sighting = transfer.sightings.get(peer.id)?.get(group)
  if (sighting !== undefined && isFetching(transfer)) postpone(core, sighting)
}

const wants = (core: Core, peer: Peer, transfer: Transfer): boolean => {
  if (peer.failures >= (isFetching(transfer) ? maxDials : maxServingDials)) return false
  for (const sighting of transfer.sightings.get(peer.id)?.values() ?? []) {
    if (sighting.isAnnounced && isDue(core, transfer, peer, sighting)) return true
  }
  return false
}

const dialIfDue = (core: Core, peer: Peer, transfer: Transfer): void => {
  if (peer.link !== undefined || peer.isDialing || !wants(core, peer, transfer)) return
  if (peer.dialAt > core.now) {
    peer.timer.set(peer.dialAt)
  } else if (core.links.size + core.dialing >= core.settings.maxLinks) {
    if (isFetching(transfer)) makePlace(core)
    peer.timer.set(core.now + placeMs)
  } else {
    peer.isDialing = true
    peer.isPenalised = false
    core.dialing++
    peer.timer.clear()
    core.effects.push({ type: 'dial', peer: peer.id })
  }
}

/** Whether neither side can ever need the other: both have everything that is open between them. One that is new may open something yet. */
const isNeedless = (core: Core, { channels, since }: Link): boolean => {
  if (core.now < since + placeMs) return false
  for (const { transfer, has } of channels.values()) if (!transfer.isComplete || (has?.count ?? 0) < transfer.pieces) return false
  return true
}

/** Ends a link that is of no use to anybody, for one that may be. */
const makePlace = (core: Core): boolean => {
  for (const link of core.links.values()) {
    if (link.isEnding || !isNeedless(core, link)) continue
    endLink(core, link, 'Its place is needed.', 'needless')
    // or it would be the first to take the place
    link.peer.dialAt = Math.max(link.peer.dialAt, core.now + displacedMs)
    return true
  }
  return false
}

/** Does what is due about a peer, for all its contents. */
export const consider = (core: Core, peer: Peer): void => {
  for (const transfer of peer.transfers) {
    approach(core, transfer, peer)
    if (peer.isDialing || (peer.link === undefined && peer.timer.at !== undefined)) return
  }
  tidy(core, peer)
}

const dialEnded = (core: Core, peer: Peer): void => {
  if (!peer.isDialing) return
  peer.isDialing = false
  core.dialing--
}

const backOff = (core: Core, peer: Peer): void => {
  const waitMs = Math.min(mostWaitMs, firstWaitMs * 2 ** Math.min(16, peer.failures++))
  peer.dialAt = Math.max(peer.dialAt, core.now + waitMs * (0.5 + core.random.next() / 2))
}

export const onUndialed = (core: Core, id: PeerId): void => {
  const peer = core.peers.get(id)
  if (peer?.isDialing !== true) return
  dialEnded(core, peer)
  backOff(core, peer)
  consider(core, peer)
}

/**
 * Whether the new of two links is the one to keep. Both sides come to the same answer: that of the lower peer id's dial stays, or, of one dialer, the newer. Whose dial was
 * turned down for the older link and who dials again does not have that one: it was killed and is back, perhaps, and our side has not noticed.
 */
const replaces = (core: Core, old: Link, inbound: boolean): boolean => {
  if (old.inbound === inbound || old.wasPreferred || core.now - old.since > crossingMs) return true
  const isLower = core.self < old.peer.id
  return inbound !== isLower
}

export const onLinked = (core: Core, id: LinkId, peerId: PeerId, inbound: boolean, run: LinkTimers): void => {
  const peer = peerOf(core, peerId)
  if (!inbound) dialEnded(core, peer)
  const old = peer.link
  const link = createLink(core, { id, peer, inbound }, run)
  core.links.set(id, link)
  if (peerId === core.self) {
    endLink(core, link, 'It leads to ourselves.', 'offence')
  } else if (old !== undefined && !replaces(core, old, inbound)) {
    old.wasPreferred = inbound
    endLink(core, link, 'There is another link to this peer.', 'needless')
  } else if (old === undefined && core.links.size + core.dialing - (peer.isDialing ? 1 : 0) > core.settings.maxLinks && !makePlace(core)) {
    endLink(core, link, 'There are too many links.', 'needless')
  } else {
    peer.link = link
    peer.timer.clear()
    if (old !== undefined) endLink(core, old, 'There is another link to this peer.', 'needless')
    // what we want first, in case there are more contents than a link has channels
    for (const transfer of peer.transfers) if (isFetching(transfer)) tryOpen(core, link, transfer)
    for (const transfer of peer.transfers) tryOpen(core, link, transfer)
  }
}

export const onUnlinked = (core: Core, id: LinkId): void => {
  const link = core.links.get(id)
  if (link === undefined) return
  const { peer } = link
  const wasTheLink = peer.link === link
  clearLink(core, link)
  core.links.delete(id)
  if (peer.link === undefined) forgetUnannounced(peer)
  if (wasTheLink && core.now - link.since < lastedMs) backOff(core, peer)
  else if (wasTheLink) peer.failures = 0
  if (peer.link === undefined) consider(core, peer)
}
