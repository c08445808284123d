/**
 * A peer serves a content only to who showed a live credential for a group in which it shares that content. Whoever did not hears nothing but hello and
 * refusals: no byte of a file, no name, no piece hash, no have-bit, whatever else it says. A real sharer over real TCP; the others speak by hand.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Shared } from 'shoal'
import { pieceCount } from '../../src/contract/index.ts'
import type { ContentId, GroupId, UserName } from '../../src/contract/index.ts'
import { credentialStatement, decodeCredential, encodeCredential } from '../../src/core/credential.ts'
import type { Message } from '../../src/core/message.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { encode } from '../../src/wire/encoder.ts'
import { deadlineMs, within } from './deadline.ts'
import { createRawPeer } from './raw-peer.ts'
import type { RawLink, RawPeer } from './raw-peer.ts'
import { createWorld, password } from './world.ts'
import type { RawMember, Watched, World } from './world.ts'

const KiB = 1024
const pieceSize = 64 * KiB
const length = 5 * pieceSize + 1_000
const pieces = pieceCount({ length, pieceLength: pieceSize })

let world: World
let sharer: Watched
/** Is served, as a member is. */
let guest: RawMember
/** A member who never shows a credential that holds. */
let member: RawMember
/** Another device of that member. */
let laptop: RawMember
let inBoth: RawMember
let outsider: RawMember
let [first, second]: GroupId[] = []
let secret: Shared & { readonly bytes: Uint8Array }
let other: Shared
let live: Uint8Array

beforeAll(async () => {
  world = await createWorld()
  sharer = await world.shoal('sharer')
  guest = await world.raw('guest')
  member = await world.raw('member')
  laptop = await world.raw('member')
  inBoth = await world.raw('inBoth')
  outsider = await world.raw('outsider')
  first = await sharer.createGroup('first')
  second = await sharer.createGroup('second')
  await world.join(sharer, 'first', guest, member, inBoth)
  await world.join(sharer, 'second', outsider, inBoth)
  const [file, another] = [world.file('secret', length), world.file('other', 3 * pieceSize)]
  secret = { ...await sharer.share(file.path, 'first', { pieceSize }), bytes: file.bytes }
  other = await sharer.share(another.path, 'second', { pieceSize })
  live = await member.membership.mine(first)
  await laptop.membership.mine(first)
})
afterAll(async () => { await world[Symbol.asyncDispose]() })

const ids = (): { readonly first: GroupId, readonly second: GroupId } => {
  if (first === undefined || second === undefined) throw new Error('There are no groups yet.')
  return { first, second }
}

/** Everything that could bring something, on a channel of ours that may or may not stand. */
const greed = (number: number): Message[] => [
  { type: 'pieces', number, have: new Uint8Array(0) },
  { type: 'want', number, wanted: true },
  { type: 'choke', number, choked: false },
  { type: 'have', number, pieces: [0] },
  { type: 'ask-hashes', number, layer: 0, first: 0, count: pieces },
  { type: 'request', number, piece: 0, offset: 0, length: 16 * KiB },
  { type: 'cancel', number, piece: 0, offset: 0, length: 16 * KiB },
  { type: 'request', number, piece: 1, offset: 0, length: pieceSize },
  { type: 'want', number, wanted: true }
]

const hello = { type: 'hello', features: 0, agent: expect.stringMatching(/^shoal\/[\d.]+$/) as string }
const refusals = (count: number): Message[] => Array.from({ length: count }, (_, number) => ({ type: 'refuse', number }))

/** Opens with a credential that must not do, waits for the answer, then asks all the same. */
const expectRefused = async (raw: RawPeer, content: ContentId, group: GroupId, credential: Uint8Array): Promise<void> => {
  const patient = await raw.dial(sharer)
  const number = patient.open(group, content, credential)
  await patient.hear('the refusal', message => message.type === 'refuse')
  for (const message of greed(number)) patient.say(message)
  await patient.settled()
  expect(patient.heard).toEqual([hello, ...refusals(2)])
  expect(patient.heardBytes).toBeLessThan(100)
  patient.cut()
}

