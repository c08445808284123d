/** The tracker as one logged-in device sees it: puts the parts together behind TrackerSession. Each call first asks whether the session still is one. */
import type { GroupId, OnlinePeer, TrackerSession } from '../contract/index.ts'
import type { SessionToken } from '../core/vouch.ts'
import { credentialLifeMs } from '../core/credential.ts'
import type { Announcing } from './announcing.ts'
import type { Catalog } from './catalog.ts'
import type { Clock } from './clock.ts'
import type { GroupLog } from './group-log.ts'
import { absentGroup } from './groups.ts'
import type { Groups } from './groups.ts'
import type { RealmKey } from './keys.ts'
import { trackerTimes } from './limits.ts'
import type { Login, Presence } from './presence.ts'
import type { Sharing } from './sharing.ts'
import type { Tokens } from './tokens.ts'
import type { Watching } from './watching.ts'

export interface TrackerParts {
  readonly realmKey: RealmKey
  readonly clock: Clock
  /** Unix ms. */
  readonly startedAt: number
  readonly credentialMs: number
  readonly tokens: Tokens
  readonly groups: Groups
  readonly groupLog: GroupLog
  readonly catalog: Catalog
  readonly sharing: Sharing
  readonly presence: Presence
  readonly announcing: Announcing
  readonly watching: Watching
}

export const defaultCredentialMs = credentialLifeMs

export const openSession = (parts: TrackerParts, token: SessionToken, vouch: Uint8Array): TrackerSession => {
  const { tokens, groups, groupLog, catalog, sharing, presence, announcing, watching, realmKey, clock } = parts
  const { user, device, sessionId } = token
  const login: Login = { user, device, sessionId }

  const live = async (signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    await tokens.check(token)
  }

  const credential = async (id: GroupId): Promise<Uint8Array> => {
    const group = await groups.ofMember(id, user)
    if (group.members.get(user)?.devices.includes(device) !== true) throw absentGroup()
    return await realmKey.credential({
      format: 1, realm: realmKey.realm.pin, group: id, user, device, role: group.owner === user ? 'owner' : 'member',
      seq: group.head.seq, notAfter: clock.now() + parts.credentialMs
    })
  }

  const peers = async (): Promise<readonly OnlinePeer[]> => {
    const found = new Map<string, OnlinePeer & { groups: OnlinePeer['groups'][number][] }>()
    for (const { id, membership } of await groups.memberships(user)) {
      const group = membership.state === 'requested' ? undefined : (await groups.current(id))?.group
      if (group === undefined) continue
      for (const [other, devices] of presence.users()) {
        if (!group.members.has(other)) continue
        for (const { peer, since, transports } of devices) {
          if (peer === device) continue
          const online = found.get(peer) ?? { user: other, peer, since, transports, groups: [] }
          online.groups.push(group.name)
          found.set(peer, online)
        }
      }
    }
    return [...found.values()].map(online => ({ ...online, groups: online.groups.toSorted() }))
  }

  async function * watch (from: string | undefined, signal: AbortSignal) {
    if (signal.aborted) return
    await live(undefined)
    const quiet = from !== undefined && clock.now() - parts.startedAt < trackerTimes.quietStartMs
    for await (const event of watching.watch(login, from, signal, () => presence.watched(login, quiet))) {
      if (clock.now() >= token.expires) await live(undefined)
      yield event
    }
  }

  return {
    user, device, vouch,
    async logout (signal) {
      await live(signal)
      await tokens.revoke(token)
      presence.leave(login)
      watching.end(other => other.sessionId === sessionId)
    },
    async groups ({ name, signal } = {}) { await live(signal); return await groups.list(user, name) },
    async createGroup (genesis, signal) { await live(signal); return await groupLog.create(login, genesis) },
    async log (group, from, signal) { await live(signal); return await groups.log(group, user, from) },
    async append (group, entry, signal) { await live(signal); return await groupLog.append(login, group, entry) },
    async credential (group, signal) { await live(signal); return await credential(group) },
    async files (group, { name, after, signal } = {}) {
      await live(signal)
      const now = await groups.ofMember(group, user)
      return name === undefined ? await catalog.page(now, after) : await catalog.one(now, name)
    },
    async share (group, file, signal) { await live(signal); return await sharing.share(login, group, file) },
    async unshare (group, name, signal) { await live(signal); await sharing.unshare(login, group, name) },
    async announce (announcement, signal) { await live(signal); return await announcing.announce(login, announcement) },
    async peers (signal) { await live(signal); return await peers() },
    watch
  }
}
