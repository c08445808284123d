/** What the tracker is told of what we have and want, over a real service: what it knows when `settled` says so, and after failures. */
import { onTestFinished, expect, it } from 'vitest'
import memoryState from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'
import { ShoalError } from '../../src/contract/index.ts'
import type { Announcement, ContentId, GroupId, GroupName, TrackerSession } from '../../src/contract/index.ts'
import { createDiscovery } from '../../src/engine/discovery.ts'
import type { Discovery } from '../../src/engine/discovery.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { createMembership } from '../../src/membership/index.ts'
import { createProfile } from '../../src/profile/index.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import { quiet, virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'

const content = (digit: string): ContentId => digit.repeat(64) as ContentId

interface Trial {
  readonly discovery: Discovery
  readonly clock: VirtualClock
  readonly group: GroupId
  /** Announcements as they were made. */
  readonly said: Announcement[]
  readonly events: string[]
  /** Before an announcement reaches the tracker. */
  before: () => Promise<void>
}

const trial = async (): Promise<Trial> => {
  const state = await memoryState().create({ log: () => undefined })
  const service = await createTrackerService({ state, passwordCost: { memoryKiB: 8, passes: 1, lanes: 1 } })
  const tracker = await trackerLocal({ service }).create({ log: () => undefined })
  const device = await generateKey()
  await tracker.register('ann', 'secret')
  const real = await tracker.login('ann', 'secret', device)
  const profile = await createProfile(await memoryState().create({ log: () => undefined }))
  const membership = createMembership({ session: real, realm: service.realm, device, logs: profile.logs })
  const group = await membership.create('films' as GroupName)
  const clock = virtualClock()
  const parts = { said: [] as Announcement[], events: [] as string[], before: (): Promise<void> => Promise.resolve() }
  const session: TrackerSession = { ...real, async announce (announcement, signal) {
    parts.said.push(announcement)
    await Promise.race([parts.before(), new Promise((_resolve, reject) => { signal?.addEventListener('abort', () => { reject(signal.reason as Error) }) })])
    return real.announce(announcement, signal)
  } }
  const discovery = createDiscovery({
    session, clock, addresses: () => ['/memory/a'], transports: ['memory'], hungry: () => true, sighted: () => undefined,
    reachable: yes => { if (parts.events.at(-1) !== String(yes)) parts.events.push(String(yes)) },
    expired: error => { parts.events.push(error.code) }
  })
  onTestFinished(async () => { await discovery.stop(); await membership.stop(); await service.stop(); await state.stop() })
  return Object.assign(parts, { discovery, clock, group })
}

const brief = ({ sequence, full, added, removed }: Announcement): string =>
  `${sequence}${full ? ' full' : ''}${added.map(({ content: id, role }) => ` +${id[0]}:${role}`).join('')}${removed.map(({ content: id }) => ` -${id[0]}`).join('')}`

it('all is told first, then what differs, then nothing but that we are there', async () => {
  const t = await trial()
  await t.discovery.settled()
  t.discovery.announce({ group: t.group, content: content('a'), role: 'wanter' })
  await t.discovery.settled()
  t.discovery.announce({ group: t.group, content: content('a'), role: 'source' })
  t.discovery.announce({ group: t.group, content: content('b'), role: 'source' })
  await t.discovery.settled()
  t.discovery.withdraw(content('a'), t.group)
  await t.discovery.settled()
  await quiet()
  t.clock.advance(60_000)
  await quiet()
  expect(t.said.map(brief)).toEqual(['1 full', '2 +a:wanter', '3 +a:source +b:source', '4 -a', '5'])
})

it('settled waits for what was said before it, also when an announcement is under way', async () => {
  const t = await trial()
  await t.discovery.settled()
  const held = Promise.withResolvers<void>()
  t.before = () => held.promise
  t.discovery.announce({ group: t.group, content: content('a'), role: 'source' })
  await quiet()
  t.discovery.announce({ group: t.group, content: content('b'), role: 'source' })
  let isSettled = false
  const settled = t.discovery.settled().then(() => { isSettled = true })
  await quiet()
  expect(isSettled).toBe(false)
  expect(t.said.map(brief)).toEqual(['1 full', '2 +a:source'])
  held.resolve()
  await settled
  expect(t.said.map(brief)).toEqual(['1 full', '2 +a:source', '3 +b:source'])
})

it('after a failure everything is told again, in growing intervals, and nobody waits for it', async () => {
  const t = await trial()
  await t.discovery.settled()
  t.before = () => Promise.reject(new ShoalError('TRACKER_UNREACHABLE', 'Away.'))
  t.discovery.announce({ group: t.group, content: content('a'), role: 'source' })
  await t.discovery.settled()
  for (const ms of [250, 500, 1_000]) { t.clock.advance(ms); await quiet() }
  t.before = () => Promise.resolve()
  t.clock.advance(2_000)
  await quiet()
  expect(t.said.map(brief)).toEqual(['1 full', '2 +a:source', '3 full +a:source', '4 full +a:source', '5 full +a:source', '6 full +a:source'])
  expect(t.events).toEqual(['true', 'false', 'true'])
})

it('a session that is not accepted any more is told once, and nothing waits for it', async () => {
  const t = await trial()
  await t.discovery.settled()
  t.before = () => Promise.reject(new ShoalError('SESSION_EXPIRED', 'Log in again.'))
  t.discovery.announce({ group: t.group, content: content('a'), role: 'source' })
  await t.discovery.settled()
  t.discovery.announce({ group: t.group, content: content('b'), role: 'source' })
  await t.discovery.settled()
  t.clock.advance(600_000)
  await quiet()
  expect(t.events).toEqual(['true', 'SESSION_EXPIRED'])
  expect(t.said).toHaveLength(2)
  expect(t.clock.pending).toBe(0)
})

it('a stop does not wait for a tracker that does not answer', async () => {
  const t = await trial()
  await t.discovery.settled()
  t.before = () => new Promise(() => undefined)
  t.discovery.announce({ group: t.group, content: content('a'), role: 'source' })
  const settled = t.discovery.settled()
  await quiet()
  await t.discovery.stop()
  await settled
  expect(t.clock.pending).toBe(0)
})
