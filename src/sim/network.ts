/**
 * Links between nodes in virtual time: dialing, the way of a message, the end. A node sends through one line of its up rate. Its links share it in turns for
 * blocks, as packets do; talk on a link that has nothing to send goes at once, and makes the line busy for as long as it takes. After the latency a block takes
 * its turn in the receiver's line of its down rate. Messages stay values; only their length counts.
 */
import type { PeerId } from '../contract/index.ts'
import type { LinkId } from '../core/io.ts'
import type { Message } from '../core/message.ts'
import type { Agenda } from './agenda.ts'
import type { Coder, Frame } from './coder.ts'
import { createInbox } from './inbox.ts'
import type { Inbox } from './inbox.ts'

/** What a host is told about its links. */
export interface Host {
  readonly name: PeerId
  /** Bytes per second; Infinity: no limit. */
  readonly up: number
  readonly down: number
  linked (link: LinkId, peer: PeerId, inbound: boolean): void
  unlinked (link: LinkId): void
  undialed (peer: PeerId): void
  message (link: LinkId, message: Message): void
  heard (link: LinkId, bytes: number): void
  room (link: LinkId, unsentBytes: number): void
}

/** A host's side of the network. */
export interface Port {
  /** All its links end, and nobody can dial it any more. */
  leave (): void
  dial (peer: PeerId): void
  unlink (link: LinkId): void
  send (link: LinkId, message: Message): void
}

export interface Network {
  join (host: Host): Port
}

interface Parcel { readonly frame: Frame, leftBytes: number }

/** One end of a link. `lineUntil`: what it sent last leaves the line then; `heldUntil`: what came last is delivered then. */
interface End {
  readonly coder: Coder
  readonly id: LinkId
  readonly node: Node
  far: End | undefined
  readonly latencyMs: number
  readonly queue: Parcel[]
  unsentBytes: number
  isOpen: boolean
  lineUntil: number
  heldUntil: number
}

/** `line`: links with something to send, the next one first. */
interface Node {
  readonly host: Host
  readonly ends: Map<LinkId, End>
  readonly line: Set<End>
  readonly inbox: Inbox
  nextLink: LinkId
  isSending: boolean
  upFreeAt: number
  downFreeAt: number
}

/** What one link sends in its turn. */
interface Load { readonly frames: Frame[], bytes: number, blockBytes: number, isRoomNews: boolean }

/** A turn is short when others wait, so that no link is quiet for long while a large block of another is sent; else there are fewer events. */
const turnMs = 20
const aloneMs = 100
const packetBytes = 1460
/** Round trips of a dial: TCP and the handshake above it. */
const dialTrips = 2

export interface NetworkOptions {
  readonly agenda: Agenda
  readonly latencyMs: (a: PeerId, b: PeerId) => number
  readonly coder: () => Coder
  /** Whether messages without block data take a line's time. */
  readonly talkTakesTime: boolean
}

const ms = (bytes: number, rate: number): number => 1000 * bytes / rate

