/** Waiting for downloads, by events: until none runs, or until one of them ends. Draws nothing. */
import type { DownloadStatus, Shoal } from '../contract/index.ts'

/** Downloads of whoever is logged in; none if nobody is. */
const statuses = (shoal: Shoal): readonly DownloadStatus[] => shoal.user === undefined ? [] : shoal.downloads()

/** Resolves when the condition holds; it is looked at now and after every event. Also when aborted or the peer stopped. */
const until = async (shoal: Shoal, signal: AbortSignal, holds: () => boolean): Promise<void> => {
  const done = new AbortController()
  const events = shoal.events({ signal: AbortSignal.any([signal, done.signal]) })
  if (!holds()) for await (const event of events) if ((event.type === 'download' || event.type === 'overflow') && holds()) break
  done.abort()
}

export const untilIdle = async (shoal: Shoal, signal: AbortSignal): Promise<void> =>
  until(shoal, signal, () => !statuses(shoal).some(({ state }) => state === 'running'))

/** The newest download of that file. */
export const downloadOf = (shoal: Shoal, group: string, file: string): DownloadStatus | undefined =>
  statuses(shoal).findLast(status => status.group === group.normalize('NFC') && status.name === file.normalize('NFC'))

export const untilEnded = async (shoal: Shoal, group: string, file: string, signal: AbortSignal): Promise<void> =>
  until(shoal, signal, () => downloadOf(shoal, group, file)?.state !== 'running')
