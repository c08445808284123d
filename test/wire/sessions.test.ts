import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rarestFirst } from '../../plugins/selector-rarest-first/index.ts'
import { bitfield, concatBytes, fullBitfield, leafBytes } from '../../src/contract/index.ts'
import type { ContentId, GroupId, Manifest, PeerId } from '../../src/contract/index.ts'
import type { Effect, Input } from '../../src/core/io.ts'
import { createSession } from '../../src/core/session.ts'
import { createCodec } from '../../src/wire/index.ts'
import { content, group } from './messages.ts'

/**
 * Two sessions on one link, through their codecs, while their users and the tracker do anything at any time and every port answers late: what one says, the
 * other's codec takes; what one asks, the other may answer. So the two readings of the protocol, core's and wire's, are one.
 */
const pieces = 40
const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', root: '0'.repeat(64), length: pieces * leafBytes, pieceLength: leafBytes }
const contents = [content('c'), content('d')]
/** Nobody touches this one, so that the link always has a use. */
const constant = content('e')
const groups = [group('a'), group('b')]
const quiet = group('f')
const block = new Uint8Array(leafBytes)

const createEnd = (peer: PeerId, far: PeerId, seed: number) => {
  const session = createSession({ peer, seed, selector: rarestFirst(), uploadSlots: 1 })
  const codec = createCodec()
  const hello = { type: 'hello', features: 0, agent: 'test' } as const
  const sent: Uint8Array[] = [concatBytes(...codec.encode(hello))]
  /** What the ports have not answered yet. */
  const pending: Input[] = []
  const ended: string[] = []
  const got = { pieces: 0 }

  const perform = (effect: Effect, admits: boolean): void => {
    switch (effect.type) {
      case 'send': sent.push(concatBytes(...codec.encode(effect.message))); return
      case 'unlink': ended.push(effect.why); return
      case 'admit': pending.push({ type: 'admitted', link: 1, number: effect.number, ok: admits }); return
      case 'prove': pending.push({ type: 'proved', content: effect.content, link: 1, first: effect.first, ok: true }); return
      case 'verify': pending.push({ type: 'verified', content: effect.content, piece: effect.piece, ok: true }); return
      case 'store': pending.push({ type: 'stored', content: effect.content, piece: effect.piece }); return
      case 'load': pending.push({ ...effect, type: 'loaded', data: block.subarray(0, effect.length) }); return
      case 'page': pending.push({ ...effect, type: 'paged', page: { hashes: new Uint8Array(effect.count * 32), proof: new Uint8Array(0) } }); return
      case 'emit': if (effect.event.type === 'piece') got.pieces++
        return
      case 'dial': pending.push({ type: 'undialed', peer: effect.peer })
    }
  }
  const feed = (input: Input, now: number, admits = true): void => {
    session.handle(input, now)
    for (let effect = session.poll(); effect !== undefined; effect = session.poll()) perform(effect, admits)
  }
  const added = (of: ContentId, all: boolean): Extract<Input, { type: 'added' }> => {
    const [have, pages] = all ? [fullBitfield(pieces), fullBitfield(1)] : [bitfield(pieces), bitfield(1)]
    return { type: 'added', content: of, manifest, groups, have: have.bytes(), pages: pages.bytes() }
  }
  return {
    feed, sent, ended, got, added,
    begin (now: number) {
      feed({ type: 'linked', link: 1, peer: far, inbound: peer > far }, now)
      for (const of of [...groups, quiet]) feed({ type: 'credential', group: of, credential: new Uint8Array(9) }, now)
      for (const of of contents) feed(added(of, peer > far), now)
      feed({ ...added(constant, true), groups: [quiet] }, now)
      for (const of of contents) feed({ type: 'sighted', content: of, group: group('a'), peer: far }, now)
      feed({ type: 'sighted', content: constant, group: quiet, peer: far }, now)
    },
    sighted: (of: ContentId, inGroup: GroupId): Input => ({ type: 'sighted', content: of, group: inGroup, peer: far }),
    removed: (of: GroupId): Input => ({ type: 'removed', group: of, peer: far }),
    take (from: Uint8Array[], count: number, now: number, admits: boolean) {
      for (const chunk of from.splice(0, count)) {
        for (const message of codec.decode(chunk)) if (message.type !== 'hello') feed({ type: 'message', link: 1, message }, now, admits)
      }
    },
    answer (count: number, now: number, admits: boolean) { for (const input of pending.splice(0, count)) feed(input, now, admits) }
  }
}

const weights = { add: 3, share: 3, drop: 1, regroup: 2, credential: 4, leave: 1, remove: 1, sight: 6, deliver: 60, answer: 60, wait: 10, rest: 2 }
type Deed = keyof typeof weights
const anyDeed = fc.oneof(...Object.entries(weights).map(([deed, weight]) => ({ arbitrary: fc.constant(deed as Deed), weight })))
const anyStep = fc.record({ deed: anyDeed, left: fc.boolean(), which: fc.nat(1), other: fc.nat(1), count: fc.integer({ min: 1, max: 6 }), admits: fc.oneof({ arbitrary: fc.constant(true), weight: 5 }, { arbitrary: fc.constant(false), weight: 1 }) })

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

const run = (steps: readonly Step[], seed: number): { readonly pieces: number, readonly ended: readonly string[] } => {
  const [left, right] = [createEnd('p1' as PeerId, 'p2' as PeerId, seed), createEnd('p2' as PeerId, 'p1' as PeerId, seed + 1)]
  let now = 0
  left.begin(now)
  right.begin(now)
  for (const { deed, left: isLeft, which, other, count, admits } of steps) {
    const [end, far] = isLeft ? [left, right] : [right, left]
    const of = contents[which] ?? content('c')
    const inGroup = groups[other] ?? group('a')
    if (left.ended.length + right.ended.length > 0) break
    switch (deed) {
      case 'add': end.feed(end.added(of, false), now); break
      case 'share': end.feed(end.added(of, true), now); break
      case 'drop': end.feed({ type: 'dropped', content: of }, now); break
      case 'regroup': end.feed({ type: 'regrouped', content: of, groups: count > 4 ? groups : count > 1 ? [inGroup] : [] }, now); break
      case 'credential': end.feed({ type: 'credential', group: inGroup, credential: new Uint8Array(9) }, now); break
      case 'leave': end.feed({ type: 'left', group: inGroup }, now); break
      case 'remove': end.feed(end.removed(inGroup), now); break
      case 'sight': end.feed(end.sighted(of, inGroup), now); break
      case 'deliver': end.take(far.sent, count, now, admits); break
      case 'answer': end.answer(count, now, admits); break
      case 'wait': now += 30 * count; for (const each of [left, right]) each.feed({ type: 'tick' }, now); break
      case 'rest': now += 3000; for (const each of [left, right]) each.feed({ type: 'tick' }, now); break
    }
  }
  return { pieces: left.got.pieces + right.got.pieces, ended: [...left.ended, ...right.ended] }
}

describe('two sessions on one link', () => {
  it('keep the rules of the wire, whatever they are told and however late', () => {
    let fetched = 0
    fc.assert(fc.property(fc.array(anyStep, { minLength: 150, maxLength: 400 }), fc.nat(), (steps, seed) => {
      const { pieces, ended } = run(steps, seed)
      expect(ended.filter(why => why.includes('protocol'))).toEqual([])
      fetched += pieces
    }), { numRuns: 300, seed: 42 }) // fixed: what fails here fails again; raise numRuns to search
    expect(fetched).toBeGreaterThan(300)
  })
})
