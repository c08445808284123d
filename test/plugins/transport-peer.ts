/**
 * A peer in a process of its own, to be killed, stopped and replaced: `transport-peer.ts TRANSPORT [PORT]`. Prints one line of JSON with its peer id and addresses,
 * then a line `heard N` for each MiB that came, and at the end of a link how it ended. Takes lines of JSON: `{"dial": {"peer", "addresses"}}` dials and keeps the
 * link; `{"offer": MiB}` sends so much over its last link, waiting whenever it is told to; `{"pause": true}` stops reading, `{"resume": true}` goes on;
 * `{"sum": true}` prints the SHA-256 of all that was heard, or said; `{"stop": true}` stops.
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Link, PeerId } from '../../src/contract/index.ts'
import { networkOf } from '../network/networks.ts'
import { transports } from './transport-names.ts'

const MiB = 1024 * 1024
const partBytes = MiB / 4
const say = (line: string): void => { process.stdout.write(`${line}\n`) }

interface Order {
  readonly dial?: { readonly peer: PeerId, readonly addresses: string[] }
  readonly offer?: number
  readonly pause?: true
  readonly resume?: true
  readonly sum?: true
  readonly stop?: true
}

const [name = '', port = '0'] = process.argv.slice(2)
const make = transports.get(name)
if (make === undefined) throw new Error(`There is no transport ${name}.`)
const network = await networkOf(await make(Number(port)), { listen: { host: '127.0.0.1', port: Number(port) } })

const sum = createHash('sha256')
let last: Link | undefined
let drained = (): void => undefined

const keep = (link: Link): void => {
  let heardBytes = 0
  last = link
  link.listen({
    data (chunk) {
      sum.update(chunk)
      const before = Math.floor(heardBytes / MiB)
      heardBytes += chunk.byteLength
      for (let mark = before + 1; mark <= heardBytes / MiB; mark++) say(`heard ${mark}`)
    },
    drained () { drained() },
    closed (error) { say(`closed ${error === undefined ? 'cleanly' : 'with an error'}`) }
  })
}

/** Parts of its own memory each, as blocks of a file are, and no two alike. */
const offer = (link: Link, bytes: number): void => {
  let said = 0
  drained = () => {
    while (said < bytes) {
      const part = new Uint8Array(partBytes).fill(said / partBytes)
      new DataView(part.buffer).setUint32(0, said / partBytes)
      sum.update(part)
      said += partBytes
      if (!link.send([part])) return
    }
    drained = () => undefined
    say('all is said')
  }
  drained()
}

network.accept(keep)
say(JSON.stringify({ peer: network.peer, addresses: network.addresses() }))

const input = createInterface({ input: process.stdin })
input.on('line', line => {
  const { dial, offer: offered, pause, resume, sum: told, stop } = JSON.parse(line) as Order
  if (dial !== undefined) void network.dial(dial.peer, dial.addresses, AbortSignal.timeout(10_000)).then(link => { keep(link); say('dialed') })
  if (offered !== undefined && last !== undefined) offer(last, offered * MiB)
  if (pause === true) { last?.pause(); say('paused') }
  if (resume === true) last?.resume()
  if (told === true) say(`sum ${sum.digest('hex')}`)
  if (stop === true) void network.stop().then(() => { input.close(); say('stopped') })
})
