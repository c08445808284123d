/**
 * Sessions joined by a network of virtual time, for tests: seeded latencies and losses, disks that fail, peers that lie. Everything the sessions order is done
 * here in the plainest way; and whatever goes into a store is compared with the original, so that no test can miss a bad byte.
 */
import { bitfield, fullBitfield, hashPage, pieceBytes, pieceCount } from '../../src/contract/index.ts'
import type { Bitfield, ContentId, ErrorCode, GroupId, Manifest, PeerId, PieceIndex, Selector } from '../../src/contract/index.ts'
import type { Effect, Input, LinkId, Message, Session, SessionEvent, SessionOptions, TransferView } from '../../src/core/index.ts'
import { random } from '../../src/core/random.ts'
import type { Random } from '../../src/core/random.ts'
import { createSession } from '../../src/core/session.ts'

export const rarestFirst: Selector = { select: view => view.byRarity() }
export const inOrder: Selector = { select: view => view.byIndex() }

/** What is shared in a test: real bytes, and hashes that are only numbers. */
export interface Sample { readonly id: ContentId, readonly manifest: Manifest, readonly bytes: Uint8Array }

export const sample = (length: number, pieceLength: number, name = 'c'): Sample => {
  const chance = random(length + name.charCodeAt(0))
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => chance.below(2 ** 32))
  const bytes = new Uint8Array(words.buffer, 0, length)
  return { id: name.repeat(64) as ContentId, manifest: { format: 1, scheme: 'sha256', coding: 'none', root: name.repeat(64), length, pieceLength }, bytes }
}

export const pieceOf = ({ manifest, bytes }: Sample, piece: PieceIndex): Uint8Array => {
  const from = piece * manifest.pieceLength
  return bytes.subarray(from, from + pieceBytes(manifest, piece))
}

/** Whether the parts, in order, are the piece. */
const isPiece = (sample: Sample, piece: PieceIndex, parts: readonly Uint8Array[]): boolean => {
  const whole = pieceOf(sample, piece)
  let at = 0
  for (const part of parts) {
    if (Buffer.compare(part, whole.subarray(at, at + part.byteLength)) !== 0) return false
    at += part.byteLength
  }
  return at === whole.byteLength
}

export const hashesOf = (sample: Sample, first: PieceIndex, count: number): Uint8Array => {
  const hashes = new Uint8Array(count * 32)
  for (let at = 0; at < count; at++) hashes.fill((first + at + sample.id.charCodeAt(0)) % 251, at * 32, (at + 1) * 32)
  return hashes
}

export const group = (name: string): GroupId => name.repeat(64) as GroupId
export const home = group('a')
export const credentialOf = (peer: string, group: GroupId): Uint8Array => new TextEncoder().encode(`${peer} in ${group}`)

export interface NodeOptions {
  /** Pieces had from the start. */
  readonly has?: 'all' | readonly PieceIndex[]
  readonly groups?: readonly GroupId[]
  /** Bytes per second, for all links together. @default no limit */
  readonly up?: number
  /** Whether what is served of this piece at this offset is bad. */
  readonly spoils?: (piece: PieceIndex, offset: number) => boolean
  /** Says why a store fails now. */
  readonly storeFails?: () => { readonly code: ErrorCode, readonly retry: boolean } | undefined
  readonly storeMs?: number
  readonly verifyMs?: number
  readonly session?: Partial<SessionOptions>
  /** Members other than those that the swarm knows. */
  readonly admits?: (peer: string, group: GroupId) => boolean
}

export interface Node {
  readonly name: string
  readonly session: Session
  readonly effects: Effect[]
  readonly events: SessionEvent[]
  readonly stored: Map<ContentId, Bitfield>
  feed (input: Input): void
  take (sample: Sample, options?: NodeOptions): void
  sight (sample: Sample, ...peers: string[]): void
  view (sample: Sample): TransferView
  isComplete (sample: Sample): boolean
  crash (): void
}

/** A peer that follows no rules but those of the link: it hears messages and says what it likes. */
export interface Stranger {
  readonly name: string
  /** Set by the test. */
  hear: (message: Message, link: LinkId) => void
  linked: (link: LinkId) => void
  unlinked: (link: LinkId) => void
  say (link: LinkId, message: Message): void
  dial (peer: string): void
}

