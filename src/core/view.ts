/** What a session shows of itself: counts, for people and for tests. */
import type { ContentId } from '../contract/index.ts'
import type { Core, Link, Transfer } from './core.ts'
import type { LinkView, SessionView, TransferView } from './io.ts'

const sourcesOf = ({ channels }: Transfer): TransferView['sources'] => {
  const byLink = new Map<number, TransferView['sources'][number]>()
  for (const { link, has, isJoined } of channels) {
    if (isJoined && has !== undefined && has.count > 0) byLink.set(link.id, { peer: link.peer.id, link: link.id, pieces: has.count })
  }
  return [...byLink.values()]
}

const transferView = (transfer: Transfer): TransferView => {
  const { content, haveBytes, fetchedBytes, wastedBytes, sentBytes, bytesByPeer, isComplete } = transfer
  return { content, haveBytes, fetchedBytes, wastedBytes, sentBytes, bytesByPeer: new Map(bytesByPeer), sources: sourcesOf(transfer), complete: isComplete }
}

const linkView = (core: Core, link: Link): LinkView => {
  const { id, peer, isEnding, owedBytes, pace } = link
  const { bytes, busyMs } = pace.total(core.now)
  let wantedBytes = 0
  for (const { wanting, transfer } of link.channels.values()) if (wanting) wantedBytes += transfer.manifest.length - transfer.haveBytes
  return { link: id, peer: peer.id, isEnding, owedBytes, rate: pace.rate(core.now), arrivedBytes: bytes, busyMs, wantedBytes }
}

export const sessionView = (core: Core): SessionView => ({
  get downBytes () { return core.downBudget.usedBytes },
  get upBytes () { return core.upBytes },
  get links () {
    return [...core.links.values()].map(link => linkView(core, link))
  },
  transfer (content: ContentId) {
    const transfer = core.transfers.get(content)
    return transfer === undefined ? undefined : transferView(transfer)
  }
})