/** The same without waiting for an answer: nobody may ask before it was admitted, so the link ends. */
const expectCut = async (raw: RawPeer, content: ContentId, group: GroupId, credential: Uint8Array): Promise<void> => {
  for (const ask of greed(0).filter(({ type }) => type === 'request' || type === 'ask-hashes' || type === 'cancel')) {
    const hasty = await raw.dial(sharer)
    hasty.write(...encode({ type: 'open', number: 0, group, content, credential }), ...encode(ask))
    await within(deadlineMs, 'the end of a link on which was asked before the answer', hasty.over)
    expect(hasty.heard.filter(({ type }) => type !== 'refuse')).toEqual([hello])
    expect(hasty.heardBytes).toBeLessThan(100)
  }
}

const expectNothing = async (raw: RawPeer, content: ContentId, group: GroupId, credential: Uint8Array): Promise<void> => {
  await expectRefused(raw, content, group, credential)
  await expectCut(raw, content, group, credential)
}

/** A content is fetched as a member would: shows that the sharer does serve, and what the others did not get. */
const fetchPiece = async (link: RawLink, content: ContentId, group: GroupId, credential: Uint8Array, piece: number): Promise<Uint8Array> => {
  const number = link.open(group, content, credential)
  const opened = await link.hear('its open', message => message.type === 'open' && message.content === content)
  if (opened.type !== 'open') throw new Error('Not an open.')
  link.say({ type: 'pieces', number, have: new Uint8Array(0) })
  link.say({ type: 'want', number, wanted: true })
  expect(await link.hear('what it has', message => message.type === 'pieces' && message.number === opened.number)).toMatchObject({ have: 'all' })
  await link.hear('that it serves', message => message.type === 'choke' && message.number === opened.number && !message.choked)
  link.say({ type: 'request', number, piece, offset: 0, length: pieceSize })
  const block = await link.hear('a block', message => message.type === 'block' && message.number === opened.number)
  return block.type === 'block' ? block.data : new Uint8Array()
}

