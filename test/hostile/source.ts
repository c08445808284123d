/**
 * A member who is a source, by hand: answers who opens its content, tells what it has, serves who wants. Owns good manners; each test replaces one of them.
 */
import blake3 from 'shoal/plugins/integrity-blake3'
import { hashPage, pieceCount } from '../../src/contract/index.ts'
import type { ContentId, GroupId, Integrity, Manifest, Shoal } from '../../src/contract/index.ts'
import type { BlockRange, Message, MessageOf } from '../../src/core/message.ts'
import type { RawLink } from './raw-peer.ts'
import type { RawMember } from './world.ts'

/** A content as one who has it knows it. */
export interface Subject {
  readonly group: GroupId
  readonly content: ContentId
  readonly manifest: Manifest
  readonly bytes: Uint8Array
  readonly hashes: Uint8Array
  readonly integrity: Integrity
}

export const subjectOf = async (sharer: Shoal, group: string, name: string, bytes: Uint8Array): Promise<Subject> => {
  const integrity = await blake3({ threads: 1 }).create({ log: () => undefined })
  for await (const { name: found, versions: [version] } of sharer.listFiles(group)) {
    if (found !== name || version === undefined) continue
    const { manifest, content } = version
    const listing = (await sharer.listGroups()).find(each => each.name === group)
    const sealer = integrity.sealer(manifest)
    await sealer.push(bytes)
    const { hashes } = await sealer.finish()
    if (listing !== undefined) return { group: listing.id, content, manifest, bytes, hashes, integrity }
  }
  throw new Error(`There is no ${name} in ${group}.`)
}

export const rangeBytes = ({ bytes, manifest }: Subject, { piece, offset, length }: BlockRange): Uint8Array => {
  const from = piece * manifest.pieceLength + offset
  return bytes.subarray(from, from + length)
}

/** A link on which the content is open both ways. */
export interface Turn {
  readonly link: RawLink
  /** Our channel. */
  readonly number: number
  readonly subject: Subject
}

export interface Manners {
  /** @default everything */
  readonly have?: 'all' | Uint8Array
  /** Said when both have opened, after what it has. */
  opened? (turn: Turn): void
  wanted? (turn: Turn, wanted: boolean): void
  asked? (turn: Turn, range: BlockRange): void
  askedHashes? (turn: Turn, page: MessageOf<'ask-hashes'>): void
  /** At the beginning of each link. */
  linked? (link: RawLink): void
}

export const block = ({ number, link, subject }: Turn, range: BlockRange, data = rangeBytes(subject, range)): void => {
  link.say({ type: 'block', number, piece: range.piece, offset: range.offset, data })
}
export const reject = ({ number, link }: Turn, { piece, offset, length }: BlockRange): void => { link.say({ type: 'reject', number, piece, offset, length }) }
export const hashes = ({ number, link, subject: { manifest, hashes: layer, integrity } }: Turn, { first, count }: { readonly first: number, readonly count: number }): void => {
  link.say({
    type: 'hashes', number, layer: 0, first, hashes: layer.subarray(first * integrity.hashBytes, (first + count) * integrity.hashBytes),
    proof: integrity.proof(manifest, layer, first, count)
  })
}

export interface Source {
  readonly raw: RawMember
  readonly turns: readonly Turn[]
  /** Messages of that type that came, over all links. */
  heard<T extends Message['type']> (type: T): readonly MessageOf<T>[]
}

/** Answers whoever links from now on, and tells the tracker that it has all of it. */
export const createSource = async (raw: RawMember, subject: Subject, manners: Manners = {}): Promise<Source> => {
  const { group, content } = subject
  const credential = await raw.membership.mine(group)
  const turns: Turn[] = []

  const begin = (link: RawLink): Turn => {
    const turn: Turn = { link, number: link.open(group, content, credential), subject }
    turns.push(turn)
    link.say({ type: 'pieces', number: turn.number, have: manners.have ?? 'all' })
    manners.opened?.(turn)
    return turn
  }
  const hear = (turn: Turn, message: Message): void => {
    switch (message.type) {
      case 'want':
        if (manners.wanted !== undefined) manners.wanted(turn, message.wanted)
        else turn.link.say({ type: 'choke', number: turn.number, choked: !message.wanted })
        return
      case 'request': (manners.asked ?? block)(turn, message); return
      case 'ask-hashes': (manners.askedHashes ?? hashes)(turn, message); return
      case 'cancel': return // the answer comes anyway
      default:
    }
  }
  const meet = (link: RawLink): void => {
    const byTheirs = new Map<number, Turn>()
    link.onMessage(message => {
      if (message.type === 'open') {
        if (message.content === content && message.group === group) byTheirs.set(message.number, begin(link))
        return
      }
      const turn = 'number' in message && message.type !== 'refuse' ? byTheirs.get(message.number) : undefined
      if (turn !== undefined) hear(turn, message)
    })
    manners.linked?.(link)
  }
  raw.onLink(meet)
  await raw.announce({ group, content, role: 'source' })
  return {
    raw, turns,
    heard: <T extends Message['type']>(type: T) => raw.links.flatMap(link => link.heard.filter((message): message is MessageOf<T> => message.type === type))
  }
}

/** Numbers of all hashes of a page that are of a content: what an honest asker asks for. */
export const pageCount = ({ manifest }: Subject, first: number): number => Math.min(hashPage, pieceCount(manifest) - first)
