/** Where peers were last announced to be, and how they were reached. Only announced members get in; bounded; soft. */
import type { PeerId, Sighting, UserName } from '../contract/index.ts'

const maxPeers = 10_000

export interface AddressBook {
  note (sighting: Pick<Sighting, 'peer' | 'user' | 'addresses'>): void
  addresses (peer: PeerId): readonly string[]
  user (peer: PeerId): UserName | undefined
  /** A link to that peer was opened over that transport. */
  linked (peer: PeerId, transport: string): void
  /** Over which a peer was linked last. */
  transport (peer: PeerId): string | undefined
  clear (): void
}

/** The newest last, the longest unseen first out. */
const put = <V>(map: Map<PeerId, V>, peer: PeerId, value: V): void => {
  map.delete(peer)
  map.set(peer, value)
  if (map.size <= maxPeers) return
  for (const oldest of map.keys()) { map.delete(oldest); break }
}

export const createAddressBook = (): AddressBook => {
  const book = new Map<PeerId, { readonly user: UserName, readonly addresses: readonly string[] }>()
  const transports = new Map<PeerId, string>()
  return {
    note ({ peer, user, addresses }) { put(book, peer, { user, addresses }) },
    addresses: peer => book.get(peer)?.addresses ?? [],
    user: peer => book.get(peer)?.user,
    linked (peer, transport) { put(transports, peer, transport) },
    transport: peer => transports.get(peer),
    clear () { book.clear() }
  }
}
