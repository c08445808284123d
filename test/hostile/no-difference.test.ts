/**
 * Whoever is not admitted cannot tell what a peer has: whatever they say, in whatever order, it is answered alike, in the same order, whether the content is
 * there or not. Two sessions with their codecs, one with contents and one without, hear the same; what they say is compared.
 */
import { expect, test } from 'vitest'
import { bitfield, fullBitfield, pieceCount } from '../../src/contract/index.ts'
import type { ContentId, GroupId, Manifest, PeerId } from '../../src/contract/index.ts'
import type { Effect, Input, Session } from '../../src/core/io.ts'
import type { Message } from '../../src/core/message.ts'
import { random } from '../../src/core/random.ts'
import type { Random } from '../../src/core/random.ts'
import { createSession } from '../../src/core/session.ts'
import { createCodec, ProtocolError } from '../../src/wire/index.ts'
import { encode } from '../../src/wire/encoder.ts'

const leaf = 16 * 1024
const group = 'a'.repeat(64) as GroupId
/** A link ends when something is opened that is open, so there is enough to open. */
const contents = Array.from({ length: 30 }, (_, i) => i.toString(16).padStart(64, '0') as ContentId)
const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', root: 'e'.repeat(64), length: 9 * leaf, pieceLength: leaf }
const pieces = pieceCount(manifest)

interface Side { readonly said: string[], hear (parts: readonly Uint8Array[]): void, answer (at: number): void, pass (ms: number): void }

const side = (take: (session: Session) => void): Side => {
  const session = createSession({ peer: 'me' as PeerId, seed: 1, selector: { select: view => view.byIndex() } })
  const codec = createCodec()
  const said: string[] = []
  const waiting: Input[] = []
  let isOver = false
  let now = 0

  const perform = (effect: Effect): void => {
    if (effect.type === 'send') {
      codec.encode(effect.message)
      said.push(JSON.stringify(effect.message))
    } else if (effect.type === 'unlink') {
      isOver = true
      said.push('end')
    } else if (effect.type === 'admit') waiting.push({ type: 'admitted', link: 1, number: effect.number, ok: false })
  }
  const feed = (input: Input): void => {
    if (isOver) return
    session.handle(input, now)
    for (let effect = session.poll(); effect !== undefined; effect = session.poll()) perform(effect)
  }

  take(session)
  while (session.poll() !== undefined);
  codec.encode({ type: 'hello', features: 0, agent: 'me' })
  for (const part of encode({ type: 'hello', features: 0, agent: 'it' })) for (const message of codec.decode(part)) expect(message.type).toBe('hello')
  feed({ type: 'linked', link: 1, peer: 'it' as PeerId, inbound: true })
  return {
    said,
    hear (parts) {
      if (isOver) return
      try { for (const part of parts) for (const message of codec.decode(part)) feed({ type: 'message', link: 1, message }) } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        isOver = true
        said.push('end')
      }
    },
    answer (at) {
      const [input] = waiting.splice(at % Math.max(1, waiting.length), 1)
      if (input !== undefined) feed(input)
    },
    pass (ms) { now += ms; feed({ type: 'tick' }) }
  }
}

const draw = (chance: Random, opened: number): Message => {
  const open: Message = { type: 'open', number: opened, group, content: contents[opened % contents.length] ?? contents[0] as ContentId, credential: new Uint8Array(70) }
  if (opened === 0) return open
  const number = opened - 1 - chance.below(Math.min(opened, 3))
  const odd = chance.below(30) === 0
  switch (chance.below(odd ? 14 : 8)) {
    case 0: case 1: return open
    case 2: return { type: 'close', number }
    case 3: return { type: 'pieces', number, have: chance.below(2) === 0 ? 'all' : new Uint8Array(chance.below(4)) }
    case 4: return { type: 'have', number, pieces: [chance.below(2 * pieces)] }
    case 5: return { type: 'want', number, wanted: chance.below(2) === 0 }
    case 6: case 7: return { type: 'choke', number, choked: chance.below(2) === 0 }
    case 8: return { type: 'ask-hashes', number, layer: 0, first: 0, count: pieces }
    case 9: return { type: 'request', number, piece: chance.below(pieces), offset: 0, length: leaf }
    case 10: return { type: 'cancel', number, piece: 0, offset: 0, length: leaf }
    case 11: return { type: 'refuse', number }
    case 12: return { type: 'removal', number, entry: new Uint8Array(9) }
    default: return { type: 'no-hashes', number, layer: 0, first: 0, count: pieces }
  }
}

const compare = (seed: number): readonly string[] => {
  const chance = random(seed)
  const empty = { groups: [group], manifest, have: bitfield(pieces).bytes(), pages: bitfield(1).bytes() }
  const has = side(session => {
    session.handle({ type: 'credential', group, credential: new Uint8Array(1) }, 0)
    for (const [i, content] of contents.entries()) {
      session.handle({ type: 'added', content, ...empty, ...(i % 2 === 0 ? { have: fullBitfield(pieces).bytes(), pages: fullBitfield(1).bytes() } : {}) }, 0)
    }
  })
  const lacks = side(() => undefined)
  let opened = 0
  for (let step = 0; step < 60; step++) {
    const [doing, at, ms] = [chance.below(10), chance.below(1_000), chance.below(200)]
    if (doing < 6) {
      const message = draw(chance, opened)
      if (message.type === 'open') opened++
      const parts = encode(message, message.type === 'close' ? { subject: group + (contents[message.number % contents.length] ?? '') } : { heard: 0 })
      for (const each of [has, lacks]) each.hear(parts)
    } else for (const each of [has, lacks]) if (doing < 8) each.answer(at); else each.pass(ms)
  }
  expect(has.said).toEqual(lacks.said)
  return has.said
}

test('whoever is not admitted hears the same, in the same order, whether there is something or not', () => {
  const first = Number(process.env['SEED'] ?? 1)
  const said: string[] = []
  for (let seed = first; seed < first + Number(process.env['RUNS'] ?? 300); seed++) {
    try { said.push(...compare(seed)) } catch (cause) { throw new Error(`With SEED=${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }) }
  }
  // or it would show nothing
  expect(said.filter(line => line.includes('refuse')).length).toBeGreaterThan(400)
  expect(said.filter(line => line === 'end').length).toBeGreaterThan(40)
})
