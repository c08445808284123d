/**
 * Takes announcements: checks them, keeps what a member says of a group's contents, and answers with whom to exchange. A content need not be in the
 * catalog yet when it is announced, so that it does not matter which of the two the tracker hears first; only then is anyone told.
 */
import { isHash, ShoalError } from '../contract/index.ts'
import type { Announced, Announcement, AnnounceReply, ContentId, Group, GroupId, PeerId, Sighting, UserName } from '../contract/index.ts'
import type { Catalog } from './catalog.ts'
import type { Clock } from './clock.ts'
import type { Groups } from './groups.ts'
import { trackerLimits, trackerTimes } from './limits.ts'
import { lru } from './lru.ts'
import { announcedKey } from './presence.ts'
import type { Login, OnlineDevice, Presence } from './presence.ts'
import { keyedQueue } from './queue.ts'
import { sightingsFor, tellOthers } from './sightings.ts'
import type { GroupsRead } from './sightings.ts'
import { sessionExpired } from './tokens.ts'

export interface Announcing { announce (login: Login, announcement: Announcement): Promise<AnnounceReply> }

export interface AnnouncingParts {
  readonly groups: Groups
  readonly catalog: Catalog
  readonly presence: Presence
  readonly clock: Clock
  readonly random: () => number
  tell (peer: PeerId, sighting: Sighting): void
}

const refuse = (why: string): ShoalError => new ShoalError('BAD_REQUEST', `Cannot take this announcement: ${why}. Update the peer.`)

const roles: ReadonlySet<string> = new Set<Announced['role']>(['source', 'wanter'])
const addressForm = /^(?:\/[!-.0-~]+)+$/
const transportForm = /^[a-z0-9-]{1,32}$/

/** A device speaks of itself only: where an address ends with a peer id, it is its own. */
const isOwnAddress = (address: string, peer: PeerId): boolean => {
  if (address.length > trackerLimits.addressCharacters || !addressForm.test(address)) return false
  const [name, last] = address.split('/').slice(-2)
  return name !== 'p2p' || last === peer
}

const checkForm = ({ sequence, added, removed, addresses = [], transports = [], seek }: Announcement, peer: PeerId): void => {
  if (!Number.isSafeInteger(sequence) || sequence < 1) throw refuse('its sequence is not 1 or above')
  if (addresses.length > trackerLimits.addresses || !addresses.every(address => isOwnAddress(address, peer))) throw refuse(`its addresses are more than ${trackerLimits.addresses}, or not multiaddrs of this device`)
  if (transports.length > trackerLimits.transports || !transports.every(name => transportForm.test(name))) throw refuse('its transports are too many, or no names')
  if (seek.length > trackerLimits.seek) throw refuse(`it seeks more than ${trackerLimits.seek} contents`)
  for (const { group, content } of [added, removed, seek].flat()) if (!isHash(group) || !isHash(content)) throw refuse('an id in it is not 64 hex digits')
  for (const { role } of added) if (!roles.has(role)) throw refuse('a role in it is not known')
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((text, i) => text === b[i])

export const openAnnouncing = (parts: AnnouncingParts): Announcing => {
  const { groups, catalog, presence, clock, random } = parts
  const queue = keyedQueue()
  const startedAt = clock.now()
  const everKnown = lru<string, true>(trackerLimits.announcedPerDevice)

  /** Those of the groups that the user is in. */
  const read = async (user: UserName, ids: ReadonlySet<GroupId>): Promise<GroupsRead> => {
    const found = new Map<GroupId, Group>()
    await Promise.all([...ids].map(async id => {
      const group = (await groups.current(id))?.group
      if (group?.members.has(user) === true) found.set(id, group)
    }))
    return found
  }

  /** Those contents that the group has, or had lately: of others nobody is told. Once known is known for good. */
  const knownOf = async (mine: GroupsRead, items: readonly Pick<Announced, 'group' | 'content'>[]): Promise<ReadonlySet<string>> => {
    const found = new Set<string>()
    const asked = new Map<GroupId, Set<ContentId>>()
    for (const item of items) {
      const key = announcedKey(item)
      if (everKnown.get(key) === true) found.add(key)
      else if (mine.has(item.group)) asked.set(item.group, (asked.get(item.group) ?? new Set()).add(item.content))
    }
    await Promise.all([...asked].map(async ([group, contents]) => {
      for (const content of await catalog.known(group, contents)) {
        const key = announcedKey({ group, content })
        everKnown.set(key, true)
        found.add(key)
      }
    }))
    return found
  }

  /** @returns what others should hear of */
  const take = (device: OnlineDevice, { sequence, removed, addresses, transports }: Announcement, full: boolean, items: readonly Announced[]): readonly Announced[] => {
    const moved = addresses !== undefined && !sameTexts(addresses, device.addresses) && device.sequence > 0
    if (addresses !== undefined) device.addresses = [...addresses]
    if (transports !== undefined) device.transports = [...transports]
    if (full) {
      const now = new Set(items.map(announcedKey))
      for (const [key, old] of [...device.announced]) if (!now.has(key)) presence.withdraw(device, old)
    }
    const news = items.filter(item => device.announced.get(announcedKey(item))?.role !== item.role)
    for (const old of removed) presence.withdraw(device, old)
    for (const item of items) presence.announce(device, item)
    device.sequence = sequence
    presence.heard(device)
    return moved ? [...device.announced.values()] : news
  }

  return {
    async announce (login, announcement) {
      checkForm(announcement, login.device)
      const { sequence, seek } = announcement
      const full = announcement.full || sequence === 1
      return await queue.run(login.device, async () => {
        // a device that moved is told of again, for all that it announced
        const moving = announcement.addresses === undefined ? [] : [...presence.of(login)?.announced.values() ?? []]
        const mine = await read(login.user, new Set([...announcement.added, ...seek, ...moving].map(item => item.group)))
        // the rest is left out without an error: the device has not heard yet that it is out of that group
        const items = announcement.added.filter(({ group }) => mine.has(group)).map(({ group, content, role }) => ({ group, content, role }))
        const known = await knownOf(mine, [...items, ...seek, ...moving])
        // from here on without waiting, so that nothing comes between
        if (presence.hasLeft(login)) throw sessionExpired()
        const before = presence.of(login)
        // the same sequence again: our answer was lost
        const follows = before !== undefined && before.sequence > 0 && (sequence === before.sequence || sequence === before.sequence + 1)
        if (!full && !follows) {
          if (before !== undefined) presence.heard(before)
          return { resync: true, sightings: [], heartbeatMs: trackerTimes.heartbeatMs }
        }
        if ((full ? 0 : before?.announced.size ?? 0) + items.length > trackerLimits.announcedPerDevice) {
          throw new ShoalError('LIMIT_REACHED', `Cannot announce more than ${trackerLimits.announcedPerDevice} contents from one device. Stop sharing some with \`stop_share\`.`)
        }
        // whoever goes on counting was online before this tracker started
        const device = before ?? presence.enter(login, sequence > 1 && clock.now() - startedAt < trackerTimes.quietStartMs)
        const tellable = <T extends Pick<Announced, 'group' | 'content'>>(all: readonly T[]): readonly T[] => all.filter(item => known.has(announcedKey(item)))
        const news = tellable(take(device, announcement, full, items))
        tellOthers(presence, mine, device, news, random, (peer, sighting) => { parts.tell(peer, sighting) })
        return { resync: false, sightings: sightingsFor(presence, mine, device, tellable(items), tellable(seek), random), heartbeatMs: trackerTimes.heartbeatMs }
      })
    }
  }
}
