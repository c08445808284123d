/**
 * A UDP socket that listens for WebRTC, and the listener of a node upon it. The socket outlives the node (retiring.ts says why) and may be handed to another one
 * of the process, so all that libp2p's listener asks of its node goes through here. Owns whose a socket is, handshake by handshake.
 */
import { isStartable, TypedEventEmitter } from '@libp2p/interface'
import type { Listener, ListenerEvents, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Certificate } from './transports.ts'
import { refused } from './tuning.ts'
import type { Tuned } from './tuning.ts'

/** A node, as a transport sees it. */
export interface Owner<T extends object = object> { readonly components: T, readonly upgrader: Tuned }

/** @param owner undefined: nobody hears */
type Own = (owner: Owner | undefined) => void

export interface Socket {
  readonly host: string
  readonly port: number
  readonly certhash: string
  /** libp2p's. */
  readonly listener: Listener
  own: Own
  close (): Promise<void>
}

/** What a browser has not. */
export interface Listening {
  readonly certificate: Certificate
  /** @returns a socket that listens at the address, where the port may be left open: a new one, or one that was retired */
  socketAt (address: Multiaddr, open: (address: Multiaddr) => Promise<Pick<Socket, 'listener' | 'own'>>): Promise<Socket>
  /** Takes a socket that nobody owns. */
  retire (socket: Socket): void
}

const stopped = (): Error => new Error('Its network stopped.')

/** @param make libp2p's transport, with the node's parts */
export const openSocket = async <T extends object>(address: Multiaddr, first: Owner<T>, make: (components: T) => Transport): Promise<Pick<Socket, 'listener' | 'own'>> => {
  let owner: Owner | undefined = first
  /** Whose a handshake is: one that began with a node does not end at the next. */
  const begun = new WeakMap<AbortSignal, Owner>()
  const upgrader: Upgrader = {
    upgradeInbound: async (connection: Parameters<Upgrader['upgradeInbound']>[0], options: Parameters<Upgrader['upgradeInbound']>[1]) => {
      if (owner === undefined || begun.get(options.signal) !== owner) throw stopped()
      await owner.upgrader.upgradeInbound(connection, options)
    },
    upgradeOutbound: () => Promise.reject(stopped()),
    createInboundAbortSignal (signal) {
      if (owner === undefined) return refused()
      const made = owner.upgrader.createInboundAbortSignal(signal)
      begun.set(made, owner)
      return made
    },
    getStreamMuxers: () => new Map(),
    getConnectionEncrypters: () => new Map()
  }
  const transport = make(new Proxy(first.components, { get: (_, name): unknown => name === 'upgrader' ? upgrader : Reflect.get((owner ?? first).components, name) }))
  if (isStartable(transport)) await transport.start() // reads the certificate
  const listener = transport.createListener({ upgrader })
  await listener.listen(address)
  return { listener, own (next) { owner = next } }
}

/** The listener that a node is given. */
export class Ear<T extends object> extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #owner: Owner<T>
  readonly #listening: Listening
  readonly #make: (components: T) => Transport
  #socket: Socket | undefined
  #closed = false

  constructor (owner: Owner<T>, listening: Listening, make: (components: T) => Transport) {
    super()
    this.#owner = owner
    this.#listening = listening
    this.#make = make
  }

  async listen (address: Multiaddr): Promise<void> {
    const socket = await this.#listening.socketAt(address, at => openSocket(at, this.#owner, this.#make))
    if (this.#closed) { this.#letGo(socket); throw stopped() }
    this.#socket = socket
    socket.own(this.#owner)
    this.safeDispatchEvent('listening')
  }

  getAddrs (): Multiaddr[] { return this.#socket?.listener.getAddrs() ?? [] }
  updateAnnounceAddrs (addresses: Multiaddr[]): void { this.#socket?.listener.updateAnnounceAddrs(addresses) }

  close (): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    this.#closed = true
    this.#owner.upgrader.endPending()
    if (socket !== undefined) this.#letGo(socket)
    this.safeDispatchEvent('close')
    return Promise.resolve()
  }

  #letGo (socket: Socket): void {
    socket.own(undefined)
    this.#listening.retire(socket)
  }
}
