/**
 * The seam between session and codec: whatever a member says, in whatever order, this side never says something that its own protocol forbids. If it did,
 * the peer would end with a bug of its own, brought about by a stranger. Real session and real codec, virtual time, everything answered at random.
 */
import { describe, expect, test } from 'vitest'
import { bitfield, fullBitfield, hashPage, pieceBytes, pieceCount } from '../../src/contract/index.ts'
import type { ContentId, GroupId, Manifest, PeerId } from '../../src/contract/index.ts'
import type { Effect, Input, LinkId } from '../../src/core/io.ts'
import type { BlockRange, Message } from '../../src/core/message.ts'
import { random } from '../../src/core/random.ts'
import { createSession } from '../../src/core/session.ts'
import { createCodec, ProtocolError } from '../../src/wire/index.ts'
import { encode } from '../../src/wire/encoder.ts'
import type { Stamp } from '../../src/wire/forms.ts'

const leaf = 16 * 1024
const home = 'a'.repeat(64) as GroupId
const other = 'b'.repeat(64) as GroupId
const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', root: 'c'.repeat(64), length: 6 * 2 * leaf + 5, pieceLength: 2 * leaf }
const pieces = pieceCount(manifest)
const [shared, wanted, unknown] = ['d', 'e', 'f'].map(letter => letter.repeat(64) as ContentId) as [ContentId, ContentId, ContentId]
const contents = [shared, wanted, shared, wanted, unknown]
const it = 'it' as PeerId
const good = new Uint8Array([1])

interface Opened { readonly number: number, readonly content: ContentId, readonly group: GroupId }
/** A channel of the member's, and what it said on it. */
interface Own extends Opened { told: boolean }

