/**
 * A member who draws what it says, against a real session with a real codec, in virtual time; what the session orders is done in any order, at random. Owns the
 * member, and an honest source that may come after it. Throws when the session says something that its own protocol forbids.
 */
import { bitfield, fullBitfield, hashPage, pieceBytes, pieceCount } from '../../src/contract/index.ts'
import type { ContentId, GroupId, Manifest, PeerId } from '../../src/contract/index.ts'
import type { Effect, Input, LinkId } from '../../src/core/io.ts'
import type { BlockRange, Message } from '../../src/core/message.ts'
import { random } from '../../src/core/random.ts'
import { createSession } from '../../src/core/session.ts'
import { createCodec, ProtocolError } from '../../src/wire/index.ts'
import type { Codec } from '../../src/wire/index.ts'
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

const honestLink = -1
const mostRescueMs = 600_000

/** Both hellos. */
const greet = (codec: Codec): void => {
  codec.encode({ type: 'hello', features: 0, agent: 'me' })
  for (const part of encode({ type: 'hello', features: 0, agent: 'it' })) if ([...codec.decode(part)].length !== 1) throw new Error('No hello.')
}

interface Opened { readonly number: number, readonly content: ContentId, readonly group: GroupId }
/** A channel of the member's, and what it said on it. */
interface Own extends Opened { told: boolean }

export interface Encounter {
  /** How often each message type was said to the member. */
  readonly said: ReadonlyMap<Message['type'], number>
  /** An honest source comes, everything is answered. The member stays, and says no more. @returns how long until the content is complete; undefined: not within 10 minutes */
  rescue (): number | undefined
}

/** One run, of so many steps. */
export const meetMember = (seed: number, steps: number): Encounter => {
  const chance = random(seed)
  const one = <T>(from: readonly T[]): T | undefined => from[chance.below(from.length)]
  const odds = (percent: number): boolean => chance.below(100) < percent
  const session = createSession({ peer: 'me' as PeerId, seed, selector: { select: view => view.byRarity() } })
  const said = new Map<Message['type'], number>()
  let now = 0
  let link = 0
  let codec = createCodec()
  const waiting: (() => void)[] = []
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
      case 'send': if (effect.link === honestLink) honest(effect.message)
        if (effect.link !== link) return
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

  const honestCodec = createCodec()
  const honestSays = (message: Message, stamp: Stamp = {}): void => {
    later(() => { for (const part of encode(message, stamp)) for (const heard of honestCodec.decode(part)) feed({ type: 'message', link: honestLink, message: heard }) })
  }
  const honest = (message: Message): void => {
    honestCodec.encode(message)
    switch (message.type) {
      case 'want': honestSays({ type: 'choke', number: 0, choked: !message.wanted }); return
      case 'ask-hashes': honestSays({ type: 'hashes', number: 0, layer: 0, first: message.first, hashes: new Uint8Array(32 * message.count).fill(1), proof: good }); return
      case 'request': honestSays({ type: 'block', number: 0, piece: message.piece, offset: message.offset, data: new Uint8Array(message.length).fill(1) }); return
      default:
    }
  }

  /** The link is gone; there is another one. */
  const relink = (gone: LinkId): void => {
    if (gone !== link) return
    feed({ type: 'unlinked', link })
    link++
    codec = createCodec()
    greet(codec)
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
    const bytes = 32 * page.count + (odds(95) ? 0 : 1)
    return { type: 'hashes', number: own, layer: odds(95) ? 0 : 1, first: page.first, hashes: new Uint8Array(bytes).fill(odds(95) ? 1 : 0), proof: good }
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

  return {
    said,
    rescue () {
      const began = now
      feed({ type: 'credential', group: home, credential: good })
      if (session.view.transfer(wanted) === undefined) feed({ type: 'added', content: wanted, ...empty })
      feed({ type: 'regrouped', content: wanted, groups: [home] })
      greet(honestCodec)
      feed({ type: 'linked', link: honestLink, peer: 'honest' as PeerId, inbound: true })
      honestSays({ type: 'open', number: 0, group: home, content: wanted, credential: good }, { heard: 0 })
      honestSays({ type: 'pieces', number: 0, have: 'all' })
      while (session.view.transfer(wanted)?.complete !== true) {
        const run = waiting.shift()
        if (run !== undefined) { run(); continue }
        now = Math.max(now, session.wakeAt ?? Infinity)
        if (now - began > mostRescueMs) return undefined
        feed({ type: 'tick' })
      }
      return now - began
    }
  }
}

