/** The relays and STUN servers that a tracker tells its members of: its own, if wanted, and those that its operator names. */
import { ShoalError } from '../contract/index.ts'
import type { Network, Realm } from '../contract/index.ts'
import { formatHostPort, hostPortOf, parseHostPort, parseMultiaddr, parseRelay } from '../network/addresses.ts'
import type { HostPort } from '../network/addresses.ts'
import { createRelayService } from '../relay/index.ts'
import type { RelayService } from '../relay/index.ts'
import type { Arguments } from './grammar.ts'
import { startStun, stunPlace } from './stun.ts'
import type { StunServer } from './stun.ts'

/** As many as a login's reply holds. */
const maxTold = { relays: 8, stun: 4 }

export interface TrackerRelay {
  /** For the tracker's node; undefined: it is no relay. */
  readonly parts: RelayService['parts'] | undefined
  /** Whether a relay or a STUN server is to run here: the tracker does not begin without it. */
  readonly isAsked: boolean
  /** What runs here, for people, once it does. */
  lines (): readonly string[]
  /** What members are told, once there is all that is wanted here. */
  told (): Promise<{ readonly relays: readonly string[], readonly stun: readonly string[] }>
  /** The tracker's node is there. @throws ShoalError BAD_OPTION when it is not, and is to be a relay */
  serve (network: Network | undefined, signal: AbortSignal): Promise<void>
  stop (): Promise<void>
}

const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::'
const isNear = (address: string): boolean => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address)

/** Those that others can dial; it may listen on the loopback interface alone. */
const tellable = (network: Network): readonly string[] => {
  const all = network.addresses()
  const far = all.filter(address => !isNear(address))
  return (far.length > 0 ? far : all).map(address => `${address}/p2p/${network.peer}`)
}

const few = (texts: readonly string[], option: string, most: number): readonly string[] => {
  if (texts.length > most) throw new ShoalError('BAD_OPTION', `${option} is given ${texts.length} times, and members are told of ${most} at most. Leave some out.`)
  return texts
}

/** @throws ShoalError BAD_OPTION */
export const trackerRelay = (args: Arguments, realm: Realm, log: (line: string) => void): TrackerRelay => {
  const others = few(args.list('--advertise-relay'), '--advertise-relay', maxTold.relays).map(parseRelay)
  const service = args.has('--relay') ? createRelayService({ realm, log: () => undefined }) : undefined
  const otherStun = few(args.list('--advertise-stun'), '--advertise-stun', maxTold.stun).map(text => formatHostPort(parseHostPort(text, 'BAD_OPTION')))
  const stunAt = stunPlace(args, '0.0.0.0')
  const serving = Promise.withResolvers<undefined>()
  let own: readonly string[] = []
  let stun: { readonly server: StunServer, readonly told: string } | undefined

  /** Where others reach what listens here: on all interfaces, at the address at which they reach the tracker. */
  const reachable = ({ host, port }: HostPort, network: Network | undefined): string => {
    const [first = ''] = network === undefined ? [] : tellable(network)
    const address = parseMultiaddr(first)
    const outside = address === undefined ? undefined : hostPortOf(address)?.host
    return formatHostPort({ host: isAny(host) ? outside ?? host : host, port })
  }

  return {
    parts: service?.parts,
    isAsked: service !== undefined || stunAt !== undefined,
    lines: () => [
      ...own[0] === undefined ? [] : [`A relay for its members, who are told of it:  ${own[0]}`],
      ...stun === undefined ? [] : [`A STUN server for its members, who are told of it:  ${stun.told}`]
    ],
    async told () {
      await serving.promise
      return { relays: [...others, ...own].slice(0, maxTold.relays), stun: [...otherStun, ...stun === undefined ? [] : [stun.told]].slice(0, maxTold.stun) }
    },
    async serve (network, signal) {
      if (stunAt !== undefined && network === undefined && isAny(stunAt.host) && otherStun.length === 0) {
        throw new ShoalError('BAD_OPTION', 'Cannot tell members where the STUN server is: without libp2p the tracker does not know its own address. Add --stun-listen HOST:PORT or --advertise-stun HOST:PORT, with a host that they reach.')
      }
      if (stunAt !== undefined) {
        const server = await startStun(stunAt, signal, args.option('--stun-program'))
        stun = { server, told: reachable(stunAt, network) }
        void server.ended.then(text => {
          if (stun === undefined) return // it was told to
          stun = undefined
          log(`The STUN server at ${formatHostPort(stunAt)} has ended: ${text}. Members are told of it no more; start the tracker again.`)
        })
      }
      if (service !== undefined) {
        if (network === undefined) throw new ShoalError('BAD_OPTION', 'Cannot be a relay without libp2p. Leave out --libp2p none, or --relay.')
        await service.serve(network)
        own = tellable(network)
      }
      serving.resolve(undefined)
    },
    async stop () {
      service?.stop()
      const ending = stun
      stun = undefined
      await ending?.server.stop()
    }
  }
}
