/** The relays that a tracker tells its members of: itself, if wanted, and those that its operator names. */
import { ShoalError } from '../contract/index.ts'
import type { Network, Realm } from '../contract/index.ts'
import { parseRelay } from '../network/addresses.ts'
import { createRelayService } from '../relay/index.ts'
import type { RelayService } from '../relay/index.ts'
import type { Arguments } from './grammar.ts'

/** As many as a login's reply holds. */
const maxTold = 8

export interface TrackerRelay {
  /** For the tracker's node; undefined: it is no relay. */
  readonly parts: RelayService['parts'] | undefined
  /** What members are told. */
  addresses (): readonly string[]
  /** The tracker's node is there. @throws ShoalError BAD_OPTION when it is not, and is to be a relay */
  serve (network: Network | undefined): Promise<void>
  stop (): void
}

const isNear = (address: string): boolean => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address)

/** Those that others can dial; it may listen on the loopback interface alone. */
const tellable = (network: Network): readonly string[] => {
  const all = network.addresses()
  const far = all.filter(address => !isNear(address))
  return (far.length > 0 ? far : all).map(address => `${address}/p2p/${network.peer}`)
}

/** @throws ShoalError BAD_OPTION */
export const trackerRelay = (args: Arguments, realm: Realm): TrackerRelay => {
  const others = args.list('--advertise-relay').map(parseRelay)
  const service = args.has('--relay') ? createRelayService({ realm, log: () => undefined }) : undefined
  let own: readonly string[] = []
  return {
    parts: service?.parts,
    addresses: () => [...others, ...own].slice(0, maxTold),
    async serve (network) {
      if (service === undefined) return
      if (network === undefined) throw new ShoalError('BAD_OPTION', 'Cannot be a relay without libp2p. Leave out --libp2p none, or --relay.')
      await service.serve(network)
      own = tellable(network)
    },
    stop () { service?.stop() }
  }
}