describe('a sharer', () => {
  it('serves a member who shows a live credential', async () => {
    const link = await guest.dial(sharer)
    expect(await fetchPiece(link, secret.content, ids().first, await guest.membership.mine(ids().first), 1)).toEqual(secret.bytes.slice(pieceSize, 2 * pieceSize))
    link.say({ type: 'ask-hashes', number: 0, layer: 0, first: 0, count: pieces })
    expect(await link.hear('hashes', ({ type }) => type === 'hashes')).toMatchObject({ hashes: { byteLength: pieces * 32 } })
    link.cut()
  })

  it('gives nothing to who opened nothing', async () => {
    const stranger = await world.stranger()
    for (const message of greed(0)) {
      const link = await stranger.dial(sharer)
      link.say(message)
      await within(deadlineMs, 'the end of a link on which nothing was opened', link.over)
      expect(link.heard).toEqual([hello])
    }
  })

  it.each<[string, () => RawPeer | Promise<RawPeer>, () => Uint8Array | Promise<Uint8Array>]>([
    ['no credential', () => member, () => new Uint8Array()],
    ['garbage', () => member, () => Uint8Array.from({ length: 300 }, (_, i) => i * 7 & 0xff)],
    ['half of one', () => member, () => live.slice(0, live.byteLength / 2)],
    ['another device\'s', () => outsider, () => live],
    ['that of another device of the same user, in the log like this one', () => laptop, () => live],
    ['that of another group', () => outsider, () => outsider.membership.mine(ids().second)],
    ['that of another group, though in both', () => inBoth, () => inBoth.membership.mine(ids().second)],
    ['one that has expired', () => member, () => world.credential({ group: ids().first, user: member.user, device: member.peer, notAfter: Date.now() - 1 })],
    ['one that names another realm', () => member, () => world.credential({ group: ids().first, user: member.user, device: member.peer, realm: 'f'.repeat(64) })],
    ['one of another realm', () => member, async () => {
      const { value } = decodeCredential(live)
      const realm = 'f'.repeat(64)
      return encodeCredential({ ...value, realm }, await member.key.sign(credentialStatement({ ...value, realm })))
    }],
    ['one that it signed itself', () => member, async () => {
      const { value } = decodeCredential(live)
      return encodeCredential(value, await member.key.sign(credentialStatement(value)))
    }]
  ])('gives nothing to who shows %s', async (_, raw, credential) => {
    await expectNothing(await raw(), secret.content, ids().first, await credential())
  })

  it('gives nothing to who shows a credential with one byte changed, whichever', async () => {
    const link = await member.dial(sharer)
    for (let at = 0; at < live.byteLength; at++) {
      const number = link.open(ids().first, secret.content, live.with(at, (live[at] ?? 0) ^ 1))
      await link.hear('the refusal', message => message.type === 'refuse' && message.number === number)
    }
    expect(link.heard).toEqual([hello, ...refusals(live.byteLength)])
    link.cut()
  })

  it.each<[string, (head: number) => number]>([
    ['the newest entry', head => head],
    ['an entry that there is not', head => head + 1_000]
  ])('gives nothing to a device that is not in the log, though the realm says so as of %s', async (_, seq) => {
    const [listing] = await member.session.groups({ name: 'first' })
    const head = listing?.head.seq ?? 0
    const second = await createRawPeer({ key: await generateKey() })
    const nobody = await createRawPeer({ key: await generateKey() })
    for (const [raw, user] of [[second, member.user], [nobody, outsider.user], [nobody, 'nobody' as UserName]] as const) {
      const credential = await world.credential({ group: ids().first, user, device: raw.peer, seq: seq(head) })
      await expectNothing(raw, secret.content, ids().first, credential)
    }
    await Promise.all([second.stop(), nobody.stop()])
  })

  it('gives what it shares in one group to nobody of another one, whom it serves there', async () => {
    const link = await outsider.dial(sharer)
    const credential = await outsider.membership.mine(ids().second)
    await fetchPiece(link, other.content, ids().second, credential, 0)
    const before = link.heard.length
    const asked = [[ids().first, secret.content], [ids().second, secret.content], [ids().first, other.content]] as const
    for (const [group, content] of asked) {
      const number = link.open(group, content, credential)
      await link.hear('the refusal', message => message.type === 'refuse' && message.number === number)
      for (const message of greed(number)) link.say(message)
    }
    await link.settled()
    expect(link.heard.slice(before)).toEqual([1, 2, 3, 4].map(number => ({ type: 'refuse', number })))
    expect(link.isOver).toBe(false)
    link.cut()
  })

  it('answers alike, and in the order of the questions, for what is forbidden and for what does not exist', async () => {
    const unknown = 'e'.repeat(64) as ContentId
    const own = await outsider.membership.mine(ids().second)
    const ways = [
      [member, ids().first, [unknown, other.content], live], // shared in another group
      [outsider, ids().first, [unknown, secret.content], own],
      [outsider, ids().second, [unknown, secret.content], own],
      [outsider, 'd'.repeat(64) as GroupId, [unknown, secret.content], own],
      [outsider, ids().first, [unknown, secret.content], new Uint8Array()]
    ] as const
    for (const [raw, group, [none, forbidden], credential] of ways) {
      const link = await raw.dial(sharer)
      for (const content of [none, forbidden, 'b'.repeat(64) as ContentId]) link.open(group, content, credential)
      await link.hear('the last refusal', message => message.type === 'refuse' && message.number === 2)
      expect(link.heard).toEqual([hello, ...refusals(3)])
      link.cut()
    }
  })

  it('serves nobody who was a member and is none any more, with what they still hold', async () => {
    const parting = await world.raw('parting')
    await world.join(sharer, 'first', parting)
    const credential = await parting.membership.mine(ids().first)
    const link = await parting.dial(sharer)
    await fetchPiece(link, secret.content, ids().first, credential, 0)
    const removed = performance.now()
    await sharer.removeMember('first', 'parting')
    await within(2_000, 'the link to the removed is cut', link.over)
    expect(performance.now() - removed).toBeLessThan(2_000)
    await expectNothing(parting, secret.content, ids().first, credential)
    // back again, the old one is of no use still; the new one is
    await world.join(sharer, 'first', parting)
    await expectNothing(parting, secret.content, ids().first, credential)
    const again = await parting.dial(sharer)
    await fetchPiece(again, secret.content, ids().first, await parting.membership.mine(ids().first), 0)
  })

  it('serves nobody while its user is logged out', async () => {
    await sharer.logout()
    await expectRefused(member, secret.content, ids().first, live)
    await sharer.login('sharer', password)
  })
})
