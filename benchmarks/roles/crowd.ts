/**
 * One session among many peers, without sockets: of fifty, five have everything, one has half of it, and the others have a fiftieth each, at random. Owns their part of
 * the conversation; what is measured is in micro.ts. Block data is zeros, and always verifies.
 */
import { randomFillSync } from 'node:crypto'
import { createSession } from 'shoal/sim'
import type { Effect, Input, Message, Session } from 'shoal/sim'
import type { ContentId, GroupId, Manifest, PeerId, Selector } from 'shoal'

const pieceLength = 16 * 1024
const zeros = new Uint8Array(pieceLength)
const group = 'a'.repeat(64) as GroupId
const content = 'c'.repeat(64) as ContentId

export interface CrowdOptions {
  readonly pieces: number
  readonly peers: number
  readonly selector: Selector
}

export interface Crowd {
  readonly session: Session
  /** Everything that the session asked for and was not given. */
  readonly open: number
  /** Answers requests until so many pieces more are stored. */
  fetch (pieces: number): void
  hear (peer: number, pieces: readonly number[]): void
}

const full = (bits: number): Uint8Array => {
  const packed = new Uint8Array(Math.ceil(bits / 8)).fill(0xff)
  if (bits % 8 !== 0) packed[packed.byteLength - 1] = 0xff << (8 - bits % 8) & 0xff
  return packed
}

const half = (bits: number): Uint8Array => {
  const packed = randomFillSync(new Uint8Array(Math.ceil(bits / 8)))
  const last = packed.byteLength - 1
  packed[last] = (packed[last] ?? 0) & (full(bits)[last] ?? 0)
  return packed
}

const some = (bits: number): Uint8Array => {
  const packed = new Uint8Array(Math.ceil(bits / 8))
  for (let i = 0; i < bits / 50; i++) {
    const at = Math.floor(Math.random() * bits)
    packed[at >> 3] = (packed[at >> 3] ?? 0) | 0x80 >> (at & 7)
  }
  return packed
}

const holdings = (link: number, bits: number): 'all' | Uint8Array => link % 10 === 0 ? 'all' : link % 50 === 1 ? half(bits) : some(bits)

export const createCrowd = ({ pieces, peers, selector }: CrowdOptions): Crowd => {
  const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', root: '0'.repeat(64), length: pieces * pieceLength, pieceLength }
  const session = createSession({ peer: 'me' as PeerId, seed: 1, selector, maxLinks: peers + 1 })
  const requests: { readonly link: number, readonly message: Extract<Message, { type: 'request' }> }[] = []
  let head = 0
  let stored = 0
  let now = 0
  const inputs: Input[] = []

  const answer = (effect: Effect): void => {
    if (effect.type === 'admit') inputs.push({ type: 'admitted', link: effect.link, number: effect.number, ok: true })
    else if (effect.type === 'verify') inputs.push({ type: 'verified', content, piece: effect.piece, ok: true })
    else if (effect.type === 'store') inputs.push({ type: 'stored', content, piece: effect.piece })
    else if (effect.type === 'emit' && effect.event.type === 'piece') stored++
    else if (effect.type === 'send') {
      const { link, message } = effect
      if (message.type === 'request') requests.push({ link, message })
    }
  }
  const feed = (first: Input): void => {
    inputs.push(first)
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      session.handle(input, now)
      for (let effect = session.poll(); effect !== undefined; effect = session.poll()) answer(effect)
    }
  }

  const pass = (): void => {
    now += 0.01
    if ((session.wakeAt ?? Infinity) <= now) feed({ type: 'tick' })
  }

  feed({ type: 'credential', group, credential: new Uint8Array(300) })
  feed({ type: 'added', content, manifest, groups: [group], have: new Uint8Array(Math.ceil(pieces / 8)), pages: full(Math.ceil(pieces / 512)) })
  for (let link = 0; link < peers; link++) {
    feed({ type: 'linked', link, peer: `peer-${link}` as PeerId, inbound: true })
    feed({ type: 'message', link, message: { type: 'open', number: 0, group, content, credential: new Uint8Array(300) } })
    feed({ type: 'message', link, message: { type: 'pieces', number: 0, have: holdings(link, pieces) } })
  }
  for (let link = 0; link < peers; link++) feed({ type: 'message', link, message: { type: 'choke', number: 0, choked: false } })

  return {
    session,
    get open () { return requests.length - head },
    fetch (count) {
      for (const until = stored + count; stored < until;) {
        const next = requests[head++]
        if (next === undefined) throw new Error(`The session asks for nothing more after ${stored} pieces.`)
        if (head > 4096 && head * 2 > requests.length) { requests.splice(0, head); head = 0 }
        pass()
        const { link, message: { piece, offset, length } } = next
        feed({ type: 'message', link, message: { type: 'block', number: 0, piece, offset, data: zeros.subarray(0, length) } })
      }
    },
    hear (link, heard) {
      pass()
      feed({ type: 'message', link, message: { type: 'have', number: 0, pieces: heard } })
    }
  }
}
