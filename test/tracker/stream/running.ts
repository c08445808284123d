/** A tracker on libp2p for tests: a service over a state in memory, a network of one transport, and clients with networks of their own. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { memoryState } from '../../../plugins/state-memory/index.ts'
import { libp2pTracker } from '../../../plugins/tracker-libp2p/index.ts'
import type { Libp2pTrackerOptions } from '../../../plugins/tracker-libp2p/index.ts'
import type { Network, Tracker, TrackerService, Transport } from '../../../src/contract/index.ts'
import { createTrackerService } from '../../../src/tracker/index.ts'
import { serveTrackerStream } from '../../../src/tracker/stream/index.ts'
import type { ServedStream, ServeStreamOptions } from '../../../src/tracker/stream/index.ts'
import { networkOf } from '../../network/networks.ts'
import { cheapPasswords } from '../signers.ts'

export interface Station { readonly network: Network, readonly served: ServedStream, /** Ends with its peer id. */ readonly address: string, stop (): Promise<void> }

export interface RunningStream {
  readonly service: TrackerService
  readonly station: Station
  /** Lines that were logged. */
  readonly log: readonly string[]
  /** A network of its own, stopped with the tracker. */
  readonly network: () => Promise<Network>
  /** A client of its own over a network of its own. */
  readonly client: (options?: Partial<Libp2pTrackerOptions>, network?: Network) => Promise<Tracker>
  /** Stops what serves, and serves the same service again: same identity, same port. */
  readonly restart: () => Promise<Station>
  readonly stop: () => Promise<void>
}

export interface RunningOptions extends Partial<ServeStreamOptions> {
  readonly wrap?: (service: TrackerService) => TrackerService
}

export const startStream = async (transport: () => Promise<Transport> | Transport, { wrap = service => service, ...options }: RunningOptions = {}): Promise<RunningStream> => {
  const state = memoryState()
  const inner = await createTrackerService({ state, passwordCost: cheapPasswords })
  const service = wrap(inner)
  const log: string[] = []
  const key = await generateKeyPair('Ed25519')
  const parts: { stop (): Promise<void> }[] = []
  const clients: Tracker[] = []

  const serve = async (port: number): Promise<Station> => {
    const network = await networkOf(await transport(), { key, listen: { host: '127.0.0.1', port } })
    const served = await serveTrackerStream({ service, network, log: line => { log.push(line) }, ...options })
    const stop = async (): Promise<void> => { await served.stop(); await network.stop() }
    parts.push({ stop })
    return { network, served, stop, address: `${network.addresses()[0] ?? ''}/p2p/${network.peer}` }
  }
  let station = await serve(0)

  const network = async (): Promise<Network> => {
    const own = await networkOf(await transport(), { listen: undefined })
    parts.push(own)
    return own
  }
  return {
    service, log, network,
    get station () { return station },
    async client (more = {}, given) {
      const own = given ?? await network()
      const client = await libp2pTracker({ where: station.address, pin: service.realm.pin, ...more }, own)
      clients.push(client)
      return client
    },
    async restart () {
      const { port = 0 } = station.network
      await station.stop()
      station = await serve(port)
      return station
    },
    async stop () {
      for (const client of clients) await client.stop()
      await Promise.all(parts.map(part => part.stop()))
      await inner.stop()
      await state.stop()
    }
  }
}
