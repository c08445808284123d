/**
 * Links between nodes in virtual time: dialing, the way of a message, the end. A node sends through one line of its up rate, which its links share in turns,
 * as packets do; after the latency it takes its turn in the receiver's line of its down rate. Messages stay values; only their length counts.
 */
import type { PeerId } from '../contract/index.ts'
import type { LinkId } from '../core/io.ts'
import type { Message } from '../core/message.ts'
import type { Agenda } from './agenda.ts'
import type { Coder, Frame } from './coder.ts'

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

export interface Network {
  join (host: Host): void
  /** All its links end, and nobody can dial it any more. */
  leave (host: Host): void
  isOnline (name: PeerId): boolean
  dial (host: Host, peer: PeerId): void
  unlink (host: Host, link: LinkId): void
  send (host: Host, link: LinkId, message: Message): void
}

interface Parcel { readonly frame: Frame, leftBytes: number }

/** One end of a link. */
interface End {
  readonly coder: Coder
  readonly id: LinkId
  readonly node: Node
  far: End | undefined
  readonly latencyMs: number
  readonly queue: Parcel[]
  unsentBytes: number
  isOpen: boolean
}

/** `line`: links with something to send, the next one first. */
interface Node { readonly host: Host, readonly ends: Map<LinkId, End>, readonly line: Set<End>, nextLink: LinkId, isSending: boolean, downFreeAt: number }

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
}

export const createNetwork = ({ agenda, latencyMs, coder }: NetworkOptions): Network => {
  const nodes = new Map<PeerId, Node>()

  const ms = (bytes: number, rate: number): number => 1000 * bytes / rate

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

  const deliver = (end: End, { frames, blockBytes }: Load): void => {
    for (const frame of frames) {
      if (end.isOpen) for (const message of end.coder.decode(frame)) end.node.host.message(end.id, message)
    }
    if (blockBytes > 0 && end.isOpen) end.node.host.heard(end.id, blockBytes)
  }

  /** The last of it is there; it waits for what the receiver's line has before it. */
  const arrive = (end: End, load: Load, sentMs: number): void => {
    const { node } = end
    const begun = Math.max(node.downFreeAt, agenda.now - sentMs)
    node.downFreeAt = begun + ms(load.bytes, node.host.down)
    if (node.downFreeAt <= agenda.now) deliver(end, load)
    else agenda.at(node.downFreeAt, () => { deliver(end, load) })
  }

  const sent = (end: End, load: Load, sentMs: number): void => {
    const { node, far } = end
    node.isSending = false
    if (end.isOpen && far !== undefined) {
      end.unsentBytes -= load.bytes
      agenda.after(end.latencyMs, () => { if (far.isOpen) arrive(far, load, sentMs) })
      if (end.queue.length > 0) node.line.add(end)
      if (load.isRoomNews) node.host.room(end.id, end.unsentBytes)
    }
    sendNext(node)
  }

  const sendNext = (node: Node): void => {
    if (node.isSending) return
    const [end] = node.line
    if (end === undefined) return
    node.line.delete(end)
    node.isSending = true
    const turn = node.line.size > 0 ? turnMs : aloneMs
    const load = fill(end, node.host.up === Infinity ? Infinity : Math.max(packetBytes, Math.floor(node.host.up * turn / 1000)))
    const sentMs = ms(load.bytes, node.host.up)
    agenda.after(sentMs, () => { sent(end, load, sentMs) })
  }

  const createEnd = (node: Node, latency: number): End => {
    const end: End = { id: node.nextLink++, node, coder: coder(), far: undefined, latencyMs: latency, queue: [], unsentBytes: 0, isOpen: true }
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

  return {
    join: host => { nodes.set(host.name, { host, ends: new Map(), line: new Set(), nextLink: 0, isSending: false, downFreeAt: 0 }) },
    leave (host) {
      const node = nodes.get(host.name)
      nodes.delete(host.name)
      for (const end of [...node?.ends.values() ?? []]) cut(end)
    },
    isOnline: name => nodes.has(name),
    dial (host, peer) {
      const latency = latencyMs(host.name, peer)
      agenda.after(2 * dialTrips * latency, () => {
        const [from, to] = [nodes.get(host.name), nodes.get(peer)]
        if (from?.host !== host) return
        if (to === undefined) host.undialed(peer); else connect(from, to, latency)
      })
    },
    unlink (host, link) {
      const end = nodes.get(host.name)?.ends.get(link)
      if (end !== undefined) cut(end)
    },
    send (host, link, message) {
      const node = nodes.get(host.name)
      const end = node?.ends.get(link)
      if (node === undefined || end === undefined) return
      const frame = end.coder.encode(message)
      end.queue.push({ frame, leftBytes: frame.bytes })
      end.unsentBytes += frame.bytes
      node.line.add(end)
      if (frame.isBlock) host.room(link, end.unsentBytes)
      sendNext(node)
    }
  }
}
