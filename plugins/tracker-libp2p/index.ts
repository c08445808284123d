/** A tracker on another machine, over libp2p: any transport of the peer's, with the tracker's peer id as the pin. Owns its options; the client is Shoal's own. */
import { definePlugin, hasPeerForm, ShoalError, trackerClient, trackerOptions } from 'shoal/plugin'
import type { Context, PeerId, Tracker, TrackerOptions } from 'shoal/plugin'
import { linkCarriage } from './link-carriage.ts'

/** `where`: a multiaddr that ends with `/p2p/` and the tracker's peer id, as a tracker prints it. */
export type Libp2pTrackerOptions = TrackerOptions<string>

const peerOf = (where: unknown): PeerId | undefined => {
  const peer = typeof where === 'string' ? /^\/[^\s#]+\/p2p\/([^/]+)$/.exec(where)?.[1] : undefined
  return peer !== undefined && hasPeerForm(peer) ? peer as PeerId : undefined
}

/** @throws ShoalError BAD_OPTION */
export const libp2pTracker = async (options: Libp2pTrackerOptions, { reach }: Pick<Context, 'reach'>): Promise<Tracker> => {
  const common = trackerOptions('tracker-libp2p', options)
  const { where } = options
  const peer = peerOf(where)
  if (peer === undefined) throw new ShoalError('BAD_OPTION', 'Cannot use tracker-libp2p: it is not said where the tracker is. Give { where } as a multiaddr that ends with /p2p/ and its peer id, as the tracker printed it.')
  if (reach === undefined) throw new ShoalError('BAD_OPTION', `Cannot use the tracker ${where}: there is no network here to reach it over. Give the plugin to a peer, or its context a \`reach\`; or use tracker-http.`)
  const { remoteTracker } = await trackerClient()
  return remoteTracker({ ...common, where, carriage: parts => linkCarriage({ ...parts, address: where, peer, reach }) })
}

export default definePlugin('tracker', 'libp2p', (options: Libp2pTrackerOptions, context) => libp2pTracker(options, context))
