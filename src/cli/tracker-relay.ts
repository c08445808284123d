/** The relays that a tracker tells its members of: one in the same process, if wanted, and those that its operator names. */
import { lookup } from 'node:dns/promises'
import type { Realm } from '../contract/index.ts'
import { loadPlugin } from '../loader.ts'
import { parseHostPort, parseRelay } from '../network/addresses.ts'
import { createRelay } from '../relay/index.ts'
import type { Relay } from '../relay/index.ts'
import type { Arguments } from './grammar.ts'
import { openRelayHome } from './relay-home.ts'

/** As many as a login's reply holds. */
const maxTold = 8

export interface TrackerRelay {
  /** What members are told. */
  addresses (): readonly string[]
  stop (): Promise<void>
}

const isNear = (address: string): boolean => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address)

/** Those that others can dial; the relay may listen on the loopback interface alone. */
const tellable = (relay: Relay): readonly string[] => {
  const all = relay.addresses()
  const far = all.filter(address => !isNear(address))
  return far.length > 0 ? far : all
}

/** Reads the options, so that what is wrong with them is told before anything runs. @throws ShoalError BAD_OPTION */
export const readTrackerRelay = (args: Arguments): { start (realm: Realm, folder: string, log: (line: string) => void): Promise<TrackerRelay> } => {
  const others = args.list('--advertise-relay').map(parseRelay)
  const [listenText, announce] = [args.option('--relay-listen'), args.list('--relay-announce')]
  const wanted = args.has('--relay') || listenText !== undefined || announce.length > 0
  const listen = parseHostPort(listenText ?? '0.0.0.0:7500', 'BAD_OPTION')
  return {
    async start (realm, folder, log) {
      if (!wanted) return { addresses: () => others, stop: () => Promise.resolve() }
      const transport = await (await loadPlugin('transport', 'tcp')).create({ log })
      const relay = await createRelay({
        realm, listen, log: () => undefined, key: (await openRelayHome(folder)).key, transports: [transport],
        lookup: async name => (await lookup(name)).address, ...announce.length === 0 ? {} : { announce }
      })
      return { addresses: () => [...tellable(relay), ...others].slice(0, maxTold), stop: () => relay.stop() }
    }
  }
}
