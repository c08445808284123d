/** A tracker on another machine, over HTTPS. Owns its options; the client is Shoal's own, the sockets are in proven-agent.ts. */
import { isIP } from 'node:net'
import { definePlugin, ShoalError, trackerClient, trackerOptions } from 'shoal/plugin'
import type { Tracker, TrackerOptions } from 'shoal/plugin'
import { httpsCarriage } from './https-carriage.ts'
import type { Endpoint } from './proven-agent.ts'

export type HttpTrackerOptions = TrackerOptions<Endpoint>

/** @throws ShoalError BAD_OPTION */
export const httpTracker = async (options: HttpTrackerOptions): Promise<Tracker> => {
  const common = trackerOptions('tracker-http', options)
  const { where: endpoint } = options as Partial<HttpTrackerOptions>
  if (endpoint === undefined || endpoint.host === '' || !Number.isInteger(endpoint.port) || endpoint.port < 1 || endpoint.port > 65_535) {
    throw new ShoalError('BAD_OPTION', 'Cannot use tracker-http: it is not said where the tracker is. Give { where: { host, port } }.')
  }
  const { host, port } = endpoint
  const { remoteTracker } = await trackerClient()
  const where = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  return remoteTracker({ ...common, where, carriage: parts => httpsCarriage({ ...parts, host, port }) })
}

export default definePlugin('tracker', 'http', (options: HttpTrackerOptions) => httpTracker(options))
