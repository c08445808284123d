/**
 * What a download has cost so far. The engine counts for the time that it works on a store; a download is taken up and laid down many times, in this process
 * and in earlier ones. Owns the sum.
 */
import type { PeerId, UserName } from '../contract/index.ts'
import type { TransferView } from '../core/io.ts'
import type { DownloadRecord, Supply } from '../profile/index.ts'

export type Counted = Pick<DownloadRecord, 'fetchedBytes' | 'wastedBytes' | 'bytesByPeer'>

export interface Counting {
  now (): Counted
  /** The engine's counters begin anew: keeps what they say. */
  keep (): void
}

export interface CountingOptions {
  readonly before: Counted
  /** The engine's counters, while it works on this download's store. */
  view (): Pick<TransferView, 'fetchedBytes' | 'wastedBytes' | 'bytesByPeer'> | undefined
  userOf (peer: PeerId): UserName | undefined
  transportOf (peer: PeerId): string | undefined
}

export const createCounting = ({ before, view, userOf, transportOf }: CountingOptions): Counting => {
  let kept = before

  const now = (): Counted => {
    const current = view()
    if (current === undefined) return kept
    const suppliers = new Map<PeerId, Supply>(kept.bytesByPeer.map(supply => [supply.peer, supply]))
    for (const [peer, bytes] of current.bytesByPeer) {
      const known = suppliers.get(peer)
      suppliers.set(peer, { peer, bytes: bytes + (known?.bytes ?? 0), user: userOf(peer) ?? known?.user, transport: transportOf(peer) ?? known?.transport ?? '' })
    }
    return { fetchedBytes: kept.fetchedBytes + current.fetchedBytes, wastedBytes: kept.wastedBytes + current.wastedBytes, bytesByPeer: [...suppliers.values()] }
  }

  return { now, keep () { kept = now() } }
}