/** One run: a member who draws what it says. @returns how often each message type was said to it */
const converse = (seed: number, steps: number): Map<Message['type'], number> => {
  const chance = random(seed)
  const one = <T>(from: readonly T[]): T | undefined => from[chance.below(from.length)]
  const odds = (percent: number): boolean => chance.below(100) < percent
  const session = createSession({ peer: 'me' as PeerId, seed, selector: { select: view => view.byRarity() } })
  const said = new Map<Message['type'], number>()
  let now = 0
  let link = 0
  let codec = createCodec()
  let waiting: (() => void)[] = []
  /** What each side opened on this link, what we were asked for, what we answered. */
  let mine: Own[] = []
  let theirs: (Opened & { choked: boolean })[] = []
  let asked: (BlockRange & { readonly number: number })[] = []
  let askedPages: { readonly number: number, readonly first: number, readonly count: number }[] = []
  let chokes = new Map<number, number>()
  let closes = 0
  let next = 0

  const feed = (input: Input): void => {
    session.handle(input, now)
    for (let effect = session.poll(); effect !== undefined; effect = session.poll()) perform(effect)
  }
  const later = (run: () => void): void => { waiting.push(run) }

  const same = (a: Opened | undefined) => (b: Opened): boolean => a !== undefined && a.content === b.content && a.group === b.group
  /** The channels of both sides about it are no more. */
  const forget = (ended: Opened | undefined): void => {
    const isOther = (opened: Opened): boolean => !same(ended)(opened)
    mine = mine.filter(isOther)
    theirs = theirs.filter(isOther)
  }

  const hear = (message: Message): void => {
    said.set(message.type, (said.get(message.type) ?? 0) + 1)
    switch (message.type) {
      case 'open': theirs.push({ ...message, choked: true }); return
      case 'close':
        closes++
        forget(theirs.find(their => their.number === message.number)); return
      case 'refuse': forget(mine.find(own => own.number === message.number)); return
      case 'request': asked.push(message); return
      case 'ask-hashes': askedPages.push(message); return
      case 'choke': {
        if (message.choked) chokes.set(message.number, (chokes.get(message.number) ?? 0) + 1)
        const their = theirs.find(({ number }) => number === message.number)
        if (their !== undefined) their.choked = message.choked
        return
      }
      default:
    }
  }
  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case 'send': if (effect.link !== link) return
        codec.encode(effect.message)
        hear(effect.message)
        return
      case 'unlink': if (effect.link === link) later(() => { relink(effect.link) })
        return
      case 'dial': later(() => { feed({ type: 'undialed', peer: effect.peer }) }); return
      case 'admit': later(() => { feed({ type: 'admitted', link: effect.link, number: effect.number, ok: effect.credential[0] === 1 }) }); return
      case 'prove': later(() => { feed({ type: 'proved', content: effect.content, link: effect.link, first: effect.first, ok: effect.hashes[0] === 1 }) }); return
      case 'verify': later(() => { feed({ type: 'verified', content: effect.content, piece: effect.piece, ok: effect.parts.every(part => part[0] === 1) }) }); return
      case 'store': later(() => { feed({ type: 'stored', content: effect.content, piece: effect.piece }) }); return
      case 'load': later(() => { feed({ ...effect, type: 'loaded', data: odds(95) ? new Uint8Array(effect.length) : undefined }) }); return
      case 'page': later(() => { feed({ ...effect, type: 'paged', page: odds(80) ? { hashes: new Uint8Array(32 * effect.count), proof: good } : undefined }) }); return
      case 'emit': return
      default: effect satisfies never
    }
  }

  /** The link is gone; there is another one. */
  const relink = (gone: LinkId): void => {
    if (gone !== link) return
    feed({ type: 'unlinked', link })
    link++
    codec = createCodec()
    codec.encode({ type: 'hello', features: 0, agent: 'me' })
    for (const message of codec.decode(encode({ type: 'hello', features: 0, agent: 'it' })[0] ?? good)) expect(message.type).toBe('hello')
    mine = []
    theirs = []
    asked = []
    askedPages = []
    chokes = new Map()
    closes = 0
    next = 0
    feed({ type: 'linked', link, peer: it, inbound: true })
  }

  const range = (): BlockRange => {
    const piece = chance.below(pieces)
    const bytes = pieceBytes(manifest, piece)
    const offset = bytes > leaf && odds(50) ? leaf : 0
    return { piece, offset, length: Math.min(leaf, bytes - offset) }
  }
  /** A channel of the member's: now and then one that is no more, or never was. */
  const number = (fits: (own: Own) => boolean = () => true): number => odds(1) ? chance.below(next + 1) : one(mine.filter(fits))?.number ?? 0
  const theirsOf = (own: Opened | undefined): { readonly number: number, readonly choked: boolean } | undefined => theirs.find(same(own))
  const open = (): Message => {
    const subjects = [home, other].flatMap(group => contents.map(content => ({ group, content, number: 0 })))
    const { group, content } = one(odds(98) ? subjects.filter(subject => !mine.some(same(subject))) : subjects) ?? { group: other, content: unknown }
    return { type: 'open', number: odds(99) ? next++ : 0, group, content, credential: odds(80) ? good : new Uint8Array([0]) }
  }
  /** What its codec would say beside it. */
  const stampOf = (message: Message): Stamp => {
    const own = 'number' in message ? mine.find(({ number }) => number === message.number) : undefined
    if (message.type === 'open') return { heard: closes }
    if (message.type === 'close') return { subject: own === undefined ? home + unknown : own.group + own.content }
    return message.type === 'request' ? { heard: chokes.get(theirsOf(own)?.number ?? 0) ?? 0 } : {}
  }

  const answer = (): Message => {
    const [range] = asked.splice(chance.below(asked.length), 1)
    const to = theirs.find(their => their.number === range?.number)
    if (range === undefined || to === undefined) return { type: 'want', number: number(), wanted: true }
    const own = mine.find(same(to))?.number ?? 0
    const { piece, offset, length } = range
    if (odds(15)) return { type: 'reject', number: own, piece, offset, length }
    return { type: 'block', number: own, piece, offset, data: new Uint8Array(length).fill(odds(95) ? 1 : 0) }
  }
  const answerPage = (): Message => {
    const page = askedPages.pop()
    const to = theirs.find(their => their.number === page?.number)
    if (page === undefined || to === undefined) return { type: 'removal', number: number(), entry: good }
    const own = mine.find(same(to))?.number ?? 0
    if (odds(20)) return { type: 'no-hashes', number: own, layer: 0, first: page.first, count: page.count }
    return { type: 'hashes', number: own, layer: 0, first: page.first, hashes: new Uint8Array(32 * page.count).fill(odds(95) ? 1 : 0), proof: good }
  }

  const draw = (): Message => {
    const kind = chance.below(100)
    const untold = mine.find(({ told }) => !told)
    if (mine.length === 0 || kind < 4) return open()
    if (kind < 5) return { type: 'refuse', number: one(theirs)?.number ?? 0 }
    if (kind < 6) return { type: 'close', number: number() }
    if (untold !== undefined && kind < 40) return { type: 'pieces', number: untold.number, have: odds(50) ? 'all' : odds(50) ? new Uint8Array(0) : fullBitfield(pieces).bytes() }
    if (kind < 20) return { type: 'have', number: number(({ told }) => told), pieces: [chance.below(pieces)] }
    if (kind < 28) return { type: 'want', number: number(), wanted: odds(80) }
    if (kind < 38) return { type: 'choke', number: number(), choked: odds(20) }
    if (kind < 55) return { type: 'request', number: number(own => theirsOf(own)?.choked === false), ...range() }
    if (kind < 60) return { type: 'cancel', number: number(own => theirsOf(own) !== undefined), ...range() }
    if (kind < 88) return answer()
    if (kind < 94) return { type: 'ask-hashes', number: number(own => theirsOf(own) !== undefined), layer: odds(90) ? 0 : 1, first: 0, count: Math.min(hashPage, pieces) }
    return answerPage()
  }

  /** What the member itself now knows of its channels. */
  const note = (message: Message): void => {
    if (message.type === 'open') mine = [...mine.filter(own => !same(message)(own)), { ...message, told: false }]
    else if (message.type === 'close') forget(mine.find(own => own.number === message.number))
    else if (message.type === 'refuse') forget(theirs.find(their => their.number === message.number))
    else if (message.type === 'pieces') for (const own of mine) if (own.number === message.number) own.told = true
  }

  const say = (): void => {
    const message = draw()
    const stamp = stampOf(message)
    note(message)
    try {
      for (const part of encode(message, stamp)) {
        for (const heard of codec.decode(part)) feed({ type: 'message', link, message: heard })
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      relink(link)
    }
  }

  /** What this side's own user, or the tracker, may bring about meanwhile. */
  const happen = (): void => {
    const groups = odds(80) ? [home, other] : odds(50) ? [home] : []
    switch (chance.below(9)) {
      case 0: feed({ type: 'removed', group: home, peer: it }); return
      case 1: feed({ type: 'added', content: wanted, ...empty }); return
      case 2: feed({ type: 'left', group: other }); return
      case 3: feed({ type: 'credential', group: odds(50) ? other : home, credential: good }); return
      case 4: feed({ type: 'regrouped', content: one([shared, wanted]) ?? shared, groups }); return
      case 5: feed({ type: 'dropped', content: wanted }); return
      default: feed({ type: 'sighted', content: one([shared, wanted]) ?? shared, group: odds(80) ? home : other, peer: it })
    }
  }

  const empty = { groups: [home], manifest, have: bitfield(pieces).bytes(), pages: bitfield(1).bytes() }
  feed({ type: 'credential', group: home, credential: good })
  feed({ type: 'added', content: shared, ...empty, have: fullBitfield(pieces).bytes(), pages: fullBitfield(1).bytes() })
  feed({ type: 'added', content: wanted, ...empty })
  feed({ type: 'sighted', content: wanted, group: home, peer: it })
  relink(link)
  for (let step = 0; step < steps; step++) {
    now += odds(90) ? chance.below(20) : odds(90) ? chance.below(3_000) : chance.below(70_000)
    const kind = chance.below(100)
    if (kind < 60) say()
    else if (kind < 95) waiting.splice(chance.below(waiting.length), 1)[0]?.()
    else if (kind < 97) feed({ type: 'room', link, unsentBytes: chance.below(2_000_000) })
    else if (kind < 98) feed({ type: 'tick' })
    else happen()
  }
  waiting = []
  return said
}

describe('a member who says anything in any order', () => {
  test('never makes this side say what the protocol forbids', () => {
    const said = new Map<Message['type'], number>()
    const first = Number(process.env['SEED'] ?? 1)
    for (let seed = first; seed < first + Number(process.env['RUNS'] ?? 200); seed++) {
      try { for (const [type, count] of converse(seed, 400)) said.set(type, (said.get(type) ?? 0) + count) } catch (cause) {
        throw new Error(`With SEED=${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
    }
    // or it would show nothing: every type that a session says was said, many times
    const often = [...said].filter(([, count]) => count > 100).map(([type]) => type)
    expect(often.sort()).toEqual(['ask-hashes', 'block', 'choke', 'close', 'hashes', 'have', 'no-hashes', 'open', 'pieces', 'refuse', 'reject', 'request', 'want'])
  })
})
