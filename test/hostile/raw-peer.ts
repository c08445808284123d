/**
 * A peer that speaks the wire protocol by hand. Owns its network and the frames: it says whatever it is told to, in any order, also what no codec of ours
 * would encode, and keeps everything that it ever hears. What is wise to say is up to the test (source.ts has a source that behaves).
 */
import tcp from 'shoal/plugins/transport-tcp'
import { concatBytes } from '../../src/contract/index.ts'
import type { ContentId, GroupId, Link, Network, PeerId } from '../../src/contract/index.ts'
import type { Message } from '../../src/core/message.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import type { SigningKey } from '../../src/keys/ed25519.ts'
import { createNetwork } from '../../src/network/index.ts'
import { createDecoder } from '../../src/wire/decoder.ts'
import { encode } from '../../src/wire/encoder.ts'
import type { Stamp } from '../../src/wire/forms.ts'
import { deadlineMs, within } from './deadline.ts'

/** A content that nobody has: its refusal shows that all before it was heard. */
const nothing = { group: '0'.repeat(64) as GroupId, content: '0'.repeat(64) as ContentId }

export interface RawLink {
  readonly link: Link
  /** Everything that ever came, in order. */
  readonly heard: readonly Message[]
  /** The other side's channel about a content, as it opened it, and whether it serves us there. */
  channel (content: ContentId): { readonly number: number, readonly choked: boolean, readonly chokes: number } | undefined
  /** Bytes that came, of whole frames and of others. */
  readonly heardBytes: number
  readonly isOver: boolean
  /** Resolves when the link has ended, however. */
  readonly over: Promise<void>
  /** Opens a content, with whatever is given. @returns the number that stands for it */
  open (group: GroupId, content: ContentId, credential: Uint8Array): number
  /** @param stamp @default what a codec would say beside it */
  say (message: Message, stamp?: Stamp): boolean
  write (...bytes: readonly Uint8Array[]): boolean
  /** Called with each message, after it was kept. */
  onMessage (handler: (message: Message) => void): void
  /** Waits for a message, one that came before included. Rejects when the link ends first, or the time is over. */
  hear (what: string, fits: (message: Message) => boolean, ms?: number): Promise<Message>
  /** Resolves when everything said so far was heard and answered, as far as it is answered without waiting; or the link has ended. */
  settled (): Promise<void>
  pause (): void
  resume (): void
  /** Waits until the queue has room again. */
  drained (): Promise<void>
  cut (): void
}

export interface RawPeer {
  readonly key: SigningKey
  readonly peer: PeerId
  addresses (): readonly string[]
  /** Dials a peer and says hello. */
  dial (to: { readonly peer: PeerId, readonly addresses: readonly string[] }): Promise<RawLink>
  /** Links that others opened: hello is said. */
  onLink (handler: (link: RawLink) => void): void
  readonly links: readonly RawLink[]
  stop (): Promise<void>
}

