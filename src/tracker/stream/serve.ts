/** The API over links of libp2p: one conversation a link. Owns their list and their end; the network is its maker's. */
import type { Link, Network, TrackerService } from '../../contract/index.ts'
import { trackerProtocol } from '../../contract/api/frames.ts'
import { createApp } from '../http/app.ts'
import type { StreamLimits } from '../http/event-stream.ts'
import { converse } from './conversation.ts'
import type { Conversation, ConversationLimits } from './conversation.ts'

export interface ServeStreamOptions extends ConversationLimits {
  readonly service: TrackerService
  /** Its identity is what clients are given as the tracker's. */
  readonly network: Pick<Network, 'peer' | 'serve'>
  /** Writes one line. Is given no secret. */
  readonly log: (line: string) => void
  readonly streams?: StreamLimits
}

export interface ServedStream {
  /** Ends event streams and links, within 1 s. Service and network go on; links that come later are refused. Idempotent. */
  stop (): Promise<void>
}

/** The host at the head of a multiaddr, as HTTP would see it; what has none stands for itself. Behind a relay that is the relay's: whoever comes through it shares its limits. */
export const callerOf = (address: string): string => {
  const [, kind, host] = address.split('/')
  return (kind === 'ip4' || kind === 'ip6') && host !== undefined ? host.replace(/^::ffff:(?=\d+\.)/, '') : address
}

/** @throws ShoalError of the service */
export const serveTrackerStream = async ({ service, network, log, streams, ...limits }: ServeStreamOptions): Promise<ServedStream> => {
  const stopping = new AbortController()
  const { peer } = network
  const proof = { peer, signature: await service.proveChannel({ kind: 'peer', peer }) }
  const app = createApp({ service, proof, log, stopping: stopping.signal, ...streams === undefined ? {} : { streams } })
  const open = new Set<Conversation>()

  await network.serve(trackerProtocol, (link: Link) => {
    const conversation = converse({ ...limits, link, app, address: callerOf(link.address) })
    open.add(conversation)
    void conversation.over.then(() => { open.delete(conversation) })
    if (stopping.signal.aborted) void conversation.end('the tracker is stopping')
  })
  let stopped: Promise<void> | undefined
  return {
    stop: () => stopped ??= (async () => {
      stopping.abort()
      await Promise.all([...open].map(conversation => conversation.end('the tracker is stopping')))
    })()
  }
}
