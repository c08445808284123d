/**
 * Where each thing lies in the State. Owns every key; the values are in the files of their subjects.
 * The longest, a share with a user name of 64 four-byte letters, has 510 of the 512 bytes that a key may have.
 */
import type { ContentId, Entry, GroupId, NameTag, PeerId, State, UserName } from '../contract/index.ts'

const padded = (value: number, digits: number): string => value.toString().padStart(digits, '0')

export const places = {
  realmKey: 'realm/key',
  user: (user: string) => `user/${user}`,
  devices: (user: UserName) => `device/${user}/`,
  device: (user: UserName, peer: PeerId) => `device/${user}/${peer}`,
  /** In the order in which they end. */
  revokedAll: 'revoked/',
  revoked: (expires: number, sessionId: string) => `revoked/${padded(expires, 16)}/${sessionId}`,
  revokedUntil: (key: string) => Number(key.slice(8, 24)),

  groupNames: 'name/',
  groupName: (name: string) => `name/${name}`,
  group: (id: GroupId) => `group/${id}`,
  log: (id: GroupId) => `log/${id}/`,
  logEntry: (id: GroupId, seq: number) => `log/${id}/${padded(seq, 12)}`,
  memberships: (user: UserName) => `member/${user}/`,
  membership: (user: UserName, id: GroupId) => `member/${user}/${id}`,

  entries: (id: GroupId) => `entry/${id}/`,
  entry: (id: GroupId, tag: NameTag) => `entry/${id}/${tag}`,
  shares: (id: GroupId, tag?: NameTag) => tag === undefined ? `share/${id}/` : `share/${id}/${tag}/`,
  share: (id: GroupId, tag: NameTag, content: ContentId, peer: PeerId, user: UserName) => `share/${id}/${tag}/${content}/${peer}/${user}`,
  contents: (id: GroupId) => `content/${id}/`,
  content: (id: GroupId, content: ContentId) => `content/${id}/${content}`,
  goneContents: (id: GroupId) => `gone/${id}`,

  feeds: 'feed/',
  feed: (id: GroupId) => `feed/${id}`,
  sweeps: 'sweep/',
  sweep: (id: GroupId) => `sweep/${id}`
} as const

/** What a key of `share` says. */
export const shareOfKey = (key: string): { readonly tag: NameTag, readonly content: ContentId, readonly peer: PeerId, readonly user: UserName } => {
  const [, , tag, content, peer, user] = key.split('/')
  return { tag: tag as NameTag, content: content as ContentId, peer: peer as PeerId, user: user as UserName }
}

/** The last part of a key. */
export const lastOfKey = (key: string): string => key.slice(key.lastIndexOf('/') + 1)

/** All entries with the prefix, in order, a page at a time. */
export async function * listAll (state: State, prefix: string, after?: string): AsyncGenerator<Entry> {
  let from = after
  for (;;) {
    const page = await state.list(prefix, from === undefined ? { limit: 1000 } : { after: from, limit: 1000 })
    yield * page
    const last = page.at(-1)
    if (page.length < 1000 || last === undefined) return
    from = last.key
  }
}
