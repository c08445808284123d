/**
 * Which contents are opened to which peers, and when again after a refusal. Owns sightings. A content is opened only to peers that were sighted for it, or
 * were admitted for it: to anyone else the open itself would tell that we have it.
 */
import type { GroupId } from '../contract/index.ts'
import { channelKey, openChannel } from './channel.ts'
import type { Core, Link, Peer, Sighting, Transfer } from './core.ts'

const firstWaitMs = 1_000
const mostWaitMs = 30_000
/** The protocol knows 4,096 channels of one side on a link: some are left for what the other side opens. */
const maxOpened = 3_000
/** Peers remembered per content; the tracker names 50 at a time. Beyond it those sighted first are forgotten. */
const maxSighted = 500

/** @param isAnnounced whether the tracker said so, so that the peer may be dialed. @param due runs when a wait is over */
export const noteSighting = (core: Core, transfer: Transfer, peer: Peer, group: GroupId, isAnnounced: boolean, due: () => void): Sighting => {
  const groups = transfer.sightings.get(peer.id) ?? new Map<GroupId, Sighting>()
  const sighting = groups.get(group) ?? { group, isAnnounced, tries: 0, openAt: core.now, timer: core.timers.timer(due) }
  sighting.isAnnounced ||= isAnnounced
  groups.set(group, sighting)
  transfer.sightings.set(peer.id, groups)
  peer.transfers.add(transfer)
  if (transfer.sightings.size > maxSighted) {
    for (const id of transfer.sightings.keys()) {
      const first = core.peers.get(id)
      if (first !== undefined && first !== peer) forgetPeer(transfer, first)
      break
    }
  }
  return sighting
}

/** The sighting was refused, or closed: it is tried again later. */
export const postpone = (core: Core, sighting: Sighting): void => {
  const waitMs = Math.min(mostWaitMs, firstWaitMs * 2 ** sighting.tries++)
  sighting.openAt = core.now + waitMs * (0.75 + core.random.next() / 4)
  sighting.timer.set(sighting.openAt)
}

/** It is tried at once. */
export const hasten = (core: Core, sighting: Sighting): void => {
  sighting.tries = 0
  sighting.openAt = core.now
  sighting.timer.clear()
}

const forgetGroup = (groups: Map<GroupId, Sighting>, group: GroupId): void => {
  groups.get(group)?.timer.clear()
  groups.delete(group)
}

export const forgetPeer = (transfer: Transfer, peer: Peer): void => {
  const groups = transfer.sightings.get(peer.id)
  for (const group of [...groups?.keys() ?? []]) if (groups !== undefined) forgetGroup(groups, group)
  transfer.sightings.delete(peer.id)
  peer.transfers.delete(transfer)
}

export const forgetSighting = (transfer: Transfer, peer: Peer, group: GroupId): void => {
  const groups = transfer.sightings.get(peer.id)
  if (groups === undefined) return
  forgetGroup(groups, group)
  if (groups.size === 0) forgetPeer(transfer, peer)
}

/** The peer is gone, and for what only itself had said, it has to come back by itself. */
export const forgetUnannounced = (peer: Peer): void => {
  for (const transfer of [...peer.transfers]) {
    for (const { group, isAnnounced } of [...transfer.sightings.get(peer.id)?.values() ?? []]) {
      if (!isAnnounced) forgetSighting(transfer, peer, group)
    }
  }
}

/** Whether a sighting may be acted on now. */
export const isDue = (core: Core, transfer: Transfer, peer: Peer, { group, openAt }: Sighting): boolean =>
  openAt <= core.now && transfer.groups.has(group) && core.credentials.has(group) && !transfer.blamed.has(peer.id)

/** Opens a content on a link, in one group: of those in question the first by name, so that both sides choose the same. */
export const tryOpen = (core: Core, link: Link, transfer: Transfer): void => {
  if (link.isEnding || link.ours.size >= maxOpened) return
  let chosen: GroupId | undefined
  for (const sighting of transfer.sightings.get(link.peer.id)?.values() ?? []) {
    if (link.channels.get(channelKey(sighting.group, transfer.content))?.ours !== undefined) return
    if (isDue(core, transfer, link.peer, sighting) && (chosen === undefined || sighting.group < chosen)) chosen = sighting.group
  }
  if (chosen !== undefined) openChannel(core, link, transfer, chosen)
}
