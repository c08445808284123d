/** A login at a tracker elsewhere: one call of the API for each method. Owns the token. */
import type { Announced, Announcement, FileToShare, PeerId, TrackerSession, UserName } from '../../contract/index.ts'
import { announcer } from './announcing.ts'
import type { Client } from './client.ts'
import { watchEvents } from './watching.ts'

export interface LoggedIn { readonly user: UserName, readonly device: PeerId, readonly token: string, readonly vouch: Uint8Array, readonly relays: readonly string[], readonly stun: readonly string[] }

// only the fields of the contract: what a caller's values carry beyond them is nobody's business, and would be refused
const itemOf = ({ group, content, role }: Announced): Announced => ({ group, content, role })
const announcementOf = ({ sequence, full, added, removed, addresses, transports, seek }: Announcement): Announcement => ({
  sequence, full, added: added.map(itemOf), removed: removed.map(itemOf), seek: seek.map(({ group, content }) => ({ group, content })),
  ...(addresses === undefined ? {} : { addresses }), ...(transports === undefined ? {} : { transports })
})
const fileOf = ({ name, manifest: { format, length, pieceLength, scheme, coding, root }, content, combined, replace }: FileToShare): FileToShare => ({
  name, manifest: { format, length, pieceLength, scheme, coding, root }, replace,
  ...(content === undefined ? {} : { content }), ...(combined === undefined ? {} : { combined })
})

export const remoteSession = (client: Client, { user, device, token, vouch, relays, stun }: LoggedIn): TrackerSession => ({
  user, device, vouch, relays, stun,
  async logout (signal) { await client.call('logout', {}, { token, signal }) },

  async groups ({ name, signal } = {}) { return (await client.call('groups', name === undefined ? {} : { name }, { token, signal })).groups },
  async createGroup (genesis, signal) { return (await client.call('createGroup', { genesis }, { token, signal })).group },
  async log (group, from, signal) { return (await client.call('log', { group, from }, { token, signal })).entries },
  async append (group, entry, signal) { return (await client.call('append', { group, entry }, { token, signal })).result },
  async credential (group, signal) { return (await client.call('credential', { group }, { token, signal })).credential },

  async files (group, { name, after, signal } = {}) {
    const fields = { group, ...(name === undefined ? {} : { name }), ...(after === undefined ? {} : { after }) }
    return (await client.call('files', fields, { token, signal })).files
  },
  async share (group, file, signal) { return (await client.call('share', { group, ...fileOf(file) }, { token, signal })).result },
  async unshare (group, name, signal) { await client.call('unshare', { group, name }, { token, signal }) },

  announce: announcer(client.api.maxAnnounced, (announcement, signal) => client.call('announce', announcementOf(announcement), { token, signal })),
  async peers (signal) { return (await client.call('peers', {}, { token, signal })).peers },
  watch: (from, signal) => watchEvents({ client, token, from, signal })
})
