import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/contract/index.ts'
import type { ContentId } from '../../src/contract/index.ts'
import type { Message, MessageOf } from '../../src/core/message.ts'
import { createCodec } from '../../src/wire/index.ts'
import { content, group } from './messages.ts'

/**
 * Two ends that keep the protocol, talking over a link that delivers late: whatever they do, in whatever order, neither codec takes the other for a
 * cheat, no end hears what it need not, and every request gets exactly one answer.
 */
const weights = { open: 8, close: 1, refuse: 1, choke: 2, unchoke: 5, request: 20, block: 10, reject: 3, deliver: 20 }
type Deed = keyof typeof weights
const anyDeed = fc.oneof(...Object.entries(weights).map(([deed, weight]) => ({ arbitrary: fc.constant(deed as Deed), weight })))

/** What one end knows about one content, as a session would. */
interface Exchange { ours: number | undefined, theirs: number | undefined, weChoke: boolean, theyChoke: boolean, asked: number[], owed: number[] }

const createEnd = () => {
  const codec = createCodec()
  const sent: Uint8Array[] = []
  const exchanges = new Map<ContentId, Exchange>()
  let next = 0
  let nextPiece = 0
  let answered = 0

  const exchange = (of: ContentId): Exchange => {
    const known = exchanges.get(of) ?? { ours: undefined, theirs: undefined, weChoke: true, theyChoke: true, asked: [], owed: [] }
    exchanges.set(of, known)
    return known
  }
  const say = (message: Message): void => { sent.push(concatBytes(...codec.encode(message))) }
  say({ type: 'hello', features: 0, agent: 'end' })

  const ended = (x: Exchange): void => { Object.assign(x, { ours: undefined, theirs: undefined, asked: [], owed: [], weChoke: true, theyChoke: true }) }

  const answer = (x: Exchange, kind: 'block' | 'reject'): void => {
    const piece = x.owed.shift()
    if (x.ours === undefined || piece === undefined) return
    if (kind === 'block') say({ type: 'block', number: x.ours, piece, offset: 0, data: new Uint8Array(piece % 40 + 1) })
    else say({ type: 'reject', number: x.ours, piece, offset: 0, length: piece % 40 + 1 })
  }

  const act = (deed: Deed, of: ContentId): void => {
    const x = exchange(of)
    if (deed === 'open') {
      if (x.ours !== undefined) return
      x.ours = next++
      x.weChoke = true
      say({ type: 'open', number: x.ours, group: group('a'), content: of, credential: new Uint8Array(1) })
    }
    if (deed === 'refuse' && x.theirs !== undefined) { say({ type: 'refuse', number: x.theirs }); ended(x) }
    if (deed === 'close' && x.ours !== undefined) { say({ type: 'close', number: x.ours }); ended(x) }
    if (x.ours !== undefined && x.theirs !== undefined) exchangeOf(deed, x, x.ours)
  }

  const exchangeOf = (deed: Deed, x: Exchange, ours: number): void => {
    if (deed === 'choke' || deed === 'unchoke') {
      x.weChoke = deed === 'choke'
      say({ type: 'choke', number: ours, choked: x.weChoke })
      if (x.weChoke) x.owed = []
    }
    if (deed === 'request' && !x.theyChoke) {
      const piece = nextPiece++ % 5 // the same ranges again and again: an answer of one could be taken for another's
      if (x.asked.includes(piece)) return
      x.asked.push(piece)
      say({ type: 'request', number: ours, piece, offset: 0, length: piece % 40 + 1 })
    }
    if (deed === 'block' || deed === 'reject') answer(x, deed)
  }

  const got = (x: Exchange, piece: number): void => {
    expect(x.asked, 'an answer to what is still asked').toContain(piece)
    x.asked.splice(x.asked.indexOf(piece), 1)
    answered++
  }

  const hearOn = (x: Exchange, message: Exclude<Message, MessageOf<'hello' | 'open' | 'refuse'>>): void => {
    if (message.type === 'close') ended(x)
    if (message.type === 'choke') { x.theyChoke = message.choked; if (message.choked) x.asked = [] }
    if (message.type === 'request') {
      expect(x.weChoke, 'a request is heard only while it is not choked').toBe(false)
      x.owed.push(message.piece)
    }
    if (message.type === 'block' || message.type === 'reject') got(x, message.piece)
  }

  const hear = (message: Message): void => {
    if (message.type === 'hello') return
    if (message.type === 'open') {
      expect(exchange(message.content).theirs, 'one channel for a content').toBeUndefined()
      exchange(message.content).theirs = message.number
      return
    }
    const own = message.type === 'refuse'
    const x = [...exchanges.values()].find(({ ours, theirs }) => (own ? ours : theirs) === message.number)
    if (x === undefined) throw new Error(`${message.type} on ${message.number}, which is not open`)
    if (message.type === 'refuse') ended(x); else hearOn(x, message)
  }

  return {
    act,
    /** Gives `count` of what the other end said. */
    take: (from: Uint8Array[], count: number): void => { for (const chunk of from.splice(0, count)) for (const message of codec.decode(chunk)) hear(message) },
    sent,
    exchange,
    answered: () => answered
  }
}

const converse = (steps: readonly { deed: Deed, left: boolean, of: ContentId, count: number }[]): number => {
  const [left, right] = [createEnd(), createEnd()]
  const deliver = (toLeft: boolean, count: number): void => { if (toLeft) left.take(right.sent, count); else right.take(left.sent, count) }
  for (const step of steps) {
    if (step.deed === 'deliver') deliver(step.left, step.count)
    else (step.left ? left : right).act(step.deed, step.of)
  }
  const settle = (): void => { while (left.sent.length + right.sent.length > 0) { deliver(true, 1000); deliver(false, 1000) } }
  settle()
  for (const of of contents) {
    const [a, b] = [left.exchange(of), right.exchange(of)]
    expect([a.ours, a.theirs], 'both see the same channels').toEqual([b.theirs, b.ours])
  }
  for (const end of [left, right]) for (let i = 0; i < 5; i++) for (const of of contents) end.act('block', of)
  settle()
  for (const end of [left, right]) for (const of of contents) expect(end.exchange(of).asked).toEqual([])
  return left.answered() + right.answered()
}

const contents = [content('c'), content('d')]

describe('two ends that keep the protocol', () => {
  it('never break it, and every request gets exactly one answer, whatever crosses on the way', () => {
    let answers = 0
    const step = fc.record({ deed: anyDeed, left: fc.boolean(), of: fc.constantFrom(...contents), count: fc.integer({ min: 1, max: 4 }) })
    const start = ['open', 'open', 'deliver', 'unchoke', 'deliver'] as const
    const opening = start.flatMap(deed => [true, false].flatMap(left => contents.map(of => ({ deed, left, of, count: 9 }))))
    fc.assert(fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), steps => { answers += converse([...opening, ...steps]) }), { numRuns: 400 })
    expect(answers).toBeGreaterThan(2000)
  })
})
