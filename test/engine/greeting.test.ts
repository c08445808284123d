/** A link with its codec, over a real network: what becomes of the link when one of the two is wrong. */
import memory from 'shoal/plugins/transport-memory'
import { expect, it, onTestFinished } from 'vitest'
import type { Link, Network } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/message.ts'
import { systemClock } from '../../src/engine/clock.ts'
import { converse } from '../../src/engine/greeting.ts'
import type { Conversation } from '../../src/engine/greeting.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { createNetwork } from '../../src/network/index.ts'
import { createCodec } from '../../src/wire/index.ts'
import { virtualClock } from './virtual-clock.ts'

const network = async (): Promise<Network> => {
  const made = await createNetwork({
    key: (await generateKey()).libp2p, transports: [await memory().create({ log: () => undefined })], listen: { host: '127.0.0.1', port: 0 }, log: () => undefined
  })
  onTestFinished(() => made.stop())
  return made
}

interface Told { readonly conversation: Promise<Conversation>, readonly ended: Promise<Error | undefined>, readonly heard: Message[] }

const talk = (link: Link, clock = systemClock): Told => {
  const [conversation, ended, heard] = [Promise.withResolvers<Conversation>(), Promise.withResolvers<Error | undefined>(), [] as Message[]]
  converse(link, { agent: 'test', clock }, {
    greeted: conversation.resolve, heard: message => { heard.push(message) }, progress: () => undefined, drained: () => undefined, ended: ended.resolve
  })
  return { conversation: conversation.promise, ended: ended.promise, heard }
}

it('something that our own protocol forbids is not sent: it ends that link, with its reason, and nothing else', async () => {
  const [near, far] = [await network(), await network()]
  const accepted = Promise.withResolvers<Told>()
  far.accept(link => { accepted.resolve(talk(link)) })
  const mine = talk(await near.dial(far.peer, far.addresses(), AbortSignal.timeout(10_000)))
  const theirs = await accepted.promise
  const conversation = await mine.conversation
  expect(conversation.say({ type: 'want', number: 3, wanted: true })).toBe(0)
  expect(await mine.ended).toMatchObject({ code: 'BUG', message: expect.stringContaining('Channel 3 was never opened') as string })
  await theirs.ended
  expect(theirs.heard).toEqual([])
  expect(conversation.say({ type: 'want', number: 3, wanted: true })).toBe(0)
})

/** One side speaks by hand. */
const byHand = async (clock = systemClock): Promise<{ readonly told: Told, readonly link: Link }> => {
  const [near, far] = [await network(), await network()]
  const accepted = Promise.withResolvers<Told>()
  far.accept(link => { accepted.resolve(talk(link, clock)) })
  const link = await near.dial(far.peer, far.addresses(), AbortSignal.timeout(10_000))
  link.listen({ data: () => undefined, drained: () => undefined, closed: () => undefined })
  return { told: await accepted.promise, link }
}

it('who says no hello in ten seconds is cut off, and no timer waits after that', async () => {
  const clock = virtualClock()
  const { told } = await byHand(clock)
  expect(clock.pending).toBe(1)
  clock.advance(10_000)
  expect(await told.ended).toMatchObject({ code: 'PEER_REFUSED', message: expect.stringContaining('did not say hello within 10 s') as string })
  expect(clock.pending).toBe(0)
})

it('who needs a feature that is not known here is cut off', async () => {
  const { told, link } = await byHand()
  link.send(createCodec().encode({ type: 'hello', features: 1, agent: 'hand' }))
  expect(await told.ended).toMatchObject({ code: 'PEER_REFUSED', message: expect.stringContaining('needs features 1') as string })
})

it('bytes that are no hello end the link, and nothing is heard of it', async () => {
  const { told, link } = await byHand()
  link.send([Uint8Array.from({ length: 64 }, (_, i) => i * 31 % 256)])
  expect(await told.ended).toMatchObject({ code: 'PEER_REFUSED' })
  expect(told.heard).toEqual([])
})
