/** aria2 over BitTorrent. It knows no peer but from a tracker: it gets one of ours. The seeder runs before; the downloader is a command, so its start is in the clock. */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { startRole } from '../../drive/role.ts'
import { freePort, missing, toDisk, versionOf, watchTree } from './tool.ts'
import type { Neighbour } from './tool.ts'
import { torrentOf } from './torrent.ts'

const quiet = ['--no-conf', '--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false', '--console-log-level=warn', '--summary-interval=0', '--disable-ipv6=true', '--show-console-readout=false']

export const aria2: Neighbour = {
  missing: missing('apt install aria2', 'aria2c'),
  version: () => versionOf('aria2c', '--version'),
  contestant: {
    label: 'aria2, not encrypted', name: 'aria2',
    async run ({ file, folder, place, processes }) {
      const into = join(folder, 'to')
      await mkdir(into, { recursive: true })
      const tracker = startRole(processes, 'torrent-tracker', { host: place.host }, { through: place.tracker })
      const { port } = await tracker.answer()
      const torrent = join(folder, 'file.torrent')
      await writeFile(torrent, await torrentOf(file, `http://${place.host}:${String(port)}/announce`))
      const start = async (flags: readonly string[], through: readonly string[]) =>
        processes.start(['aria2c', ...quiet, `--listen-port=${await freePort()}`, ...flags, torrent], { through })
      const seeder = await start(['--bt-seed-unverified=true', '--check-integrity=false', '--allow-overwrite=true', '--seed-ratio=0.0', `--dir=${dirname(file)}`], place.sharer)
      await tracker.answer() // it has announced itself
      // when it has the file it waits and takes its leave of the tracker, and says so at its end only: the hook is told at once
      const hook = join(folder, 'hook')
      await writeFile(hook, '#!/bin/sh\necho the file is there\n', { mode: 0o755 })
      using ofSeeder = watchTree(seeder.pid)
      const from = performance.now()
      const client = await start(['--seed-time=0', `--on-bt-download-complete=${hook}`, `--dir=${into}`], place.downloader)
      using ofClient = watchTree(client.pid)
      while (await client.line() !== 'the file is there');
      const used = { sharer: ofSeeder.used(), downloader: ofClient.used() }
      const copy = join(into, basename(file))
      await toDisk(copy)
      return { seconds: (performance.now() - from) / 1000, used, netBytes: used.sharer.netBytes, copy }
    }
  }
}
