/** How a download is shown. Owns the form, and the words of waiting; the facts are given. */
import { pieceCount } from '../contract/index.ts'
import type { DownloadStatus, PeerId } from '../contract/index.ts'
import type { DownloadRecord } from '../profile/index.ts'

/** What is so now, of a download that runs. */
export interface Live {
  readonly rate: number
  readonly sources: readonly { readonly peer: PeerId, readonly pieces: number }[]
  /** What the disk lacks, and what to do. */
  readonly stall: string | undefined
  /** Why nothing comes, as far as the tracker knows. */
  readonly away: string | undefined
  transportOf (peer: PeerId): string | undefined
}

/** Nothing comes, and nobody who is linked has all of it: those who have some may have what we have. */
const waiting = ({ rate, sources, stall, away }: Live, pieces: number): string | undefined => {
  if (stall !== undefined) return `waiting: ${stall}`
  if (rate > 0 || sources.some(source => source.pieces === pieces)) return undefined
  return `waiting for a source${away === undefined ? '' : `: ${away}`}`
}

/** @param live undefined when it does not run */
export const downloadStatus = (record: DownloadRecord, live: Live | undefined): DownloadStatus => {
  const why = live && waiting(live, pieceCount(record.manifest))
  const transports = live?.sources.map(({ peer }) => live.transportOf(peer)).filter(name => name !== undefined) ?? []
  return {
    group: record.groupName, name: record.name, content: record.content, path: record.finishedPath ?? `${record.folder}/${record.fileName}`, state: record.state,
    length: record.manifest.length, haveBytes: record.haveBytes, fetchedBytes: record.fetchedBytes, resumedBytes: record.resumedBytes,
    hashedBytes: record.hashedBytes, wastedBytes: record.wastedBytes, bytesByPeer: record.bytesByPeer,
    rate: live?.rate ?? 0, sources: live?.sources.length ?? 0, transports: [...new Set(transports)], startedAt: record.startedAt,
    ...(record.state === 'complete' ? { seconds: record.activeMs / 1000 } : {}),
    ...(why === undefined ? {} : { waiting: why }),
    ...(record.error === undefined ? {} : { error: record.error })
  }
}
