/** Merges what the chosen transports bring to the one libp2p node. Owns the merge and its refusals; the node itself is made in network.ts. */
import type { ConnectionEncrypter, ConnectionGater, StreamMuxerFactory, Transport as Libp2pTransport } from '@libp2p/interface'
import { ShoalError } from '../contract/index.ts'
import type { Libp2pFactory, Transport } from '../contract/index.ts'

/** As `createLibp2p` takes it. */
export interface Assembled {
  readonly transports: Libp2pFactory<Libp2pTransport>[]
  readonly connectionEncrypters: Libp2pFactory<ConnectionEncrypter>[]
  readonly streamMuxers: Libp2pFactory<StreamMuxerFactory>[]
  readonly services: Record<string, Libp2pFactory<unknown>>
  readonly connectionGater: ConnectionGater
}

/** Says who took a place first, when a second one comes. */
const places = (what: string): (place: string, transport: string) => void => {
  const taken = new Map<string, string>()
  return (place, transport) => {
    const first = taken.get(place)
    if (first !== undefined) {
      throw new ShoalError('BAD_OPTION', `Cannot use the transports "${first}" and "${transport}" together: both bring the ${what} "${place}". Choose one of them.`)
    }
    taken.set(place, transport)
  }
}

/**
 * Several transports may bring the same encryption or multiplexing: it is the same protocol on the wire, so the first one's serves all. (libp2p itself
 * would take the last.)
 */
const firstOfEach = <T extends { readonly protocol: string }>(): (factory: Libp2pFactory<T>) => Libp2pFactory<T> => {
  const made = new Map<string, T>()
  return factory => components => {
    const part = factory(components)
    const first = made.get(part.protocol) ?? part
    made.set(part.protocol, first)
    return first
  }
}

/** @throws ShoalError BAD_OPTION when two transports cannot be used together, PLUGIN_SHAPE when one brings nothing; the former may come from the factories, too */
export const assemble = (transports: readonly Transport[]): Assembled => {
  if (transports.length === 0) throw new ShoalError('BAD_OPTION', 'Cannot make a network without a transport. Choose at least one with --transport.')
  const [names, tags, services, gates] = [places('name'), places('libp2p transport'), places('service'), places('gate')]
  const encrypter = firstOfEach<ConnectionEncrypter>()
  const muxer = firstOfEach<StreamMuxerFactory>()
  const all: Assembled = { transports: [], connectionEncrypters: [], streamMuxers: [], services: {}, connectionGater: {} }

  for (const transport of transports) {
    const { name } = transport
    const parts = transport.libp2p()
    names(name, name)
    if (parts.transports.length === 0) throw new ShoalError('PLUGIN_SHAPE', `The transport "${name}" brings no libp2p transport: its libp2p() must give at least one.`)
    all.transports.push(...parts.transports.map((factory): Libp2pFactory<Libp2pTransport> => components => {
      const made = factory(components)
      tags(made[Symbol.toStringTag], name)
      return made
    }))
    all.connectionEncrypters.push(...parts.connectionEncrypters?.map(encrypter) ?? [])
    all.streamMuxers.push(...parts.streamMuxers?.map(muxer) ?? [])
    for (const [service, factory] of Object.entries(parts.services ?? {})) {
      services(service, name)
      all.services[service] = factory
    }
    for (const gate of Object.keys(parts.connectionGater ?? {})) gates(gate, name)
    Object.assign(all.connectionGater, parts.connectionGater)
  }
  return all
}
