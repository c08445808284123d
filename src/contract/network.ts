import type { PeerId } from './ids.ts'

/** The peers' network as the engine sees it: dial a peer, accept links. It knows nothing of groups or pieces. */
export interface Network {
  readonly peer: PeerId
  /** Multiaddrs that others may dial, without the peer id. */
  addresses (): readonly string[]
  /** The port it listens on, if its transports have ports. */
  readonly port: number | undefined
  /** Names of the transports in use, in order of preference. */
  readonly transports: readonly string[]
  /**
   * Opens a link to a peer, over the first address that answers and proves that identity. Transports are tried in order; one that says nothing is passed by.
   * @throws ShoalError PEER_UNREACHABLE, PEER_REFUSED; the signal's reason when aborted
   */
  dial (peer: PeerId, addresses: readonly string[], signal: AbortSignal, options?: DialOptions): Promise<Link>
  /** Names of the transports over which these addresses of a peer can be dialed, in order of preference; `relay` for those through other peers. */
  carriers (peer: PeerId, addresses: readonly string[]): readonly string[]
  /** Sets the one handler of links that others open. */
  accept (handler: (link: Link) => void): void
  /**
   * Opens a link of another protocol than the exchange, on a connection of its own.
   * @param address a multiaddr that ends with the peer id (`…/p2p/ID`): nobody else is accepted there
   * @throws ShoalError PEER_UNREACHABLE, PEER_REFUSED; the signal's reason when aborted
   */
  reach (address: string, protocol: string, signal: AbortSignal): Promise<Link>
  /** Sets the handler of links that others open for that other protocol. */
  serve (protocol: string, handler: (link: Link) => void): Promise<void>
  /** Closes every link and releases every socket. */
  stop (): Promise<void>
}

/** What a link is named by that another peer hands on, instead of a transport. */
export const relayed = 'relay'

/** How one dial differs from the others. */
export interface DialOptions {
  /** Names of transports that are tried first, in this order. @default the order of the network */
  readonly order?: readonly string[]
  /** Names of transports: no other is tried. @default all */
  readonly only?: readonly string[]
  /** Whether no other peer may hand the bytes on. @default false */
  readonly direct?: boolean
  /** Is told of each transport that failed, or was passed by for another one. */
  readonly failed?: (transport: string) => void
}

/**
 * One open exchange with one authenticated peer: an ordered stream of bytes each way. The frames in it are cut by wire/.
 * (The design has "whole frames" here; they are cut in the engine, because a block that nobody asked for must be refused from its
 * header, before its body is allocated, and only the engine's codec knows what was asked.)
 */
export interface Link {
  readonly peer: PeerId
  /** Name of the transport that carries it, told by the connection itself; `relay` when another peer hands it on. */
  readonly transport: string
  /** The remote multiaddr, for people. */
  readonly address: string
  readonly inbound: boolean
  /** Bytes given to `send` and not yet taken by the operating system, or as near as the transport can tell. */
  readonly unsentBytes: number
  /**
   * Queues the parts, in order, by reference: the caller must not change them afterwards. Never blocks.
   * @returns false when the queue is above its mark: `drained` follows.
   */
  send (parts: readonly Uint8Array[]): boolean
  /** Sets the handlers. Bytes that came before are delivered. Call once. */
  listen (handlers: LinkHandlers): void
  /** Stops reading: the sender is slowed, not cut. */
  pause (): void
  resume (): void
  /** Ends after what is queued was sent, or at the signal. */
  close (signal?: AbortSignal): Promise<void>
  /** Ends at once. */
  abort (reason: Error): void
}

export interface LinkHandlers {
  /** The chunk belongs to the receiver. Its size says nothing. */
  data (chunk: Uint8Array): void
  /** The send queue fell below its mark. */
  drained (): void
  /** Exactly once, last. A clean end proves nothing about completeness. */
  closed (error: Error | undefined): void
}
