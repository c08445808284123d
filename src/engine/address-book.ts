/** Where peers were last announced to be. Only announced members get in; bounded; soft. */
import type { PeerId, Sighting, UserName } from '../contract/index.ts'

const maxPeers = 10_000

export interface AddressBook {
  note (sighting: Pick<Sighting, 'peer' | 'user' | 'addresses'>): void
  addresses (peer: PeerId): readonly string[]
  user (peer: PeerId): UserName | undefined
  clear (): void
}

export const createAddressBook = (): AddressBook => {
  const book = new Map<PeerId, { readonly user: UserName, readonly addresses: readonly string[] }>()
  return {
    note ({ peer, user, addresses }) {
      book.delete(peer) // the newest last, the longest unseen first out
      book.set(peer, { user, addresses })
      if (book.size <= maxPeers) return
      for (const oldest of book.keys()) { book.delete(oldest); break }
    },
    addresses: peer => book.get(peer)?.addresses ?? [],
    user: peer => book.get(peer)?.user,
    clear () { book.clear() }
  }
}
