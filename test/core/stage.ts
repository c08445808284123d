/**
 * One session on a stage: the test says what happens, and reads what the session does as lines of text. Times are in milliseconds from 0.
 * Lines: `dial b`, `unlink 1: why`, `1> open 0`, `1> request 3:0+16384`, `admit 1 0`, `verify 3`, `store 3`, `load 1 3:0+16384`, `page 1 0+512`, `prove 1 0`, `emit …`.
 */
import { bitfield, fullBitfield, hashPage, pieceCount } from '../../src/contract/index.ts'
import type { GroupId, Manifest, PeerId } from '../../src/contract/index.ts'
import type { Effect, Input, LinkId, Message, Session, SessionOptions } from '../../src/core/index.ts'
import { createSession } from '../../src/core/session.ts'
import { credentialOf, hashesOf, home, inOrder, pieceOf, sample } from './swarm.ts'
import type { Sample } from './swarm.ts'

export const leaf = 16 * 1024

const range = ({ piece, offset, length }: { readonly piece: number, readonly offset: number, readonly length: number }): string => `${piece}:${offset}+${length}`

const messageText = (message: Message): string => {
  switch (message.type) {
    case 'hello': return 'hello'
    case 'open': case 'refuse': case 'close': case 'removal': return `${message.type} ${message.number}`
    case 'pieces': return `pieces ${message.have === 'all' ? 'all' : Buffer.from(message.have).toString('hex') || 'none'}`
    case 'have': return `have ${message.pieces.join(' ')}`
    case 'want': return message.wanted ? 'want' : 'unwant'
    case 'choke': return message.choked ? 'choke' : 'unchoke'
    case 'request': case 'cancel': case 'reject': return `${message.type} ${range(message)}`
    case 'block': return `block ${range({ ...message, length: message.data.byteLength })}`
    case 'ask-hashes': case 'no-hashes': return `${message.type} ${message.first}+${message.count}`
    case 'hashes': return `hashes ${message.first}`
    default: return message satisfies never
  }
}

const eventText = (event: Extract<Effect, { type: 'emit' }>['event']): string => {
  switch (event.type) {
    case 'piece': case 'misselected': return `${event.type} ${event.piece}`
    case 'failed': return `failed ${event.code}`
    case 'stalled': return `stalled ${event.code ?? 'no more'}`
    case 'blamed': return `blamed ${event.peer}`
    case 'complete': case 'removal': return event.type
    default: return event satisfies never
  }
}

export const effectText = (effect: Effect): string => {
  switch (effect.type) {
    case 'dial': return `dial ${effect.peer}`
    case 'unlink': return `unlink ${effect.link}: ${effect.why}`
    case 'send': return `${effect.link}> ${messageText(effect.message)}`
    case 'admit': return `admit ${effect.link} ${effect.number}`
    case 'prove': return `prove ${effect.link} ${effect.first}`
    case 'verify': case 'store': return `${effect.type} ${effect.piece}`
    case 'load': return `load ${effect.link} ${range(effect)}`
    case 'page': return `page ${effect.link} ${effect.first}+${effect.count}`
    case 'emit': return `emit ${eventText(effect.event)}`
    default: return effect satisfies never
  }
}

export interface StageOptions extends Partial<SessionOptions> {
  /** Pieces had at first, one character each: `x` had, `.` missing; or all. */
  readonly have?: string
  readonly groups?: readonly GroupId[]
  /** @default 8 pieces of 16 KiB */
  readonly file?: Sample
  /** @default true */
  readonly pagesKnown?: boolean
  /** Answers admit, verify, store, load and page at once and well. @default true */
  readonly ideal?: boolean
}

export interface Stage {
  readonly session: Session
  readonly file: Sample
  readonly manifest: Manifest
  now: number
  /** Feeds an input. @returns what the session did, as text */
  feed (input: Input): string[]
  /** Lets time pass, waking the session when it wants. @returns what it did */
  pass (ms: number): string[]
  link (peer: string, inbound?: boolean): LinkId
  say (link: LinkId, message: Message): string[]
  sight (peer: string, inGroup?: GroupId): string[]
  /** A peer that is linked, has opened and is admitted, has these pieces, and does not choke. @returns its link */
  source (peer: string, has: string): LinkId
  /** A peer that is linked, has opened and is admitted, and wants our pieces. */
  reader (peer: string): LinkId
  /** The peer sends what it was asked for. */
  give (link: LinkId, text: string, spoil?: boolean): string[]
  /** All that was done since the last time this was asked. */
  log (): string[]
}

