/** Commands about who is there. */
import type { Command } from '../command.ts'
import { formatMoment } from '../quantities.ts'

export const peers: readonly Command[] = [{
  name: 'list_peers',
  arguments: [],
  summary: 'lists online devices of users who share a group with you: user, peer id, online since, transports, link state',
  details: ['The link state is none, dialing or open; an open link is followed by its transport and address.'],
  alone: 'done',
  async run ({ shoal, signal }) {
    const all = await shoal.listPeers({ signal })
    return {
      type: 'list',
      columns: ['user', 'peer', 'online since', 'transports', 'link', 'by', 'address'],
      rows: all.map(({ user, peer, since, transports, groups, link, transport, address }) => ({
        fields: [user, peer, formatMoment(since), transports.join(',') || '-', link, ...link === 'open' ? [transport ?? '-', address ?? '-'] : []],
        json: { user, peer, since: formatMoment(since), transports, groups, link, transport: transport ?? null, address: address ?? null }
      }))
    }
  }
}]
