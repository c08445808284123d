/** How the page says sizes, speeds and what went wrong. */
import { ShoalError } from 'shoal/browser'
import type { CatalogFile, DownloadStatus } from 'shoal/browser'

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export const size = (bytes: number): string => {
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ''}`
}

export const words = (error: unknown): string => ShoalError.is(error) ? error.message : error instanceof Error ? `${error.name}: ${error.message}` : String(error)

export const aboutFile = ({ versions: [newest] }: CatalogFile): string => {
  if (newest === undefined) return 'nobody shares it any more'
  const here = newest.sharers.filter(({ online }) => online).map(({ user }) => user)
  return `${size(newest.manifest.length)}, ${here.length > 0 ? `shared by ${[...new Set(here)].slice(0, 3).join(', ')}` : 'who shares it is away'}`
}

export const aboutDownload = (status: DownloadStatus): string => {
  const { state, haveBytes, length, rate, sources, waiting, error, bytesByPeer } = status
  switch (state) {
    case 'complete': return `complete, from ${[...new Set(bytesByPeer.map(({ user }) => user ?? 'somebody'))].join(', ') || 'this page'}`
    case 'failed': return error === undefined ? 'failed' : error.message
    case 'running': return waiting ?? `${size(haveBytes)} of ${size(length)}, ${size(rate)}/s from ${sources} ${sources === 1 ? 'peer' : 'peers'}`
  }
}
