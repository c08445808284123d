/** The cases of the transport suite about networks: who is dialed and who answers, what a dead address costs, and what `stop` leaves behind. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { multiaddr } from '@multiformats/multiaddr'
import { ShoalError } from '../contract/index.ts'
import type { Link, Network, PeerId } from '../contract/index.ts'
import { listenTo, within } from './link-ear.ts'
import type { SuiteCase } from './suite.ts'
import type { TransportRig } from './transport-rig.ts'

/** A fact that not every transport can be held to: it has ports; a port is free again in the process that used it; an address of it may stay silent; a peer may be killed; what it opened is closed at `stop`. */
export type TransportFact = 'ports' | 'again' | 'silence' | 'death' | 'release'

/** A peer in another process, which takes links and reads what comes. */
export interface Doomed {
  readonly peer: PeerId
  readonly addresses: readonly string[]
  /** Ends the process at once (SIGKILL), without a word to anybody. */
  kill (): void
  /** How long it may be missed for. */
  readonly missedMs: number
}

const code = async (work: Promise<unknown>): Promise<string> => {
  try { await work } catch (error) { return ShoalError.is(error) ? error.code : String(error) }
  return 'no error'
}

const dial = (from: Network, to: Network, { deadlineMs }: TransportRig): Promise<Link> => from.dial(to.peer, to.addresses(), AbortSignal.timeout(deadlineMs))

const accepting = (network: Network): Link[] => {
  const links: Link[] = []
  network.accept(link => { links.push(link) })
  return links
}

/** Takes links and sends back what comes. */
const echo = (network: Network): void => {
  network.accept(link => { link.listen({ data (chunk) { link.send([chunk]) }, drained () {}, closed () {} }) })
}

const roundTrip = async (link: Link, rig: TransportRig): Promise<void> => {
  const ear = listenTo(link, rig)
  ear.say(1000)
  await ear.heard(1000)
}

const unknownPeer = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5' as PeerId

const portOf = (network: Network): number => {
  const found = /\/(?:tcp|udp)\/(\d+)/.exec(network.addresses()[0] ?? '')?.[1]
  assert.ok(found !== undefined, 'its first address has a port')
  return Number(found)
}

/** Sockets, timers and files that this process has open, as far as it can tell: sockets of native libraries are seen on Linux only, and go with their garbage. */
const openThings = (): number => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.getActiveResourcesInfo().length + (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
}

const skipping = (reason: string | undefined): { readonly skip?: string } => reason === undefined ? {} : { skip: reason }

