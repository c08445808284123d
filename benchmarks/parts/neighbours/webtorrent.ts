/**
 * WebTorrent over TCP: both sides run when the clock starts, and the downloader is told where the other is. Owns the folder in the user's cache that npm installs it to:
 * it is no dependency of ours.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Neighbour } from './tool.ts'
import { fetchTorrent } from './torrent-pair.ts'

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shoal-bench', 'webtorrent')
const manifest = join(cache, 'node_modules/webtorrent/package.json')

/** Arguments: seed or fetch, torrent, folder, own port, the other's port. */
const program = `
import { once } from 'node:events'
import WebTorrent from 'webtorrent'
const [mode, torrent, folder, port, other] = process.argv.slice(1)
const client = new WebTorrent({ dht: false, tracker: false, lsd: false, natUpnp: false, natPmp: false, utp: false, torrentPort: Number(port) })
process.stdin.on('end', () => process.exit()).resume()
if (mode === 'fetch') { console.log('ready'); await once(process.stdin, 'data') }
const added = client.add(torrent, { path: folder, skipVerify: mode === 'seed' })
added.on(mode === 'seed' ? 'ready' : 'done', () => console.log('done'))
if (mode === 'fetch') added.on('infoHash', () => added.addPeer('127.0.0.1:' + other))
`

/**
 * Without the scripts of what it depends on, one of which stops every npm; and with a node-datachannel that comes built from npm, not from elsewhere: what is measured
 * does not use it.
 */
const install = async (): Promise<void> => {
  await mkdir(cache, { recursive: true })
  await writeFile(join(cache, 'package.json'), JSON.stringify({ private: true, overrides: { 'node-datachannel': '0.33.4' } }))
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` }
  await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', 'webtorrent@3'], { cwd: cache, env, timeout: 120_000 })
}

export const webtorrent: Neighbour = {
  async missing () {
    try {
      if (!existsSync(manifest)) await install()
      await promisify(execFile)(process.execPath, ['--input-type=module', '-e', 'import "webtorrent"; process.exit()'], { cwd: cache })
      return undefined
    } catch (error) {
      return `npm could not bring it (${(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''}): npm install --prefix ${cache} webtorrent`
    }
  },
  version: async () => (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version,
  contestant: {
    label: 'WebTorrent over TCP, not encrypted', name: 'webtorrent',
    run: round => fetchTorrent(round, [process.execPath, '--input-type=module', '-e', program], cache)
  }
}
