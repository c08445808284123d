/**
 * One peer: a session, and the loop around it, as the engine has it. Ports are ideal: everyone is admitted, hashes are proved, good bytes verify, what is
 * loaded is there at once. Owns the order of inputs and the wake-up; schedules nothing that the session schedules.
 */
import { bitfield, fullBitfield, hashPage, pieceBytes, pieceCount } from '../contract/index.ts'
import type { ContentId, GroupId, Manifest, PeerId } from '../contract/index.ts'
import type { Effect, Input, Session, SessionEvent, TransferView } from '../core/io.ts'
import type { Agenda } from './agenda.ts'
import { blockData, verifies } from './bytes.ts'
import type { Host, Network, Port } from './network.ts'
import type { NodeFacts } from './scenario.ts'

/** Of one piece. The hashes are zeros: `prove` is answered without looking. */
const hashBytes = 32
const credential = new Uint8Array(300)

export interface Swarm { readonly content: ContentId, readonly group: GroupId, readonly manifest: Manifest }

export interface Node {
  readonly facts: NodeFacts
  /** Takes up the content, and can be dialed. */
  join (): void
  sighted (peer: PeerId): void
  leave (): void
  transfer (): TransferView | undefined
}

export interface NodeParts {
  readonly facts: NodeFacts
  readonly swarm: Swarm
  readonly session: Session
  readonly agenda: Agenda
  readonly network: Network
  readonly emit: (event: SessionEvent) => void
}

export const createNode = ({ facts, swarm, session, agenda, network, emit }: NodeParts): Node => {
  const { content, group, manifest } = swarm
  const pieces = pieceCount(manifest)
  const inputs: Input[] = []
  let port: Port | undefined
  let isRunning = false
  let hasLeft = false
  let wakesAt = Infinity
  let storeFreeAt = 0

  /** One input at a time, then every effect it gives: an effect may bring inputs at once, which wait their turn. */
  const feed = (input: Input): void => {
    if (hasLeft) return
    inputs.push(input)
    if (isRunning) return
    isRunning = true
    for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) {
      session.handle(next, agenda.now)
      for (let effect = session.poll(); effect !== undefined; effect = session.poll()) perform(effect)
    }
    isRunning = false
    arm()
  }

  /** A wake-up that is earlier than needed only looks again. */
  const arm = (): void => {
    const at = session.wakeAt ?? Infinity
    if (at >= wakesAt) return
    wakesAt = at
    agenda.at(at, () => {
      if (wakesAt !== at) return
      wakesAt = Infinity
      if (session.wakeAt !== undefined && session.wakeAt <= agenda.now) feed({ type: 'tick' }); else arm()
    })
  }

  const store = (piece: number): void => {
    storeFreeAt = Math.max(storeFreeAt, agenda.now) + 1000 * pieceBytes(manifest, piece) / facts.store
    const stored = (): void => { feed({ type: 'stored', content, piece }) }
    if (storeFreeAt <= agenda.now) stored(); else agenda.at(storeFreeAt, stored)
  }

  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case 'dial': port?.dial(effect.peer)
        return
      case 'unlink': port?.unlink(effect.link)
        return
      case 'send': port?.send(effect.link, effect.message)
        return
      case 'admit': feed({ type: 'admitted', link: effect.link, number: effect.number, ok: true })
        return
      case 'prove': feed({ type: 'proved', content, link: effect.link, first: effect.first, ok: true })
        return
      case 'verify': feed({ type: 'verified', content, piece: effect.piece, ok: verifies(effect.parts) })
        return
      case 'store': store(effect.piece)
        return
      case 'load': {
        const { link, piece, offset, length } = effect
        feed({ type: 'loaded', link, content, piece, offset, length, data: blockData(length, !facts.poisons) })
        return
      }
      case 'page': {
        const { link, first, count } = effect
        feed({ type: 'paged', link, content, first, count, page: { hashes: new Uint8Array(count * hashBytes), proof: new Uint8Array(0) } })
        return
      }
      case 'emit': emit(effect.event)
    }
  }

  const host: Host = {
    name: facts.name,
    up: facts.up,
    down: facts.down,
    linked: (link, peer, inbound) => { feed({ type: 'linked', link, peer, inbound }) },
    unlinked: link => { feed({ type: 'unlinked', link }) },
    undialed: peer => { feed({ type: 'undialed', peer }) },
    message: (link, message) => { feed({ type: 'message', link, message }) },
    heard: (link, bytes) => { feed({ type: 'heard', link, bytes }) },
    room: (link, unsentBytes) => { feed({ type: 'room', link, unsentBytes }) }
  }

  return {
    facts,
    join () {
      port = network.join(host)
      const pages = Math.ceil(pieces / hashPage)
      const [have, proved] = facts.seed ? [fullBitfield(pieces), fullBitfield(pages)] : [bitfield(pieces), bitfield(pages)]
      feed({ type: 'credential', group, credential })
      feed({ type: 'added', content, manifest, groups: [group], have: have.bytes(), pages: proved.bytes() })
    },
    sighted (peer) { feed({ type: 'sighted', content, group, peer }) },
    leave () {
      hasLeft = true
      port?.leave()
    },
    transfer: () => session.view.transfer(content)
  }
}
