/** People at a trial tracker, for the tests of membership: one new tracker for each test. */
import { beforeEach, onTestFinished } from 'vitest'
import memoryPlugin from 'shoal/plugins/state-memory'
import type { GroupId, GroupListing, GroupLogs, GroupName, LogAction, Removal, State } from '../../src/contract/index.ts'
import { createMembership } from '../../src/membership/index.ts'
import type { GroupMembership } from '../../src/membership/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'
import { keyOf, user } from '../core/cast.ts'
import { trialTracker } from './trial-tracker.ts'
import type { TrialTracker } from './trial-tracker.ts'

export const team = 'team' as GroupName
export const keys = { alice: await keyOf(1), laptop: await keyOf(2), bob: await keyOf(3), carol: await keyOf(4), phone: await keyOf(5), mallory: await keyOf(6) }

export interface Person { readonly membership: GroupMembership, readonly key: SigningKey, readonly state: State, readonly logs: GroupLogs, readonly lines: string[] }

export let tracker: TrialTracker
beforeEach(async () => { tracker = await trialTracker() })

/** Logs somebody in, on a device with a state of its own or that of before. */
export const person = async (name: string, key: SigningKey, before?: Person): Promise<Person> => {
  const state = before?.state ?? await memoryPlugin().create({ log: () => undefined })
  const { logs } = await createProfile(state)
  const lines: string[] = []
  const session = await tracker.login(name, key)
  const membership = createMembership({ session, realm: tracker.realm, device: key, logs, now: () => tracker.now, log: line => { lines.push(line) } })
  onTestFinished(() => membership.stop())
  return { membership, key, state, logs, lines }
}

export const listing = async (name = 'nobody'): Promise<GroupListing> => {
  const [found] = await (await tracker.login(name, keys.mallory)).groups({ name: team })
  if (found === undefined) throw new Error('There is no team.')
  return found
}
export const accept = async (owner: Person, id: GroupId, name: string): Promise<void> => {
  await owner.membership.act(id, group => ({ kind: 'accept', user: user(name), request: group.requests.get(user(name))?.hash ?? '' }))
}
export const remove = (name: string) => (): LogAction => ({ kind: 'remove', user: user(name) })

/** Alice owns the team, bob is in it. */
export const team2 = async (): Promise<{ readonly alice: Person, readonly bob: Person, readonly id: GroupId }> => {
  const alice = await person('alice', keys.alice)
  const bob = await person('bob', keys.bob)
  const id = await alice.membership.create(team)
  await bob.membership.request(await listing())
  await accept(alice, id, 'bob')
  return { alice, bob, id }
}
export const admitted = async (to: Person, from: Person, id: GroupId): Promise<unknown> => to.membership.admits(from.key.peer, id, await from.membership.mine(id))
export const collect = (membership: GroupMembership): Removal[] => {
  const heard: Removal[] = []
  const end = new AbortController()
  onTestFinished(() => { end.abort() })
  const changes = membership.changes(end.signal)
  void (async () => { for await (const removal of changes) heard.push(removal) })()
  return heard
}
