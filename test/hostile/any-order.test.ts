/**
 * The seam between session and codec: whatever a member says, in whatever order, this side never says something that its own protocol forbids. If it did,
 * the peer would end with a bug of its own, brought about by a stranger. And whatever was said leaves nothing behind that keeps the next, honest source from
 * bringing the content.
 */
import { expect, test } from 'vitest'
import type { Message } from '../../src/core/message.ts'
import { meetMember } from './member-at-random.ts'
import type { Encounter } from './member-at-random.ts'

const runs = Number(process.env['RUNS'] ?? 200)
const first = Number(process.env['SEED'] ?? 1)

const forEachSeed = (steps: number, look: (encounter: Encounter) => void): void => {
  for (let seed = first; seed < first + runs; seed++) {
    try { look(meetMember(seed, steps)) } catch (cause) { throw new Error(`With SEED=${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }) }
  }
}

test('a member who says anything in any order never makes this side say what the protocol forbids', () => {
  const all = new Map<Message['type'], number>()
  forEachSeed(400, ({ said }) => { for (const [type, count] of said) all.set(type, (all.get(type) ?? 0) + count) })
  // or it would show nothing: every type that a session says was said, many times
  const often = [...all].filter(([, count]) => count > 100).map(([type]) => type)
  expect(often.sort()).toEqual(['ask-hashes', 'block', 'choke', 'close', 'hashes', 'have', 'no-hashes', 'open', 'pieces', 'refuse', 'reject', 'request', 'want'])
})

test('a member who said anything in any order does not keep an honest source from bringing the content', () => {
  forEachSeed(60, encounter => { expect(encounter.rescue()).toBeLessThan(120_000) })
})
