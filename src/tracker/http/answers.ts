/** What answers each call: one line from a message to the domain and back. Owns no rule. */
import type { PeerId, TrackerService, TrackerSession } from '../../contract/index.ts'
import type { CallName, ReplyOf, RequestOf } from '../../contract/api/index.ts'

/** The key of this tracker's end of the channel, and the realm's signature over it. */
export type ChannelProof = { readonly signature: Uint8Array } & ({ readonly spki: Uint8Array } | { readonly peer: PeerId })

type OpenCall = 'realm' | 'passwordParameters' | 'register' | 'login'
type SessionCall = Exclude<CallName, OpenCall | 'watch'>

/** @param from the address that the request came from */
export type OpenAnswers = { readonly [K in OpenCall]: (request: RequestOf<K>, from: string) => Promise<ReplyOf<K>> }
export type SessionAnswers = { readonly [K in SessionCall]: (session: TrackerSession, request: RequestOf<K>) => Promise<ReplyOf<K>> }

export const openAnswers = (service: TrackerService, proof: ChannelProof): OpenAnswers => ({
  realm: () => Promise.resolve({ key: service.realm.key, ...proof }),
  passwordParameters: async ({ user }) => user === undefined ? service.newPasswordParameters() : await service.passwordParameters(user),
  register: async ({ user, parameters, key }) => { await service.register(user, parameters, key); return {} },
  login: async (request, from) => await service.login(request, from)
})

export const sessionAnswers: SessionAnswers = {
  logout: async session => { await session.logout(); return {} },
  groups: async (session, request) => ({ groups: await session.groups(request) }),
  createGroup: async (session, { genesis }) => ({ group: await session.createGroup(genesis) }),
  log: async (session, { group, from }) => ({ entries: await session.log(group, from) }),
  append: async (session, { group, entry }) => ({ result: await session.append(group, entry) }),
  credential: async (session, { group }) => ({ credential: await session.credential(group) }),
  files: async (session, { group, ...options }) => ({ files: await session.files(group, options) }),
  share: async (session, { group, ...file }) => ({ result: await session.share(group, file) }),
  unshare: async (session, { group, name }) => { await session.unshare(group, name); return {} },
  announce: async (session, request) => await session.announce(request),
  peers: async session => ({ peers: await session.peers() })
}