export const createNetwork = ({ agenda, latencyMs, coder, talkTakesTime }: NetworkOptions): Network => {
  const nodes = new Map<PeerId, Node>()

  const closeEnd = (end: End): void => {
    if (!end.isOpen) return
    end.isOpen = false
    end.queue.length = 0
    end.unsentBytes = 0
    end.node.line.delete(end)
    end.node.ends.delete(end.id)
    end.node.host.unlinked(end.id)
  }

  const cut = (end: End): void => {
    const { far } = end
    closeEnd(end)
    if (far !== undefined) agenda.after(end.latencyMs, () => { closeEnd(far) })
  }

  /** Takes from the front of the link's queue what fits into its turn. */
  const fill = (end: End, mostBytes: number): Load => {
    const load: Load = { frames: [], bytes: 0, blockBytes: 0, isRoomNews: false }
    while (load.bytes < mostBytes) {
      const parcel = end.queue[0]
      if (parcel === undefined) break
      const bytes = Math.min(parcel.leftBytes, mostBytes - load.bytes)
      parcel.leftBytes -= bytes
      load.bytes += bytes
      const { isBlock } = parcel.frame
      if (parcel.leftBytes > 0) {
        if (isBlock) load.blockBytes = bytes
        break
      }
      end.queue.shift()
      load.frames.push(parcel.frame)
      load.isRoomNews ||= isBlock
    }
    return load
  }

  const receive = (end: End, frame: Frame): void => {
    if (end.isOpen) for (const message of end.coder.decode(frame)) end.node.host.message(end.id, message)
  }

  const deliver = (end: End, { frames, blockBytes }: Load): void => {
    for (const frame of frames) receive(end, frame)
    if (blockBytes > 0 && end.isOpen) end.node.host.heard(end.id, blockBytes)
  }

  /** The last of it is there; it waits for what the receiver's line has before it. */
  const arrive = (end: End, load: Load, sentMs: number): void => {
    if (!end.isOpen) return
    const { node } = end
    node.downFreeAt = Math.max(node.downFreeAt, agenda.now - sentMs) + ms(load.bytes, node.host.down)
    end.heldUntil = Math.max(end.heldUntil, node.downFreeAt)
    if (end.heldUntil <= agenda.now) deliver(end, load)
    else node.inbox.put(end.heldUntil, () => { deliver(end, load) })
  }

  const arriveTalk = (end: End, frame: Frame): void => {
    if (end.heldUntil <= agenda.now) receive(end, frame)
    else end.node.inbox.put(end.heldUntil, () => { receive(end, frame) })
  }

  const sent = (end: End, load: Load): void => {
    const { node } = end
    node.isSending = false
    if (end.isOpen) {
      end.unsentBytes -= load.bytes
      if (end.queue.length > 0) node.line.add(end)
      if (load.isRoomNews) node.host.room(end.id, end.unsentBytes)
    }
    sendNext(node)
  }

  const sendNext = (node: Node): void => {
    if (node.isSending) return
    const [end] = node.line
    if (end?.far === undefined) return
    node.line.delete(end)
    node.isSending = true
    const { host: { up } } = node
    const turn = node.line.size > 0 ? turnMs : aloneMs
    const load = fill(end, up === Infinity ? Infinity : Math.max(packetBytes, Math.floor(up * turn / 1000)))
    const sentMs = ms(load.bytes, up)
    end.lineUntil = node.upFreeAt = Math.max(node.upFreeAt, agenda.now) + sentMs
    const { far } = end
    // entered now, so that what the link says later comes later
    far.node.inbox.put(end.lineUntil + end.latencyMs, () => { arrive(far, load, sentMs) })
    agenda.at(end.lineUntil, () => { sent(end, load) })
  }

  const talk = (end: End, frame: Frame): void => {
    const { node, far } = end
    if (far === undefined) return
    const sentMs = talkTakesTime ? ms(frame.bytes, node.host.up) : 0
    if (sentMs > 0) node.upFreeAt = Math.max(node.upFreeAt, agenda.now) + sentMs
    end.lineUntil = Math.max(end.lineUntil, agenda.now + sentMs)
    far.node.inbox.put(end.lineUntil + end.latencyMs, () => { arriveTalk(far, frame) })
  }

  const createEnd = (node: Node, latency: number): End => {
    const end: End = { id: node.nextLink++, node, coder: coder(), far: undefined, latencyMs: latency, queue: [], unsentBytes: 0, isOpen: true, lineUntil: 0, heldUntil: 0 }
    node.ends.set(end.id, end)
    return end
  }

  const connect = (from: Node, to: Node, latency: number): void => {
    const [near, far] = [createEnd(from, latency), createEnd(to, latency)]
    near.far = far
    far.far = near
    from.host.linked(near.id, to.host.name, false)
    if (far.isOpen) to.host.linked(far.id, from.host.name, true)
  }

  const dial = (from: Node, peer: PeerId): void => {
    const latency = latencyMs(from.host.name, peer)
    agenda.after(2 * dialTrips * latency, () => {
      if (nodes.get(from.host.name) !== from) return
      const to = nodes.get(peer)
      if (to === undefined) from.host.undialed(peer); else connect(from, to, latency)
    })
  }

  const send = (end: End, message: Message): void => {
    const { node, queue } = end
    const frame = end.coder.encode(message)
    if (!frame.isBlock && queue.length === 0) {
      talk(end, frame)
      return
    }
    queue.push({ frame, leftBytes: frame.bytes })
    end.unsentBytes += frame.bytes
    node.line.add(end)
    if (frame.isBlock) node.host.room(end.id, end.unsentBytes)
    sendNext(node)
  }

  return {
    join (host) {
      const node: Node = { host, ends: new Map(), line: new Set(), inbox: createInbox(agenda), nextLink: 0, isSending: false, upFreeAt: 0, downFreeAt: 0 }
      nodes.set(host.name, node)
      return {
        leave () {
          nodes.delete(host.name)
          for (const end of [...node.ends.values()]) cut(end)
        },
        dial (peer) { dial(node, peer) },
        unlink (link) {
          const end = node.ends.get(link)
          if (end !== undefined) cut(end)
        },
        send (link, message) {
          const end = node.ends.get(link)
          if (end !== undefined) send(end, message)
        }
      }
    }
  }
}
