import { afterAll, expect, it } from 'vitest'
import memoryPlugin from 'shoal/plugins/state-memory'
import localPlugin from 'shoal/plugins/tracker-local'
import type { GroupListing, GroupName } from '../../src/contract/index.ts'
import { successorOf } from '../../src/core/group.ts'
import { createMembership } from '../../src/membership/index.ts'
import type { GroupMembership } from '../../src/membership/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'
import { user } from '../core/cast.ts'

const context = { log: () => undefined }
const memory = (): ReturnType<ReturnType<typeof memoryPlugin>['create']> => memoryPlugin().create(context)
const service = await createTrackerService({ state: await memory(), passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
const tracker = await localPlugin({ service }).create(context)
const laidDown: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const layDown of laidDown) await layDown()
  await service.stop()
})

interface Peer { readonly membership: GroupMembership, readonly device: SigningKey, listing (name: string): Promise<GroupListing> }

const login = async (name: string): Promise<Peer> => {
  const profile = await createProfile(await memory())
  const device = await profile.deviceKey()
  await tracker.register(name, 'secret').catch(() => undefined)
  const session = await tracker.login(name, 'secret', device)
  const membership = createMembership({ session, realm: await tracker.realm(), device, logs: profile.logs })
  laidDown.push(() => membership.stop())
  return {
    membership, device,
    async listing (wanted) {
      const [found] = await session.groups({ name: wanted })
      if (found === undefined) throw new Error(`There is no ${wanted}.`)
      return found
    }
  }
}

it('a group lives its life at a real tracker', async () => {
  const [alice, laptop, bob, carol] = [await login('alice'), await login('alice'), await login('bob'), await login('carol')]
  const id = await alice.membership.create('team' as GroupName)
  for (const each of [bob, carol]) await each.membership.request(await each.listing('team'))
  for (const name of ['bob', 'carol']) {
    await laptop.membership.act(id, group => ({ kind: 'accept', user: user(name), request: group.requests.get(user(name))?.hash ?? '' }))
  }
  const bobs = await bob.membership.mine(id)
  expect(await carol.membership.admits(bob.device.peer, id, bobs)).toEqual({ ok: true, user: 'bob' })
  expect(await carol.membership.admits(laptop.device.peer, id, await laptop.membership.mine(id))).toEqual({ ok: true, user: 'alice' })
  await alice.membership.act(id, () => ({ kind: 'remove', user: user('bob') }))
  await carol.membership.refresh(id)
  expect(await carol.membership.admits(bob.device.peer, id, bobs)).toMatchObject({ ok: false })
  const after = await alice.membership.act(id, group => ({ kind: 'leave', user: user('alice'), successor: successorOf(group) ?? user('') }))
  expect(after.owner).toBe('carol')
  await expect(laptop.membership.group(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(bob.membership.mine(id)).resolves.toBe(bobs)
  await bob.membership.refresh(id)
  await expect(bob.membership.mine(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await carol.membership.act(id, () => ({ kind: 'leave', user: user('carol') }))).dissolved).toBe(true)
})
