/** libtorrent by its Python binding, with its defaults but over TCP alone (its uTP takes many times as long): both sides run when the clock starts, and the downloader is told where the other is. */
import { execFileSync } from 'node:child_process'
import { versionOf } from './tool.ts'
import type { Neighbour } from './tool.ts'
import { fetchTorrent } from './torrent-pair.ts'

const python = '/usr/bin/python3'

/** Arguments: seed or fetch, torrent, folder, own port, the other's port. */
const program = `
import sys, libtorrent as lt
mode, torrent, folder, port, other = sys.argv[1:6]
ses = lt.session({'listen_interfaces': '127.0.0.1:' + port, 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False, 'enable_outgoing_utp': False, 'enable_incoming_utp': False,
  'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification})
info = lt.torrent_info(torrent)
p = lt.add_torrent_params()
p.ti, p.save_path = info, folder
if mode == 'seed':
  p.flags |= lt.torrent_flags.seed_mode
  handle = ses.add_torrent(p)
  print('ready', flush=True)
  sys.stdin.read()
else:
  print('ready', flush=True)
  sys.stdin.readline()
  handle = ses.add_torrent(p)
  handle.connect_peer(('127.0.0.1', int(other)))
  done = False
  while not done:
    ses.wait_for_alert(1000)
    for a in ses.pop_alerts():
      if isinstance(a, lt.torrent_finished_alert):
        handle.flush_cache()
      if isinstance(a, lt.cache_flushed_alert):
        done = True
  print('done', flush=True)
  sys.stdin.read()
`

const isThere = (): boolean => {
  try { execFileSync(python, ['-c', 'import libtorrent'], { stdio: 'ignore' }); return true } catch { return false } // the type says so
}

export const libtorrent: Neighbour = {
  missing: () => isThere() ? undefined : 'Python finds no libtorrent: apt install python3-libtorrent',
  version: () => versionOf(python, '-c', 'import libtorrent; print(libtorrent.__version__)'),
  contestant: {
    label: 'libtorrent over TCP, not encrypted', name: 'libtorrent',
    run: round => fetchTorrent(round, [python, '-c', program])
  }
}