export interface SwarmOptions {
  readonly seed: number
  readonly latencyMs?: (random: Random) => number
  /** Keeps the effects of every node, for comparing. */
  readonly keepEffects?: boolean
  /** Looks at a session after each of its inputs. */
  readonly watch?: (session: Session, name: string) => void
}

interface End { readonly owner: Party, readonly id: LinkId, other: End | undefined, readonly latencyMs: number, arrivesAt: number, unsent: number, isOpen: boolean }

interface Party {
  readonly name: string
  readonly up: number
  freeAt: number
  isGone: boolean
  linked (link: LinkId, peer: string, inbound: boolean): void
  unlinked (link: LinkId): void
  undialed (peer: string): void
  message (link: LinkId, message: Message): void
  heard (link: LinkId, bytes: number): void
  room (link: LinkId, unsentBytes: number): void
}

export interface Swarm {
  readonly now: number
  readonly random: Random
  node (name: string, options?: NodeOptions): Node
  stranger (name: string): Stranger
  after (ms: number, run: () => void): void
  /** Until the condition holds, or the time is up. @returns whether it holds */
  run (untilMs: number, isDone?: () => boolean): boolean
  /** Cuts every link between two peers. */
  cut (a: string, b: string): void
  readonly links: number
}

const headBytes = 30
const heardEveryBytes = 4096