const rawLink = (link: Link, greets: boolean): RawLink => {
  const heard: Message[] = []
  const theirs = new Map<number, { readonly content: ContentId, choked: boolean, chokes: number }>()
  const ours = new Map<number, { readonly group: GroupId, readonly content: ContentId }>()
  const waiting = new Set<() => void>()
  const draining = new Set<() => void>()
  const over = Promise.withResolvers<void>()
  let handler: (message: Message) => void = () => undefined
  let isOver = false
  let heardBytes = 0
  let closesHeard = 0
  let next = 0
  // whoever asks for blocks takes those that come; judging them is the test's
  const decoder = createDecoder({ admit: ({ length }) => new Uint8Array(length) })

  const note = (message: Message): void => {
    heard.push(message)
    if (message.type === 'open') theirs.set(message.number, { content: message.content, choked: true, chokes: 0 })
    const channel = message.type === 'choke' ? theirs.get(message.number) : undefined
    if (message.type === 'choke' && channel !== undefined) {
      channel.choked = message.choked
      if (message.choked) channel.chokes++
    }
    if (message.type === 'close') closesHeard++
    handler(message)
    for (const look of [...waiting]) look()
  }
  const end = (): void => {
    isOver = true
    over.resolve()
    for (const look of [...waiting, ...draining]) look()
  }
  link.listen({
    data (chunk) {
      heardBytes += chunk.byteLength
      for (const { message } of decoder.decode(chunk)) note(message)
    },
    drained () { for (const look of [...draining]) look() },
    closed: end
  })

  const stampOf = (message: Message): Stamp => {
    if (message.type === 'open') return { heard: closesHeard }
    const own = 'number' in message ? ours.get(message.number) : undefined
    if (message.type === 'close') return own === undefined ? {} : { subject: own.group + own.content }
    return message.type === 'request' && own !== undefined ? { heard: self.channel(own.content)?.chokes ?? 0 } : {}
  }

  const self: RawLink = {
    link, heard,
    get heardBytes () { return heardBytes },
    get isOver () { return isOver },
    over: over.promise,
    channel (content) {
      for (const [number, channel] of [...theirs].reverse()) if (channel.content === content) return { number, ...channel }
      return undefined
    },
    open (group, content, credential) {
      const number = next++
      ours.set(number, { group, content })
      self.say({ type: 'open', number, group, content, credential })
      return number
    },
    say: (message, stamp = stampOf(message)) => link.send(encode(message, stamp)),
    write: (...bytes) => link.send(bytes),
    onMessage (given) { handler = given },
    hear: (what, fits, ms = deadlineMs) => within(ms, `hearing ${what}`, new Promise<Message>((resolve, reject) => {
      const look = (): void => {
        const found = heard.find(fits)
        if (found === undefined && !isOver) return
        waiting.delete(look)
        if (found === undefined) reject(new Error(`The link ended before ${what} came. It heard: ${heard.map(({ type }) => type).join(' ')}`))
        else resolve(found)
      }
      waiting.add(look)
      look()
    })),
    async settled () {
      const number = self.open(nothing.group, nothing.content, new Uint8Array())
      const answer = self.hear('the answer to a question about nothing', message => message.type === 'refuse' && message.number === number)
      await Promise.race([answer, over.promise])
      answer.catch(() => undefined) // it may be the link's end that came first
    },
    pause: () => { link.pause() },
    resume: () => { link.resume() },
    drained: () => new Promise(resolve => {
      const look = (): void => { draining.delete(look); resolve() }
      draining.add(look)
      if (isOver) look()
    }),
    cut: () => { link.abort(new Error('Cut by the test.')) }
  }
  if (greets) self.say({ type: 'hello', features: 0, agent: 'raw' })
  return self
}

export interface RawPeerOptions { readonly key?: SigningKey, /** @default true */ readonly greets?: boolean }

export const createRawPeer = async ({ key: given, greets = true }: RawPeerOptions = {}): Promise<RawPeer> => {
  const key = given ?? await generateKey()
  const network: Network = await createNetwork({
    key: key.libp2p, transports: [await tcp().create({ log: () => undefined })], listen: { host: '127.0.0.1', port: 0 }, log: () => undefined
  })
  const links: RawLink[] = []
  let handler: (link: RawLink) => void = () => undefined
  const keep = (link: Link): RawLink => {
    const raw = rawLink(link, greets)
    links.push(raw)
    return raw
  }
  network.accept(link => { handler(keep(link)) })
  return {
    key, links,
    peer: network.peer,
    addresses: () => network.addresses(),
    dial: async ({ peer, addresses }) => keep(await network.dial(peer, addresses, AbortSignal.timeout(deadlineMs))),
    onLink (given) { handler = given },
    stop: () => network.stop()
  }
}

/** The bytes of a frame of any type and payload, which may be none that exists. */
export const frame = (type: number, payload: Uint8Array, length = payload.byteLength + 1): Uint8Array => {
  const head = new Uint8Array(5)
  const view = new DataView(head.buffer)
  view.setUint32(0, length)
  view.setUint8(4, type)
  return concatBytes(head, payload)
}
