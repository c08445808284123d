/**
 * A peer on WebRTC in a process of its own, to be killed: `transport-webrtc-peer.ts FOLDER`. Prints a line of JSON with its peer id and addresses. A line `stop`
 * stops its network and prints `stopped`; `start` starts another; it lives on until its input ends, and says `alive` to `speak`. `transport-webrtc-peer.ts FOLDER certificates` makes one certificate after the other.
 */
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { certificateIn, fileName } from '../../plugins/transport-webrtc/certificate.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { Network } from '../../src/contract/index.ts'
import { networkOf } from '../network/networks.ts'

const [folder = '', task] = process.argv.slice(2)

if (task === 'certificates') {
  for (let made = 1; ; made++) {
    await certificateIn(folder, line => { throw new Error(line) })
    if (made === 3) process.stdout.write('makes certificates\n')
    rmSync(`${folder}/${fileName}`)
  }
}

const start = async (): Promise<Network> => {
  const network = await networkOf(await webrtc({}, { folder, log () {} }), { listen: { host: '127.0.0.1', port: 0 } })
  network.accept(link => { link.listen({ data (chunk) { link.send([chunk]) }, drained () {}, closed () {} }) })
  process.stdout.write(`${JSON.stringify({ peer: network.peer, addresses: network.addresses() })}\n`)
  return network
}

let network = await start()
const obey = async (line: string): Promise<void> => {
  if (line === 'start') network = await start()
  if (line === 'stop') await network.stop()
  if (line === 'stop') process.stdout.write('stopped\n')
  if (line === 'speak') process.stdout.write('alive\n')
}
createInterface({ input: process.stdin }).on('line', line => { void obey(line) })
