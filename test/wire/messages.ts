/** Messages for the tests of wire/: one example of every type, for the fixture, and any message at all, for the properties. */
import fc from 'fast-check'
import { fromHex } from '../../src/contract/index.ts'
import type { ContentId, GroupId } from '../../src/contract/index.ts'
import type { BlockRange, Message, MessageType } from '../../src/core/message.ts'
import type { Stamp } from '../../src/wire/forms.ts'
import { limits, rangeBytes } from '../../src/wire/limits.ts'

export const group = (digit: string): GroupId => digit.repeat(64) as GroupId
export const content = (digit: string): ContentId => digit.repeat(64) as ContentId

const range = { piece: 7, offset: 2 * rangeBytes, length: rangeBytes }

/** The name in the fixture, and the message. */
export const examples: readonly (readonly [string, Message])[] = [
  ['hello', { type: 'hello', features: 2 ** 40 + 1, agent: 'shoal/0.1.0' }],
  ['open', { type: 'open', number: 0, group: group('a'), content: content('c'), credential: fromHex('01020304') }],
  ['refuse', { type: 'refuse', number: 3 }],
  ['close', { type: 'close', number: 0xffff_ffff }],
  ['pieces-none', { type: 'pieces', number: 0, have: new Uint8Array(0) }],
  ['pieces-some', { type: 'pieces', number: 0, have: fromHex('a5f0') }],
  ['pieces-all', { type: 'pieces', number: 0, have: 'all' }],
  ['have', { type: 'have', number: 0, pieces: [7, 0, limits.pieces - 1] }],
  ['want', { type: 'want', number: 0, wanted: true }],
  ['choke', { type: 'choke', number: 0, choked: false }],
  ['request', { type: 'request', number: 0, ...range }],
  ['cancel', { type: 'cancel', number: 0, ...range }],
  ['block', { type: 'block', number: 1, piece: 7, offset: 2 * rangeBytes, data: fromHex('00ff10') }],
  ['reject', { type: 'reject', number: 1, ...range }],
  ['ask-hashes', { type: 'ask-hashes', number: 0, layer: 0, first: 512, count: 512 }],
  ['hashes', { type: 'hashes', number: 1, layer: 0, first: 512, hashes: fromHex('11'.repeat(32)), proof: fromHex('22'.repeat(32)) }],
  ['no-hashes', { type: 'no-hashes', number: 1, layer: 0, first: 0, count: 3 }],
  ['removal', { type: 'removal', number: 0, entry: fromHex('010203') }]
]

/** What goes with these messages in the fixture. */
export const exampleStamps: { readonly [T in MessageType]?: Stamp } = { open: { heard: 2 }, request: { heard: 5 }, close: { subject: 'a'.repeat(64) + 'c'.repeat(64) } }

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const piece = fc.integer({ min: 0, max: limits.pieces - 1 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const flag = fc.boolean()
const page = fc.record({
  number: u32, layer: fc.integer({ min: 0, max: 255 }), first: fc.integer({ min: 0, max: limits.pieces / limits.hashes - 1 }).map(at => at * limits.hashes),
  count: fc.integer({ min: 1, max: limits.hashes })
})

export const anyRange: fc.Arbitrary<BlockRange> = fc.record({
  piece, offset: fc.integer({ min: 0, max: (limits.pieceBytes - limits.blockBytes) / rangeBytes }).map(at => at * rangeBytes), length: fc.integer({ min: 1, max: limits.blockBytes })
})

const ranged = fc.tuple(u32, anyRange).map(([number, of]) => ({ number, ...of }))

export const anyOfType: { readonly [T in MessageType]: fc.Arbitrary<Message> } = {
  hello: fc.record({
    type: fc.constant('hello' as const), features: fc.maxSafeNat(),
    agent: fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(code => String.fromCharCode(code)), maxLength: limits.agentBytes })
  }),
  open: fc.record({
    type: fc.constant('open' as const), number: u32, group: hash.map(hex => hex as GroupId), content: hash.map(hex => hex as ContentId),
    credential: fc.uint8Array({ maxLength: limits.credentialBytes })
  }),
  refuse: fc.record({ type: fc.constant('refuse' as const), number: u32 }),
  close: fc.record({ type: fc.constant('close' as const), number: u32 }),
  pieces: fc.record({ type: fc.constant('pieces' as const), number: u32, have: fc.oneof(fc.constant('all' as const), fc.uint8Array({ maxLength: 300 })) }),
  have: fc.record({ type: fc.constant('have' as const), number: u32, pieces: fc.array(piece, { minLength: 1, maxLength: 50 }) }),
  want: fc.record({ type: fc.constant('want' as const), number: u32, wanted: flag }),
  choke: fc.record({ type: fc.constant('choke' as const), number: u32, choked: flag }),
  request: ranged.map(fields => ({ type: 'request' as const, ...fields })),
  cancel: ranged.map(fields => ({ type: 'cancel' as const, ...fields })),
  reject: ranged.map(fields => ({ type: 'reject' as const, ...fields })),
  block: fc.tuple(u32, anyRange, fc.uint8Array({ minLength: 1, maxLength: 300 })).map(([number, of, data]) => ({ type: 'block' as const, number, piece: of.piece, offset: of.offset, data })),
  'ask-hashes': page.map(fields => ({ type: 'ask-hashes' as const, ...fields })),
  'no-hashes': page.map(fields => ({ type: 'no-hashes' as const, ...fields })),
  hashes: fc.tuple(page, fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }))
    .map(([{ number, layer, first }, hashes, proof]) => ({ type: 'hashes' as const, number, layer, first, hashes, proof })),
  removal: fc.record({ type: fc.constant('removal' as const), number: u32, entry: fc.uint8Array({ minLength: 1, maxLength: 300 }) })
}

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(anyOfType))

/** Bytes cut at any places, some of them empty. */
export const cut = (bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] => {
  const ends = [...places.map(place => Math.min(bytes.byteLength, place)).sort((a, b) => a - b), bytes.byteLength]
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}
