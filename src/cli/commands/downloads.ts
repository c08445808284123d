/** Commands about fetching. */
import type { DownloadStatus } from '../../contract/index.ts'
import type { Command, Row } from '../command.ts'
import type { Argument } from '../grammar.ts'
import { formatPercent, formatRate } from '../quantities.ts'
import { quoteWords } from '../words.ts'

const group: Argument = { name: 'GROUP', kind: 'group' }
const file: Argument = { name: 'FILE', kind: 'file' }

/** `alice:1048576,bob:524288`: verified bytes. A user with several devices is told apart by peer id. */
export const senders = (bytesByPeer: DownloadStatus['bytesByPeer']): string => {
  const users = bytesByPeer.map(({ user }) => user)
  const name = ({ user, peer }: DownloadStatus['bytesByPeer'][number]): string =>
    user === undefined ? peer : users.indexOf(user) === users.lastIndexOf(user) ? user : `${user}/${peer}`
  return bytesByPeer.map(sender => `${name(sender)}:${sender.bytes}`).join(',') || '-'
}

/** The rate, or what it waits for, in the peer's own words: `waiting for a source…`, or `waiting: the disk is full…`. */
export const paceOf = ({ waiting, sources, rate }: DownloadStatus): string => {
  if (waiting !== undefined) return waiting
  return sources === 0 && rate === 0 ? 'waiting for a source' : formatRate(rate)
}

const statusLetter = { running: 'D', complete: 'C', failed: 'F' } as const

export const downloadRow = (status: DownloadStatus): Row => {
  const { group, name, path, state, error, length, haveBytes } = status
  const head = { words: `[${statusLetter[state]}] ${quoteWords([group, name])}` }
  const { name: fileName, path: destination, startedAt, ...counted } = status
  const json = { ...counted, file: fileName, destination, startedAt: new Date(startedAt).toISOString() }
  switch (state) {
    case 'running': return { fields: [head, formatPercent(haveBytes, Math.max(length, 1)), paceOf(status), `${status.sources}`, status.transports.join(',') || '-', path], json }
    case 'complete': return { fields: [head, path, (status.seconds ?? 0).toFixed(1), senders(status.bytesByPeer)], json }
    case 'failed': return { fields: [head, error?.code ?? 'BUG', error?.message ?? 'No reason was kept.'], json }
  }
}

export const downloads: readonly Command[] = [
  {
    name: 'download_file',
    aliases: ['get'],
    arguments: [group, file, { name: 'DESTINATION', kind: 'destination' }],
    options: [{ name: '--overwrite', summary: 'replaces an existing file when the download is finished' }],
    summary: 'downloads a file from everyone who has some of it, checks every piece, and serves what it has at once',
    details: [
      'DESTINATION is an existing folder, or one ending in / (made if missing), or the path of a new file.',
      'Prints name and path when the download is recorded. It goes on by itself: show_downloads tells how far it is.',
      'With no source it waits and goes on when one comes back. Closing the shell keeps what is there, and login resumes it.'
    ],
    alone: 'wait for the download',
    async run ({ shoal, args, signal }) {
      const download = await shoal.download(args.text('GROUP'), args.text('FILE'), args.text('DESTINATION'), { signal, overwrite: args.has('--overwrite') })
      // how it ends is told by the events and by show_downloads
      download.finished.catch(() => undefined)
      return { type: 'record', row: { fields: [download.name, download.path], json: { group: download.group, file: download.name, destination: download.path } } }
    }
  },
  {
    name: 'show_downloads',
    arguments: [],
    summary: 'shows this user\'s downloads here, oldest first',
    details: [
      '[D] GROUP FILE: running; percent, rate or what it waits for, peers, transport, destination.',
      '[C] GROUP FILE: complete; destination, seconds, bytes from each peer.',
      '[F] GROUP FILE: failed; code, reason.',
      'Fields are separated by tabs; GROUP and FILE are quoted so that a command takes them as they stand.'
    ],
    run: ({ shoal }) => ({ type: 'list', columns: [], rows: shoal.downloads().map(downloadRow) })
  },
  {
    name: 'cancel_download',
    arguments: [group, file],
    summary: 'ends a download and removes its partial file',
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.cancelDownload(args.text('GROUP'), args.text('FILE'), { signal }); return undefined }
  }
]