const always: readonly SuiteCase<TransportRig>[] = [
  {
    name: 'addresses are of this transport and without the peer id',
    async run (rig) {
      const addresses = (await rig.network()).addresses()
      assert.notEqual(addresses.length, 0)
      for (const address of addresses) {
        assert.ok(rig.transport.matches(multiaddr(address)), address)
        assert.ok(!address.includes('/p2p/'), address)
      }
    }
  },
  {
    name: 'a peer that proves another identity is refused, and its side has no link',
    async run (rig) {
      const [near, far] = [await rig.network(), await rig.network()]
      const links = accepting(far)
      assert.equal(await code(near.dial(unknownPeer, far.addresses(), AbortSignal.timeout(rig.deadlineMs))), 'PEER_REFUSED')
      await (await dial(near, far, rig)).close()
      assert.equal(links.length, 1)
    }
  },
  {
    name: 'an address where nobody listens is told with the address',
    async run (rig) {
      const [near, gone] = [await rig.network(), await rig.network()]
      const addresses = gone.addresses()
      await gone.stop()
      await assert.rejects(near.dial(gone.peer, addresses, AbortSignal.timeout(rig.deadlineMs)),
        (error: unknown) => ShoalError.is(error, 'PEER_UNREACHABLE') && error.message.includes(addresses[0] ?? '?'))
    }
  },
  {
    name: 'addresses that are garbage, foreign or of another peer are passed over',
    async run (rig) {
      const [near, far] = [await rig.network(), await rig.network()]
      echo(far)
      const addresses = ['', 'garbage', '/ip4/999.0.0.1/tcp/1', '/dnsaddr/example.invalid', '/ip4/192.0.2.1/sctp/9', `${far.addresses()[0] ?? ''}/p2p/${unknownPeer}`, `/dns/${'x'.repeat(5000)}/tcp/1`, ...far.addresses()]
      await roundTrip(await near.dial(far.peer, addresses, AbortSignal.timeout(rig.deadlineMs)), rig)
      assert.equal(await code(near.dial(far.peer, addresses.slice(0, -1), AbortSignal.timeout(rig.deadlineMs))), 'PEER_UNREACHABLE')
      assert.equal(await code(near.dial(far.peer, [], AbortSignal.timeout(rig.deadlineMs))), 'PEER_UNREACHABLE')
      assert.equal(await code(near.dial('garbage' as PeerId, far.addresses(), AbortSignal.timeout(rig.deadlineMs))), 'PEER_UNREACHABLE')
      assert.equal(await code(near.dial(near.peer, far.addresses(), AbortSignal.timeout(rig.deadlineMs))), 'PEER_REFUSED')
    }
  },
  {
    name: 'a dial that was aborted does not spoil the next one, nor do two at once',
    async run (rig) {
      const [near, far] = [await rig.network(), await rig.network()]
      echo(far)
      const reason = new Error('Changed my mind.')
      const stop = new AbortController()
      const first = near.dial(far.peer, far.addresses(), stop.signal)
      stop.abort(reason)
      const others = Promise.all([dial(near, far, rig), dial(near, far, rig)])
      others.catch(() => undefined) // waited for below, unless the first one is wrong already
      await assert.rejects(first, reason)
      for (const link of await others) await roundTrip(link, rig)
      await assert.rejects(near.dial(far.peer, far.addresses(), AbortSignal.abort(reason)), reason)
    }
  },
  {
    name: 'links that came before anybody accepted them are handed over',
    async run (rig) {
      const [near, far] = [await rig.network(), await rig.network()]
      const link = await dial(near, far, rig)
      echo(far)
      await roundTrip(link, rig)
    }
  },
  {
    name: 'two peers that dial each other have two links',
    async run (rig) {
      const [a, b] = [await rig.network(), await rig.network()]
      echo(a)
      echo(b)
      for (const link of await Promise.all([dial(a, b, rig), dial(b, a, rig)])) await roundTrip(link, rig)
    }
  },
  {
    name: 'a hundred peers are linked at once',
    timeoutMs: 60_000,
    async run (rig) {
      const hub = await rig.network()
      echo(hub)
      const peers = await Promise.all(Array.from({ length: 100 }, () => rig.network()))
      await Promise.all(peers.map(async peer => { await roundTrip(await dial(peer, hub, rig), rig) }))
    }
  },
  {
    name: 'stop ends every link once on both sides, ends dials, and nobody gets in any more',
    async run (rig) {
      const { near, far, dialer, listener } = await rig.pair()
      const [here, there] = [listenTo(near, rig), listenTo(far, rig)]
      const addresses = listener.addresses()
      there.say(1000)
      await within(rig.deadlineMs, 'it stops', Promise.all([listener.stop(), listener.stop()]))
      await Promise.all([here.ended(), there.ended()])
      assert.equal(here.heardBytes, 1000)
      assert.deepEqual([here.ends.length, there.ends.length], [1, 1])
      assert.equal(await code(dialer.dial(listener.peer, addresses, AbortSignal.timeout(rig.deadlineMs))), 'PEER_UNREACHABLE')
      assert.equal(await code(listener.dial(dialer.peer, dialer.addresses(), AbortSignal.timeout(rig.deadlineMs))), 'STOPPED')
    }
  }
]

const freeAgain: SuiteCase<TransportRig> = {
  name: 'a port is free again at once when the network stopped, also after links',
  async run (rig) {
    const [near, far] = [await rig.network(), await rig.network()]
    echo(far)
    await roundTrip(await dial(near, far, rig), rig)
    const port = portOf(far)
    await far.stop()
    const again = await rig.network({ host: '127.0.0.1', port })
    assert.equal(portOf(again), port)
    echo(again)
    await roundTrip(await dial(near, again, rig), rig)
  }
}

