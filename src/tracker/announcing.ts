/** Takes announcements: checks them, keeps what a member may say of contents that the group has or had, and answers with whom to exchange. */
import { isHash, ShoalError } from '../contract/index.ts'
import type { Announced, Announcement, AnnounceReply, ContentId, Group, GroupId, PeerId, Sighting } from '../contract/index.ts'
import type { Catalog } from './catalog.ts'
import type { Clock } from './clock.ts'
import type { Groups } from './groups.ts'
import { trackerLimits, trackerTimes } from './limits.ts'
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

  /** The groups that it is about and that the user is in: those named and, when the device moved, those of all that it announced. */
  const read = async (login: Login, { added, seek, addresses }: Announcement): Promise<GroupsRead> => {
    const { user } = login
    const found = new Map<GroupId, Group>()
    const announced = addresses === undefined ? [] : [...presence.of(login)?.announced.values() ?? []]
    await Promise.all([...new Set([...added, ...seek, ...announced].map(item => item.group))].map(async id => {
      const group = (await groups.current(id))?.group
      if (group?.members.has(user) === true) found.set(id, group)
    }))
    return found
  }

  /** What may be announced. The rest is left out without an error: the device has not heard yet that it left, or that the file went. */
  const allowed = async (mine: GroupsRead, added: readonly Announced[]): Promise<readonly Announced[]> => {
    const asked = new Map<GroupId, Set<ContentId>>()
    for (const { group, content } of added) if (mine.has(group)) asked.set(group, (asked.get(group) ?? new Set()).add(content))
    const known = new Map(await Promise.all([...asked].map(async ([id, contents]) => [id, await catalog.known(id, contents)] as const)))
    return added.filter(({ group, content }) => known.get(group)?.has(content)).map(({ group, content, role }) => ({ group, content, role }))
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
        const mine = await read(login, announcement)
        const items = await allowed(mine, announcement.added)
        // from here on without waiting, so that nothing comes between
        if (presence.hasLeft(login)) throw sessionExpired()
        const known = presence.of(login)
        // the same sequence again: our answer was lost
        const follows = known !== undefined && known.sequence > 0 && (sequence === known.sequence || sequence === known.sequence + 1)
        if (!full && !follows) {
          if (known !== undefined) presence.heard(known)
          return { resync: true, sightings: [], heartbeatMs: trackerTimes.heartbeatMs }
        }
        if ((full ? 0 : known?.announced.size ?? 0) + items.length > trackerLimits.announcedPerDevice) {
          throw new ShoalError('LIMIT_REACHED', `Cannot announce more than ${trackerLimits.announcedPerDevice} contents from one device. Stop sharing some with \`stop_share\`.`)
        }
        // whoever goes on counting was online before this tracker started
        const device = known ?? presence.enter(login, sequence > 1 && clock.now() - startedAt < trackerTimes.quietStartMs)
        const news = take(device, announcement, full, items)
        tellOthers(presence, mine, device, news, random, (peer, sighting) => { parts.tell(peer, sighting) })
        return { resync: false, sightings: sightingsFor(presence, mine, device, items, seek, random), heartbeatMs: trackerTimes.heartbeatMs }
      })
    }
  }
}