export const createSwarm = ({ seed, latencyMs = () => 10, keepEffects = false, watch = () => undefined }: SwarmOptions): Swarm => {
  const chance = random(seed)
  const parties = new Map<string, Party>()
  const ends = new Map<LinkId, End>()
  const agenda: { readonly at: number, readonly order: number, readonly run: () => void }[] = []
  let order = 0
  let now = 0
  let lastLink = 0

  const at = (time: number, run: () => void): void => {
    const item = { at: Math.max(now, time), order: order++, run }
    let low = 0
    let high = agenda.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = agenda[middle]
      if (other !== undefined && (other.at > item.at || (other.at === item.at && other.order > item.order))) low = middle + 1
      else high = middle
    }
    agenda.splice(low, 0, item)
  }
  const after = (ms: number, run: () => void): void => { at(now + ms, run) }

  const close = (end: End): void => {
    if (!end.isOpen) return
    end.isOpen = false
    ends.delete(end.id)
    if (!end.owner.isGone) after(0, () => { end.owner.unlinked(end.id) })
    const { other } = end
    if (other !== undefined) at(Math.max(now + end.latencyMs, end.arrivesAt), () => { close(other) })
  }

  const dial = (from: Party, name: string): void => {
    const ms = latencyMs(chance)
    after(3 * ms, () => {
      const to = parties.get(name)
      if (to === undefined || to.isGone || from.isGone) { if (!from.isGone) from.undialed(name); return }
      const a: End = { owner: from, id: ++lastLink, other: undefined, latencyMs: ms, arrivesAt: 0, unsent: 0, isOpen: true }
      const b: End = { owner: to, id: ++lastLink, other: a, latencyMs: ms, arrivesAt: 0, unsent: 0, isOpen: true }
      a.other = b
      ends.set(a.id, a).set(b.id, b)
      // theirs is known there before anything that is said on it
      a.arrivesAt = now + ms
      after(ms, () => { if (b.isOpen && !to.isGone) to.linked(b.id, from.name, true) })
      from.linked(a.id, name, false)
    })
  }

  /** Bytes leave one after another at the party's rate, then take the link's latency. */
  const transmit = (from: Party, link: LinkId, message: Message): void => {
    const end = ends.get(link)
    if (end?.isOpen !== true || end.other === undefined) return
    const { other } = end
    const bytes = headBytes + (message.type === 'block' ? message.data.byteLength : 0)
    const begins = Math.max(now, from.freeAt)
    from.freeAt = begins + bytes * 1000 / from.up
    end.unsent += bytes
    from.room(link, end.unsent)
    at(from.freeAt, () => {
      end.unsent -= bytes
      if (end.isOpen && !from.isGone) from.room(link, end.unsent)
    })
    const deliver = (time: number, run: () => void): void => {
      end.arrivesAt = Math.max(end.arrivesAt, time)
      at(end.arrivesAt, () => { if (other.isOpen && !other.owner.isGone) run() })
    }
    if (from.freeAt - begins > 100) {
      for (let part = heardEveryBytes; part < bytes; part += heardEveryBytes) {
        deliver(begins + part * 1000 / from.up + end.latencyMs, () => { other.owner.heard(other.id, heardEveryBytes) })
      }
    }
    deliver(from.freeAt + end.latencyMs, () => { other.owner.message(other.id, message) })
  }

  const node = (name: string, options: NodeOptions = {}): Node => {
    const session = createSession({ selector: rarestFirst, seed: chance.below(2 ** 32), ...options.session, peer: name as PeerId })
    const held = new Map<ContentId, { readonly sample: Sample, readonly bytes: Map<PieceIndex, Uint8Array>, readonly options: NodeOptions }>()
    const effects: Effect[] = []
    const events: SessionEvent[] = []
    const stored = new Map<ContentId, Bitfield>()
    const inputs: Input[] = []
    let isRunning = false
    let wakesAt = Infinity

    const feed = (input: Input): void => {
      if (party.isGone) return
      inputs.push(input)
      if (isRunning) return
      isRunning = true
      for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
        session.handle(next, now)
        for (let effect = session.poll(); effect !== undefined; effect = session.poll()) {
          if (keepEffects) effects.push(effect)
          perform(effect)
        }
        watch(session, name)
      }
      isRunning = false
      const wake = session.wakeAt ?? Infinity
      if (wake >= wakesAt) return
      wakesAt = wake
      at(wake, () => {
        if (wakesAt !== wake) return
        wakesAt = Infinity
        feed({ type: 'tick' })
      })
    }

    const perform = (effect: Effect): void => {
      switch (effect.type) {
        case 'dial': dial(party, effect.peer); return
        case 'unlink': { const end = ends.get(effect.link); if (end !== undefined) close(end); return }
        case 'send': transmit(party, effect.link, effect.message); return
        case 'emit': events.push(effect.event); return
        case 'admit': {
          const peer = ends.get(effect.link)?.other?.owner.name ?? ''
          const known = new TextDecoder().decode(effect.credential) === `${peer} in ${effect.group}`
          after(1, () => { feed({ type: 'admitted', link: effect.link, number: effect.number, ok: known && (options.admits?.(peer, effect.group) ?? true) }) })
          return
        }
        default: performOn(effect)
      }
    }

    const performOn = (effect: Extract<Effect, { type: 'prove' | 'verify' | 'store' | 'load' | 'page' }>): void => {
      const { content } = effect
      const kept = held.get(content)
      if (kept === undefined) return
      const { sample, bytes } = kept
      switch (effect.type) {
        case 'prove': {
          const count = Math.min(hashPage, pieceCount(sample.manifest) - effect.first)
          const ok = Buffer.compare(effect.hashes, hashesOf(sample, effect.first, count)) === 0
          after(0, () => { feed({ type: 'proved', content, link: effect.link, first: effect.first, ok }) })
          return
        }
        case 'verify': {
          const ok = isPiece(sample, effect.piece, effect.parts)
          // also when the content was dropped meanwhile, as from a thread that hashes
          after(options.verifyMs ?? 1, () => { feed({ type: 'verified', content, piece: effect.piece, ok }) })
          return
        }
        case 'store': {
          if (!isPiece(sample, effect.piece, effect.parts)) throw new Error(`${name} was told to store a bad piece ${effect.piece}.`)
          after(options.storeMs ?? 2, () => {
            if (held.get(content) !== kept) { feed({ type: 'stored', content, piece: effect.piece }); return }
            const failure = options.storeFails?.()
            if (failure !== undefined) { feed({ type: 'unstored', content, piece: effect.piece, ...failure }); return }
            bytes.set(effect.piece, pieceOf(sample, effect.piece))
            stored.get(content)?.add(effect.piece)
            feed({ type: 'stored', content, piece: effect.piece })
          })
          return
        }
        case 'load': {
          const { link, piece, offset, length } = effect
          const whole = bytes.get(piece)
          let data = whole?.subarray(offset, offset + length)
          if (data !== undefined && options.spoils?.(piece, offset) === true) {
            data = Uint8Array.from(data)
            data[0] = (data[0] ?? 0) ^ 1
          }
          after(1, () => { feed({ type: 'loaded', link, content, piece, offset, length, data }) })
          return
        }
        case 'page': {
          const { link, first, count } = effect
          after(1, () => { feed({ type: 'paged', link, content, first, count, page: { hashes: hashesOf(sample, first, count), proof: new Uint8Array(32) } }) })
          return
        }
        default: effect satisfies never
      }
    }

    const party: Party = {
      name, up: options.up ?? Infinity, freeAt: 0, isGone: false,
      linked: (link, peer, inbound) => { feed({ type: 'linked', link, peer: peer as PeerId, inbound }) },
      unlinked: link => { feed({ type: 'unlinked', link }) },
      undialed: peer => { feed({ type: 'undialed', peer: peer as PeerId }) },
      message: (link, message) => { feed({ type: 'message', link, message }) },
      heard: (link, bytes) => { feed({ type: 'heard', link, bytes }) },
      room: (link, unsentBytes) => { feed({ type: 'room', link, unsentBytes }) }
    }
    parties.set(name, party)
    for (const id of options.groups ?? [home]) feed({ type: 'credential', group: id, credential: credentialOf(name, id) })

    return {
      name, session, effects, events, stored, feed,
      take (sample, own = options) {
        const pieces = pieceCount(sample.manifest)
        const pages = Math.ceil(pieces / hashPage)
        const have = own.has === 'all' ? fullBitfield(pieces) : bitfield(pieces)
        if (own.has !== 'all') for (const piece of own.has ?? []) have.add(piece)
        const kept = { sample, bytes: new Map<PieceIndex, Uint8Array>(), options: own }
        for (const piece of have) kept.bytes.set(piece, pieceOf(sample, piece))
        held.set(sample.id, kept)
        stored.set(sample.id, bitfield(pieces, have.bytes()))
        const proved = have.count > 0 ? fullBitfield(pages) : bitfield(pages)
        feed({ type: 'added', content: sample.id, manifest: sample.manifest, groups: own.groups ?? [home], have: have.bytes(), pages: proved.bytes() })
      },
      sight (sample, ...peers) {
        for (const peer of peers) feed({ type: 'sighted', content: sample.id, group: options.groups?.[0] ?? home, peer: peer as PeerId })
      },
      view (sample) {
        const view = session.view.transfer(sample.id)
        if (view === undefined) throw new Error(`${name} has no transfer of ${sample.id}.`)
        return view
      },
      isComplete: sample => session.view.transfer(sample.id)?.complete === true && stored.get(sample.id)?.count === pieceCount(sample.manifest),
      crash () {
        party.isGone = true
        for (const end of [...ends.values()]) if (end.owner === party) close(end)
      }
    }
  }

  const stranger = (name: string): Stranger => {
    const self: Stranger = {
      name, hear: () => undefined, linked: () => undefined, unlinked: () => undefined,
      say: (link, message) => { transmit(party, link, message) },
      dial: peer => { dial(party, peer) }
    }
    const party: Party = {
      name, up: Infinity, freeAt: 0, isGone: false,
      linked: link => { self.linked(link) },
      unlinked: link => { self.unlinked(link) },
      undialed: () => undefined, heard: () => undefined, room: () => undefined,
      message: (link, message) => { self.hear(message, link) }
    }
    parties.set(name, party)
    return self
  }

  return {
    get now () { return now },
    random: chance,
    get links () { return ends.size },
    node, stranger, after,
    run (untilMs, isDone = () => false) {
      while (!isDone()) {
        const next = agenda.pop()
        if (next === undefined) return false
        if (next.at > untilMs) {
          agenda.push(next)
          now = untilMs
          return false
        }
        now = next.at
        next.run()
      }
      return true
    },
    cut (a, b) {
      for (const end of [...ends.values()]) if (end.owner.name === a && end.other?.owner.name === b) close(end)
    }
  }
}