const withPorts: readonly SuiteCase<TransportRig>[] = [
  {
    name: 'a port in use, and an address of another machine, are told as such',
    async run (rig) {
      const port = portOf(await rig.network())
      assert.equal(await code(rig.network({ host: '127.0.0.1', port })), 'PORT_IN_USE')
      assert.equal(await code(rig.network({ host: '192.0.2.1', port: 0 })), 'ADDRESS_UNAVAILABLE')
    }
  }
]

const silent: readonly SuiteCase<TransportRig>[] = [
  {
    name: 'a dial to an address that says nothing ends with its signal, and its reason, and holds up no other dial of that peer',
    async run (rig) {
      const [near, far] = [await rig.network(), await rig.network()]
      echo(far)
      const reason = new Error('Long enough.')
      const stop = new AbortController()
      const dialing = near.dial(far.peer, [rig.silentAddress ?? ''], stop.signal)
      await roundTrip(await dial(near, far, rig), rig)
      stop.abort(reason)
      await within(rig.deadlineMs, 'the dial ends', assert.rejects(dialing, reason))
      await roundTrip(await dial(near, far, rig), rig)
    }
  },
  {
    name: 'an address that says nothing only delays the dial of the next one',
    timeoutMs: 40_000,
    async run (rig) {
      const [near, far] = [await rig.network(), await rig.network()]
      echo(far)
      const linked = near.dial(far.peer, [rig.silentAddress ?? '', ...far.addresses()], AbortSignal.timeout(30_000))
      await roundTrip(await linked, rig)
    }
  }
]

const released: SuiteCase<TransportRig> = {
  name: 'networks that had links and stopped leave nothing open',
  timeoutMs: 60_000,
  async run (rig) {
    const once = async (): Promise<void> => {
      const { near, far, dialer, listener } = await rig.pair()
      listenTo(near, rig).say(1000)
      await listenTo(far, rig).heard(1000)
      await Promise.all([dialer.stop(), listener.stop()])
    }
    await once() // what is loaded and opened for good
    const before = openThings()
    const pairs = 12
    for (let i = 0; i < pairs; i++) await once()
    const until = performance.now() + rig.deadlineMs
    for (;;) {
      const left = openThings() - before
      if (left < pairs / 2) return
      assert.ok(performance.now() < until, `${2 * pairs} networks left ${left} things open`)
      await new Promise(resolve => { setTimeout(resolve, 50) }) // nothing tells when the system has closed the last one
    }
  }
}

const death = (doomed: (() => Promise<Doomed>) | undefined): SuiteCase<TransportRig> => ({
  name: 'a peer that is killed ends its link once, as an error',
  timeoutMs: 60_000,
  async run (rig) {
    const near = await rig.network()
    const there = await doomed?.()
    assert.ok(there !== undefined)
    try {
      const ear = listenTo(await near.dial(there.peer, there.addresses, AbortSignal.timeout(rig.deadlineMs)), { deadlineMs: there.missedMs })
      ear.say(100_000)
      there.kill()
      assert.ok(await ear.ended() instanceof Error, 'a peer that was killed did not close its link')
      assert.equal(ear.link.send([new Uint8Array(1)]), false)
      await ear.link.close()
      assert.equal(ear.ends.length, 1)
    } finally { there.kill() }
  }
})

/** @param doomed makes a peer to be killed, if there is a way to */
export const networkCases = (cannot: Readonly<Partial<Record<TransportFact, string>>>, doomed: (() => Promise<Doomed>) | undefined): readonly SuiteCase<TransportRig>[] => [
  ...always,
  { ...released, ...skipping(cannot.release) },
  { ...freeAgain, ...skipping(cannot.ports ?? cannot.again) },
  ...withPorts.map(each => ({ ...each, ...skipping(cannot.ports) })),
  ...silent.map(each => ({ ...each, ...skipping(cannot.silence) })),
  { ...death(doomed), ...skipping(cannot.death ?? (doomed === undefined ? 'no peer was given that could be killed: the option doomed makes one' : undefined)) }
]
