/** Contents and groups that come and go, by the user's or the membership's word. Owns what ends with them. */
import type { GroupId, PeerId } from '../contract/index.ts'
import { finish } from './asking.ts'
import { closeChannel } from './channel.ts'
import type { Core, Link, Transfer } from './core.ts'
import { consider, tidy } from './dialing.ts'
import { loseInterest } from './interest.ts'
import type { Input } from './io.ts'
import { endLink } from './link.ts'
import { forgetPeer, forgetSighting, hasten } from './opening.ts'
import { complete, storeAgain } from './storing.ts'
import { wakeTransfer } from './ready.ts'
import { createTransfer, isFetching } from './transfer.ts'

const sweepMs = 10_000

/** Closes channels of a transfer; a link on which nothing is left is of no use. */
const closeWhere = (core: Core, transfer: Transfer, isOver: (group: GroupId) => boolean): void => {
  for (const channel of [...transfer.channels]) {
    if (!isOver(channel.group)) continue
    closeChannel(core, channel)
    endIfEmpty(core, channel.link)
  }
}

const endIfEmpty = (core: Core, link: Link): void => {
  if (link.channels.size === 0) endLink(core, link, 'Nothing is shared over it any more.', 'needless')
}

export const onAdded = (core: Core, added: Extract<Input, { type: 'added' }>): void => {
  const before = core.transfers.get(added.content)
  if (before !== undefined) onDropped(core, before)
  const transfer: Transfer = createTransfer(core, added, {
    help: core.timers.timer(() => { wakeTransfer(core, transfer) }),
    store: core.timers.timer(() => { storeAgain(core, transfer) })
  })
  core.transfers.set(transfer.content, transfer)
  if (transfer.isComplete) complete(core, transfer)
  else if (core.sweep.at === undefined) core.sweep.set(core.now + sweepMs)
}

export const onDropped = (core: Core, transfer: Transfer): void => {
  core.transfers.delete(transfer.content)
  transfer.isFailed = true
  transfer.fresh = []
  closeWhere(core, transfer, () => true)
  for (const assembly of [...transfer.active.values()]) finish(core, assembly)
  transfer.helpTimer.clear()
  transfer.storeTimer.clear()
  for (const id of [...transfer.sightings.keys()]) {
    const peer = core.peers.get(id)
    if (peer === undefined) continue
    forgetPeer(transfer, peer)
    tidy(core, peer)
  }
}

export const onRegrouped = (core: Core, transfer: Transfer, groups: readonly GroupId[]): void => {
  transfer.groups.clear()
  for (const group of groups) transfer.groups.add(group)
  closeWhere(core, transfer, group => !transfer.groups.has(group))
  for (const id of [...transfer.sightings.keys()]) {
    const peer = core.peers.get(id)
    if (peer !== undefined) consider(core, peer)
  }
}

/** Sightings of a group that could not be acted on before, or were refused, are tried at once. */
export const onCredential = (core: Core, group: GroupId, credential: Uint8Array): void => {
  core.credentials.set(group, credential)
  for (const transfer of core.transfers.values()) {
    for (const groups of transfer.sightings.values()) {
      const sighting = groups.get(group)
      if (sighting !== undefined) hasten(core, sighting)
    }
  }
  for (const peer of [...core.peers.values()]) consider(core, peer)
}

export const onLeft = (core: Core, group: GroupId): void => {
  core.credentials.delete(group)
  for (const transfer of core.transfers.values()) {
    closeWhere(core, transfer, other => other === group)
    for (const id of [...transfer.sightings.keys()]) forgetOne(core, transfer, group, id)
  }
}

export const onRemoved = (core: Core, group: GroupId, id: PeerId): void => {
  const peer = core.peers.get(id)
  if (peer === undefined) return
  const { link } = peer
  for (const channel of [...link?.channels.values() ?? []]) if (channel.group === group) closeChannel(core, channel)
  if (link !== undefined) endIfEmpty(core, link)
  for (const transfer of [...peer.transfers]) forgetOne(core, transfer, group, id)
}

const forgetOne = (core: Core, transfer: Transfer, group: GroupId, id: PeerId): void => {
  const peer = core.peers.get(id)
  if (peer === undefined) return
  forgetSighting(transfer, peer, group)
  tidy(core, peer)
}

/** Once in a while: tells peers that had nothing for us for a whole round that we want nothing of them, so that they can serve others. */
export const sweep = (core: Core): void => {
  let again = false
  for (const transfer of core.transfers.values()) {
    if (!isFetching(transfer)) continue
    again = true
    for (const channel of transfer.channels) {
      if (channel.isUseless && channel.useful === 0) loseInterest(core, channel)
      channel.isUseless = channel.useful === 0
    }
  }
  if (again) core.sweep.set(core.now + sweepMs)
}
