import type { ConnectionEncrypter, ConnectionGater, StreamMuxerFactory, Transport as Libp2pTransport } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'

/** libp2p's own type for what its parts are given: each package declares what it needs of it. */
type Libp2pComponents = Parameters<NonNullable<Libp2pOptions['transports']>[number]>[0]
/** A libp2p component factory. */
export type Libp2pFactory<T> = (components: Libp2pComponents) => T

/** What a transport brings to the one libp2p node of a peer. Merged by network/ in the order of --transport. */
export interface Libp2pParts {
  readonly transports: readonly Libp2pFactory<Libp2pTransport>[]
  readonly connectionEncrypters?: readonly Libp2pFactory<ConnectionEncrypter>[]
  readonly streamMuxers?: readonly Libp2pFactory<StreamMuxerFactory>[]
  readonly services?: Readonly<Record<string, Libp2pFactory<unknown>>>
  readonly connectionGater?: ConnectionGater
}

/** Carries bytes between peers. Wraps libp2p's own transport on purpose: any libp2p transport is a Shoal transport in a few lines. */
export interface Transport {
  /** What users see in `list_peers`: `tcp`, `quic`, … */
  readonly name: string
  readonly runs: readonly ('node' | 'browser')[]
  libp2p (): Libp2pParts
  /**
   * Multiaddrs to listen on.
   * @param host an IP address, `0.0.0.0` or `::` for all of that family
   * @param port 0 for a free one
   */
  listen (host: string, port: number): readonly string[]
  /** Whether a connection with this remote address, or a dial to it, is of this transport. */
  matches (address: Multiaddr): boolean
}
