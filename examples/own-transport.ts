/** A transport of one's own: WebSockets, which any libp2p transport is as short as. Two peers exchange a file over it. Run: `node examples/own-transport.ts` */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { webSockets } from '@libp2p/websockets'
import { WebSockets } from '@multiformats/multiaddr-matcher'
import { createShoal, createTrackerService } from 'shoal'
import { boundedYamux, definePlugin } from 'shoal/plugin'
import stateMemory from 'shoal/plugins/state-memory'
import trackerLocal from 'shoal/plugins/tracker-local'

const ws = definePlugin('transport', 'ws', () => ({
  name: 'ws',
  runs: ['node', 'browser'],
  libp2p: () => ({ transports: [webSockets()], connectionEncrypters: [noise()], streamMuxers: [boundedYamux(yamux)] }),
  listen: (host, port) => [`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}/ws`],
  matches: address => WebSockets.exactMatch(address)
}))

const folder = await mkdtemp(join(tmpdir(), 'shoal-own-transport-'))
const state = await stateMemory().create({ log: () => undefined })
const service = await createTrackerService({ state })
const peer = async (name: string): ReturnType<typeof createShoal> => {
  const shoal = await createShoal({ tracker: trackerLocal({ service }), use: [ws()], listen: { host: '127.0.0.1', port: 0 } })
  await shoal.createUser(name, 'secret')
  await shoal.login(name, 'secret')
  return shoal
}
const [alice, bob] = await Promise.all([peer('alice'), peer('bob')])
await alice.createGroup('friends', { admission: 'open' })
await bob.joinGroup('friends')

const bytes = crypto.getRandomValues(new Uint8Array(65_536))
await writeFile(join(folder, 'noise'), bytes)
await alice.share(join(folder, 'noise'), 'friends')
const download = await bob.download('friends', 'noise', `${folder}/fetched/`)
const same = Buffer.compare(await readFile(await download.finished), bytes) === 0
process.stdout.write(`${download.status().bytesByPeer.map(sender => `${sender.bytes} bytes from ${sender.user ?? 'somebody'} over ${sender.transport}`).join(', ')}: ${same ? 'the same' : 'other'} bytes\n`)

await Promise.all([alice.stop(), bob.stop()])
await service.stop()
await rm(folder, { recursive: true })
