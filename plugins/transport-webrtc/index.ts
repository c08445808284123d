/** WebRTC: between peers and browsers, and between peers behind NATs through a relay. Owns options and addresses. */
import { WebRTC, WebRTCDirect } from '@multiformats/multiaddr-matcher'
import { definePlugin, integerOption, knownOptions, ShoalError } from 'shoal/plugin'
import type { Context, Transport } from 'shoal/plugin'
import { openNodeSide } from './node-side.ts'
import { direct, relayed } from './transports.ts'

export interface WebrtcOptions {
  /** UDP port to listen on, 1 … 65535. @default a free one, remembered in the plugin's folder */
  readonly port?: number
  /** STUN servers, HOST:PORT, several separated by commas: they tell a peer behind a NAT its address outside. @default those that the tracker tells of, if any */
  readonly stun?: string
}

const isServer = (text: string): boolean => {
  const port = Number(/^(?:\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text)?.[1])
  return port > 0 && port < 65_536
}

const stunServers = (stun: unknown): readonly string[] => {
  if (stun === undefined) return []
  const servers = typeof stun === 'string' ? stun.split(',') : []
  if (servers.length > 0 && servers.every(isServer)) return servers
  throw new ShoalError('BAD_OPTION', `The option stun of transport-webrtc cannot be ${JSON.stringify(stun)}. Give HOST:PORT, several separated by commas.`)
}

export const webrtc = async (options: WebrtcOptions, context: Context): Promise<Transport> => {
  knownOptions('transport-webrtc', options, ['port', 'stun'])
  const port = integerOption('transport-webrtc', 'port', options.port, { min: 1, max: 65_535, otherwise: 0 })
  const stun = stunServers(options.stun)
  const node = await openNodeSide(context)
  return {
    name: 'webrtc',
    runs: ['node', 'browser'],
    libp2p: () => ({ transports: [direct(node), relayed(() => stun.length > 0 ? stun : context.stun?.() ?? [])] }),
    listen: host => node === undefined ? ['/webrtc'] : [`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/udp/${port}/webrtc-direct`, '/webrtc'],
    matches: address => WebRTCDirect.exactMatch(address) || WebRTC.exactMatch(address)
  }
}

export default definePlugin('transport', 'webrtc', (options: WebrtcOptions, context) => webrtc(options, context))
