/** Who is told of whom: of those who announced the same content of the same group, a few by chance. Pure but for the presence that it reads. */
import type { Announced, ContentId, Group, GroupId, PeerId, Sighting } from '../contract/index.ts'
import { trackerLimits } from './limits.ts'
import { announcedKey } from './presence.ts'
import type { OnlineDevice, Presence } from './presence.ts'

/** Groups as read for this announcement: whoever is no member there is neither told nor told of. */
export type GroupsRead = ReadonlyMap<GroupId, Group>

/** Enough to choose from; a device that announces very many contents is not told of the rest until it asks. */
const poolSize = 10 * trackerLimits.sightings

/** At most `count` of them, each as likely as the others, in an order drawn. */
const some = <T>(all: readonly T[], count: number, random: () => number): readonly T[] => {
  const pool = [...all]
  for (let at = 0; at < Math.min(count, pool.length); at++) {
    const other = at + Math.floor(random() * (pool.length - at))
    const [mine, its] = [pool[at] as T, pool[other] as T]
    pool[at] = its
    pool[other] = mine
  }
  return pool.slice(0, count)
}

const sightingOf = (device: OnlineDevice, { group, content, role }: Announced): Sighting =>
  ({ group, content, role, peer: device.peer, user: device.user, addresses: device.addresses })

/** Sources have nothing to say to each other: at least one of two wants it. */
const meet = (a: Announced['role'], b: Announced['role']): boolean => a === 'wanter' || b === 'wanter'

const othersFor = (presence: Presence, groups: GroupsRead, device: OnlineDevice, item: Announced): readonly { readonly other: OnlineDevice, readonly its: Announced }[] => {
  const group = groups.get(item.group)
  if (group === undefined) return []
  return presence.announcers(item.group, item.content).flatMap(other => {
    const its = other.announced.get(announcedKey(item))
    return its !== undefined && other.peer !== device.peer && group.members.has(other.user) && meet(its.role, item.role) ? [{ other, its }] : []
  })
}

/** Whom a device is told of for what it just announced and, first, for what it seeks. */
export const sightingsFor = (
  presence: Presence, groups: GroupsRead, device: OnlineDevice, added: readonly Announced[],
  seek: readonly { readonly group: GroupId, readonly content: ContentId }[], random: () => number
): readonly Sighting[] => {
  const sought = seek.flatMap(wanted => device.announced.get(announcedKey(wanted)) ?? [])
  const gather = (items: readonly Announced[]): Sighting[] => {
    const found = new Map<string, Sighting>()
    for (const item of some(items, items.length, random)) {
      const others = some(othersFor(presence, groups, device, item), trackerLimits.sightings, random)
      for (const { other, its } of others) found.set(`${other.peer}/${announcedKey(its)}`, sightingOf(other, its))
      if (found.size >= poolSize) break
    }
    return [...found.values()]
  }
  const first = some(gather(sought), trackerLimits.sightings, random)
  const soughtKeys = new Set(sought.map(announcedKey))
  const rest = gather(added.filter(item => !soughtKeys.has(announcedKey(item))))
  return [...first, ...some(rest, trackerLimits.sightings - first.length, random)]
}

/** Tells some of the others of this device, at once: a peer behind a NAT can be reached only by dialing out itself. */
export const tellOthers = (
  presence: Presence, groups: GroupsRead, device: OnlineDevice, items: readonly Announced[], random: () => number, tell: (peer: PeerId, sighting: Sighting) => void
): void => {
  for (const item of items) {
    for (const { other } of some(othersFor(presence, groups, device, item), trackerLimits.sightedByOne, random)) tell(other.peer, sightingOf(device, item))
  }
}
