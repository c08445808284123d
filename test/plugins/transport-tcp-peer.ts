/**
 * A peer in a process of its own, to be killed, stopped and replaced: `transport-tcp-peer.ts [PORT]`. Prints one line of JSON with its peer id and addresses,
 * then a line `heard N` for each MiB that came. Takes lines of JSON: `{"dial": {"peer", "addresses"}}` dials and keeps the link; `{"stop": true}` stops.
 */
import { createInterface } from 'node:readline'
import type { Link, PeerId } from '../../src/contract/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { networkOf } from '../network/networks.ts'

const MiB = 1024 * 1024
const say = (line: string): void => { process.stdout.write(`${line}\n`) }

const network = await networkOf(tcp(), { listen: { host: '127.0.0.1', port: Number(process.argv[2] ?? 0) } })
const keep = (link: Link): void => {
  let heardBytes = 0
  link.listen({
    data (chunk) {
      const before = Math.floor(heardBytes / MiB)
      heardBytes += chunk.byteLength
      for (let mark = before + 1; mark <= heardBytes / MiB; mark++) say(`heard ${mark}`)
    },
    drained () {},
    closed (error) { say(`closed ${error === undefined ? 'cleanly' : 'with an error'}`) }
  })
}
network.accept(keep)
say(JSON.stringify({ peer: network.peer, addresses: network.addresses() }))

const input = createInterface({ input: process.stdin })
input.on('line', line => {
  const order = JSON.parse(line) as { readonly dial?: { readonly peer: PeerId, readonly addresses: string[] }, readonly stop?: true }
  if (order.dial !== undefined) void network.dial(order.dial.peer, order.dial.addresses, AbortSignal.timeout(10_000)).then(keep)
  if (order.stop === true) void network.stop().then(() => { input.close(); say('stopped') })
})
