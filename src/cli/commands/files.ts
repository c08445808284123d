/** Commands about what a group has. */
import { ShoalError } from '../../contract/index.ts'
import type { CatalogFile } from '../../contract/index.ts'
import type { Command, Row } from '../command.ts'
import type { Argument } from '../grammar.ts'
import { formatMoment, formatPercent, parseBytes } from '../quantities.ts'

const group: Argument = { name: 'GROUP', kind: 'group' }

/** The newest version as a record; all of them as JSON. */
const catalogRow = ({ name, versions }: CatalogFile): Row => {
  const [newest] = versions
  const all = versions.map(({ content, manifest, combined, sharers, at }) => ({
    content, size: manifest.length, scheme: manifest.scheme, root: manifest.root, ...combined === undefined ? {} : { combined },
    pieceSize: manifest.pieceLength, shared: formatMoment(at),
    sharers: sharers.map(({ user, peer, online, since }) => ({ user, peer, online, since: formatMoment(since) }))
  }))
  if (newest === undefined) return { fields: [name, '-', '-', '-', '0', '0'], json: { name, versions: all } }
  const { manifest, sharers, combined } = newest
  return {
    fields: [
      name, `${manifest.length}`, manifest.scheme, manifest.root, `${sharers.length}`, `${sharers.filter(sharer => sharer.online).length}`,
      ...combined === undefined ? [] : [combined]
    ],
    json: { name, ...all[0], versions: all }
  }
}

/** The tracker lists in pages by a hash of the name. A catalog of up to so many files is shown by name, a larger one in runs that are. */
const sortedAtOnce = 1000

const byName = (a: CatalogFile, b: CatalogFile): number => a.name < b.name ? -1 : a.name > b.name ? 1 : 0

const catalogRows = async function * (files: AsyncIterable<CatalogFile>): AsyncGenerator<Row> {
  let run: CatalogFile[] = []
  for await (const file of files) {
    if (run.push(file) < sortedAtOnce) continue
    yield * run.sort(byName).map(catalogRow)
    run = []
  }
  yield * run.sort(byName).map(catalogRow)
}

const pieceSize = (text: string | undefined): { pieceSize?: number } => {
  if (text === undefined) return {}
  const bytes = parseBytes(text, '--piece-size')
  if (!Number.isInteger(Math.log2(bytes)) || bytes < 16 * 1024 || bytes > 16 * 1024 * 1024) {
    throw new ShoalError('BAD_OPTION', `--piece-size: ${text} is not a power of two from 16KiB to 16MiB. Write, say, 512KiB.`)
  }
  return { pieceSize: bytes }
}

export const files: readonly Command[] = [
  {
    name: 'upload_file',
    aliases: ['share'],
    arguments: [{ name: 'PATH', kind: 'path' }, group],
    options: [
      { name: '--name', value: 'NAME', summary: 'the name in the group; else the file\'s own' },
      { name: '--replace', summary: 'publishes a new version of a name that the group has' },
      { name: '--integrity', value: 'SCHEME', summary: 'blake3, sha256, sha1 or another of this peer\'s; else its first' },
      { name: '--piece-size', value: 'SIZE', summary: 'a power of two from 16KiB to 16MiB; else 512KiB, or more for large files' },
      { name: '--expect', value: 'ROOT', summary: 'refuses a file that has another root or combined hash' }
    ],
    summary: 'shares a file with a group, in place: nothing is copied, nothing is sent before somebody asks',
    details: [
      'Prints name, size, scheme, root (and the combined hash of sha1), and listed, added or replaced.',
      'Sharing ends with the peer: closing the shell stops it, and login resumes it.'
    ],
    alone: 'stay until interrupted',
    async run ({ shoal, args, signal, face }) {
      const [name, integrity, expect] = [args.option('--name'), args.option('--integrity'), args.option('--expect')]
      const shared = await shoal.share(args.text('PATH'), args.text('GROUP'), {
        signal, replace: args.has('--replace'), ...pieceSize(args.option('--piece-size')),
        ...name === undefined ? {} : { name }, ...integrity === undefined ? {} : { integrity }, ...expect === undefined ? {} : { expect },
        progress: (done, total) => { face.progress(`sealing ${formatPercent(done, total)}`) }
      }).finally(() => { face.progress(undefined) })
      const { length, scheme, root, combined, as } = shared
      return {
        type: 'record',
        row: {
          fields: [shared.name, `${length}`, scheme, root, ...combined === undefined ? [] : [combined], as],
          json: { name: shared.name, size: length, scheme, root, ...combined === undefined ? {} : { combined }, content: shared.content, as }
        }
      }
    }
  },
  {
    name: 'list_files',
    arguments: [group],
    summary: 'lists a group\'s files: name, size, scheme, root, sharers, sharers online (and the combined hash of sha1)',
    alone: 'done',
    run: ({ shoal, args, signal }) => ({
      type: 'list',
      columns: ['name', 'size', 'scheme', 'root', 'sharers', 'online', 'combined'],
      rows: catalogRows(shoal.listFiles(args.text('GROUP'), { signal }))
    })
  },
  {
    name: 'stop_share',
    arguments: [group, { name: 'FILE', kind: 'file' }],
    summary: 'withdraws your share of a file; the file stays where it is',
    alone: 'done',
    async run ({ shoal, args, signal }) { await shoal.stopShare(args.text('GROUP'), args.text('FILE'), { signal }); return undefined }
  },
  {
    name: 'list_shares',
    arguments: [],
    summary: 'lists what this device shares: name, group, size, path, shared or why not',
    run: ({ shoal }) => ({
      type: 'list',
      columns: ['name', 'group', 'size', 'path', 'state'],
      rows: shoal.shares().map(share => ({
        fields: [share.name, share.group, `${share.length}`, share.path, ...share.error === undefined ? ['shared'] : [share.error.code, share.error.message]],
        json: { name: share.name, group: share.group, size: share.length, path: share.path, content: share.content, error: share.error ?? null }
      }))
    })
  }
]