const bits = (text: string): Uint8Array => {
  const flags = bitfield(text.length)
  for (let at = 0; at < text.length; at++) if (text[at] === 'x') flags.add(at)
  return flags.bytes()
}

export const parseRange = (text: string): { piece: number, offset: number, length: number } => {
  const [, piece, offset, length] = /(\d+):(\d+)\+(\d+)$/.exec(text) ?? []
  if (piece === undefined || offset === undefined || length === undefined) throw new Error(`No range: ${text}`)
  return { piece: Number(piece), offset: Number(offset), length: Number(length) }
}

export const createStage = (options: StageOptions = {}): Stage => {
  const { have = '........', groups = [home], pagesKnown = true, ideal = true, file = sample(have.length * leaf, leaf), ...rest } = options
  const session = createSession({ peer: 'me' as PeerId, seed: 1, selector: inOrder, ...rest })
  const { manifest, id: content } = file
  let written: string[] = []
  let lastLink = 0
  let now = 0

  const answer = (effect: Effect): Input | undefined => {
    switch (effect.type) {
      case 'admit': return { type: 'admitted', link: effect.link, number: effect.number, ok: true }
      case 'verify': return { type: 'verified', content, piece: effect.piece, ok: Buffer.concat(effect.parts).equals(pieceOf(file, effect.piece)) }
      case 'store': return { type: 'stored', content, piece: effect.piece }
      case 'prove': return { type: 'proved', content, link: effect.link, first: effect.first, ok: Buffer.compare(effect.hashes, hashesOf(file, effect.first, effect.hashes.byteLength / 32)) === 0 }
      case 'load': {
        const { link, piece, offset, length } = effect
        return { type: 'loaded', link, content, piece, offset, length, data: pieceOf(file, piece).subarray(offset, offset + length) }
      }
      case 'page': {
        const { link, first, count } = effect
        return { type: 'paged', link, content, first, count, page: { hashes: hashesOf(file, first, count), proof: new Uint8Array(0) } }
      }
      default: return undefined
    }
  }

  const feed = (input: Input): string[] => {
    const lines: string[] = []
    const inputs = [input]
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      session.handle(next, now)
      for (let effect = session.poll(); effect !== undefined; effect = session.poll()) {
        lines.push(effectText(effect))
        const answered = ideal ? answer(effect) : undefined
        if (answered !== undefined) inputs.push(answered)
      }
    }
    written.push(...lines)
    return lines
  }

  const say = (link: LinkId, message: Message): string[] => feed({ type: 'message', link, message })
  const link = (peer: string, inbound = true): LinkId => {
    feed({ type: 'linked', link: ++lastLink, peer: peer as PeerId, inbound })
    return lastLink
  }
  const meet = (peer: string, has: string): LinkId => {
    const id = link(peer)
    say(id, { type: 'open', number: 0, group: groups[0] ?? home, content, credential: credentialOf(peer, groups[0] ?? home) })
    say(id, { type: 'pieces', number: 0, have: bits(has) })
    return id
  }

  for (const group of groups) feed({ type: 'credential', group, credential: credentialOf('me', group) })
  const pages = Math.ceil(pieceCount(manifest) / hashPage)
  feed({ type: 'added', content, manifest, groups, have: bits(have.slice(0, pieceCount(manifest))), pages: (pagesKnown ? fullBitfield(pages) : bitfield(pages)).bytes() })
  written = []

  return {
    session, file, manifest, feed, say, link,
    get now () { return now },
    set now (time) { now = time },
    pass (ms) {
      const until = now + ms
      const lines: string[] = []
      for (let wake = session.wakeAt; wake !== undefined && wake <= until; wake = session.wakeAt) {
        now = Math.max(now, wake)
        lines.push(...feed({ type: 'tick' }))
      }
      now = until
      return lines
    },
    sight: (peer, inGroup = groups[0] ?? home) => feed({ type: 'sighted', content, group: inGroup, peer: peer as PeerId }),
    source (peer, has) {
      const id = meet(peer, has)
      say(id, { type: 'choke', number: 0, choked: false })
      return id
    },
    reader (peer) {
      const id = meet(peer, '')
      say(id, { type: 'want', number: 0, wanted: true })
      return id
    },
    give (id, text, spoil = false) {
      const { piece, offset, length } = parseRange(text)
      const data = Uint8Array.from(pieceOf(file, piece).subarray(offset, offset + length))
      if (spoil) data[0] = (data[0] ?? 0) ^ 1
      return say(id, { type: 'block', number: 0, piece, offset, data })
    },
    log () {
      const all = written
      written = []
      return all
    }
  }
}
