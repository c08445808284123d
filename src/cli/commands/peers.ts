/** Commands about who is there. */
import type { PeerStatus } from '../../contract/index.ts'
import type { Command } from '../command.ts'
import { formatMoment, formatRate } from '../quantities.ts'

/** `tcp:1.2 MB/s,quic: 2 failures`. */
const figures = (measured: NonNullable<PeerStatus['measured']>): string => measured.map(({ transport, rate, failures }) =>
  [`${transport}:${rate === undefined ? '' : formatRate(rate)}`, ...failures > 0 ? [`${failures} ${failures === 1 ? 'failure' : 'failures'}`] : []].filter(part => part !== '').join(' ')).join(',')

export const peers: readonly Command[] = [{
  name: 'list_peers',
  arguments: [],
  summary: 'lists online devices of users who share a group with you: user, peer id, online since, transports, link state',
  details: [
    'The link state is none, dialing or open; an open link is followed by its transport and address.',
    'Last is what was measured with this peer: bytes per second over each transport while it owed us something, and failures since the last success.'
  ],
  alone: 'done',
  async run ({ shoal, signal }) {
    const all = await shoal.listPeers({ signal })
    return {
      type: 'list',
      columns: ['user', 'peer', 'online since', 'transports', 'link', 'by', 'address', 'measured'],
      rows: all.map(({ user, peer, since, transports, groups, link, transport, address, measured = [] }) => ({
        fields: [user, peer, formatMoment(since), transports.join(',') || '-', link, ...link === 'open' || measured.length > 0 ? [transport ?? '-', address ?? '-', ...measured.length > 0 ? [figures(measured)] : []] : []],
        json: { user, peer, since: formatMoment(since), transports, groups, link, transport: transport ?? null, address: address ?? null, measured }
      }))
    }
  }
}]
