/** Transmission as its daemon, two of them, over TCP alone. It knows no peer but from a tracker: it gets one of ours. Both run, and the sharer has announced itself, when the downloader is given the torrent. */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { startRole } from '../../drive/role.ts'
import { freePort, missing, toDisk, versionOf, watchTree } from './tool.ts'
import type { Neighbour } from './tool.ts'
import { torrentOf } from './torrent.ts'

export const transmission: Neighbour = {
  missing: missing('apt install transmission-daemon transmission-cli', 'transmission-daemon', 'transmission-remote'),
  version: () => versionOf('transmission-daemon', '--version'),
  contestant: {
    label: 'Transmission over TCP, obfuscated at most', name: 'transmission',
    async run ({ file, folder, place, processes }) {
      const host = place.ownAddress // it takes no peer of 127.0.0.0/8
      const into = join(folder, 'to')
      await mkdir(into, { recursive: true })
      const tracker = startRole(processes, 'torrent-tracker', { host }, { through: place.tracker })
      const { port } = await tracker.answer()
      const torrent = join(folder, 'file.torrent')
      await writeFile(torrent, await torrentOf(file, `http://${host}:${String(port)}/announce`))
      const hook = join(folder, 'hook')
      await writeFile(hook, '#!/bin/sh\necho the file is there\n', { mode: 0o755 })
      const start = async (name: string, directory: string, through: readonly string[]) => {
        const config = join(folder, name)
        await mkdir(config)
        await writeFile(join(config, 'settings.json'), JSON.stringify({
          'dht-enabled': false, 'lpd-enabled': false, 'port-forwarding-enabled': false, 'utp-enabled': false, 'bind-address-ipv4': host, 'rpc-bind-address': '127.0.0.1', 'script-torrent-done-enabled': true,
          'script-torrent-done-filename': hook
        }))
        const rpc = String(await freePort())
        const running = processes.start(['transmission-daemon', '--foreground', '-g', config, '--port', rpc, '--peerport', String(await freePort()), '--download-dir', directory], { through })
        await running.note(/Serving RPC/)
        return { running, add: () => processes.start(['transmission-remote', rpc, '--add', torrent], { through }).ended }
      }
      const [sharer, downloader] = [await start('a', dirname(file), place.sharer), await start('b', into, place.downloader)]
      await sharer.add()
      await tracker.answer() // it has looked at its file, and announced itself
      using ofSharer = watchTree(sharer.running.pid)
      using ofDownloader = watchTree(downloader.running.pid)
      const from = performance.now()
      await downloader.add()
      while (await downloader.running.line() !== 'the file is there');
      const used = { sharer: ofSharer.used(), downloader: ofDownloader.used() }
      const copy = join(into, basename(file))
      await toDisk(copy)
      return { seconds: (performance.now() - from) / 1000, used, netBytes: used.downloader.netBytes, copy }
    }
  }
}
