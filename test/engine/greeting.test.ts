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

const network = async (): Promise<Network> => {
  const made = await createNetwork({
    key: (await generateKey()).libp2p, transports: [await memory().create({ log: () => undefined })], listen: { host: '127.0.0.1', port: 0 }, log: () => undefined
  })
  onTestFinished(() => made.stop())
  return made
}

interface Told { readonly conversation: Promise<Conversation>, readonly ended: Promise<Error | undefined>, readonly heard: Message[] }

const talk = (link: Link): Told => {
  const [conversation, ended, heard] = [Promise.withResolvers<Conversation>(), Promise.withResolvers<Error | undefined>(), [] as Message[]]
  converse(link, { agent: 'test', clock: systemClock }, {
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
