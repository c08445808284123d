/** The least of a BitTorrent tracker, over HTTP: tells whoever announces of all others. For neighbours that find each other in no other way. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RoleOptions, Stage } from '../role.ts'
import { textOf } from './options.ts'

/** The port in an announce's query. The info hash beside it is raw bytes, which no URL parser leaves alone. */
const portIn = (url: string): number => Number(/[?&]port=(\d+)/.exec(url)?.[1] ?? 0)

const compact = (peers: Iterable<string>): Buffer => Buffer.concat([...peers].map(peer => {
  const [host = '', port = '0'] = peer.split(':')
  const packed = Buffer.alloc(6)
  for (const [i, part] of host.split('.').entries()) packed[i] = Number(part)
  packed.writeUInt16BE(Number(port), 4)
  return packed
}))

/** Options: host. Says its port, then each announce. */
export const play = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const peers = new Set<string>()
  const server = createServer((request, response) => {
    const own = `${(request.socket.remoteAddress ?? '').replace('::ffff:', '')}:${portIn(request.url ?? '')}`
    const others = compact([...peers].filter(peer => peer !== own))
    peers.add(own)
    response.end(Buffer.concat([Buffer.from(`d8:intervali60e5:peers${others.byteLength}:`), others, Buffer.from('e')]))
    say({ announced: own })
  })
  server.listen(0, textOf(options, 'host'))
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The tracker has no port.')
  say({ port: address.port })
  while (await cue() !== undefined);
}
