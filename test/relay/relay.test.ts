import { peerIdFromString } from '@libp2p/peer-id'
import { describe, expect, it, vi } from 'vitest'
import type { GroupId, Link } from '../../src/contract/index.ts'
import { decodeRelayAnswer, relayFrame, relayFrames, relayProtocol } from '../../src/core/relay.ts'
import type { RelayAnswer } from '../../src/core/relay.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { keepRelays } from '../../src/peer/relays.ts'
import { createRelayService } from '../../src/relay/index.ts'
import { quic } from '../../plugins/transport-quic/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { rawMember } from './raw-member.ts'
import { createRelayWorld, groupOf, received } from './world.ts'
import type { Member, RelayWorld } from './world.ts'

const soon = (): AbortSignal => AbortSignal.timeout(5_000)
const [one, other] = [groupOf('1'), groupOf('2')]

/** Opens a link to the relay and shows credentials there. It stays open. */
const introduce = async ({ address }: Pick<RelayWorld, 'address'>, { network }: Member, ...credentials: readonly Uint8Array[]): Promise<{ readonly link: Link, readonly answers: readonly RelayAnswer[] }> => {
  const link = await network.reach(address, relayProtocol, soon())
  const frames = relayFrames()
  const answers: RelayAnswer[] = []
  const all = Promise.withResolvers<undefined>()
  link.listen({
    data (chunk) {
      for (const body of frames(chunk)) answers.push(decodeRelayAnswer(body))
      if (answers.length >= credentials.length) all.resolve(undefined)
    },
    drained () {},
    closed (error) { all.reject(error ?? new Error('It was closed.')) }
  })
  link.send(credentials.map(relayFrame))
  if (credentials.length > 0) await all.promise
  else all.resolve(undefined)
  return { link, answers }
}

const placed = async (world: RelayWorld, ...groups: readonly GroupId[]): Promise<Member> => {
  const member = await world.member()
  const { answers } = await introduce(world, member, ...await Promise.all(groups.map(group => member.credential(group))))
  expect(answers.every(({ admitted }) => admitted)).toBe(true)
  await member.network.reserve(world.address)
  return member
}
const throughRelay = ({ network }: Member): readonly string[] => network.addresses().filter(address => address.includes('/p2p-circuit'))

describe('a relay', () => {
  it('hands on bytes between two members of a group who dial nothing else, both ways, and both sides call the link "relay"', async () => {
    const world = await createRelayWorld()
    const [alice, bob] = [await placed(world, one), await placed(world, one)]
    expect(throughRelay(alice)).toEqual([`${world.address}/p2p-circuit`])
    const accepted = new Promise<Link>(resolve => { alice.network.accept(resolve) })
    const link = await bob.network.dial(alice.peer, throughRelay(alice), soon())
    const [here, there] = [received(link, 3_000_000), received(await accepted, 3_000_000)]
    const bytes = crypto.getRandomValues(new Uint8Array(60_000))
    for (let i = 0; i < 50; i++) { link.send([bytes]); (await accepted).send([bytes]) }
    for (const got of await Promise.all([here, there])) expect(Buffer.compare(got.subarray(-60_000), bytes)).toBe(0)
    expect([link.transport, (await accepted).transport]).toEqual(['relay', 'relay'])
    expect(world.relay.status).toMatchObject({ peers: 2, circuits: 1 })
    expect(world.relay.status.bytes).toBeGreaterThan(6_000_000)
  })

  it('hands on between peers of different transports: over it they encrypt anew, also one that has QUIC alone', async () => {
    const world = await createRelayWorld({ transports: [tcp(), quic()] })
    const alice = await placed(world, one)
    const bob = await world.member([quic()])
    const address = world.relay.addresses().find(each => each.includes('/quic-v1/')) ?? ''
    await introduce({ address }, bob, await bob.credential(one))
    await bob.network.reserve(address)
    for (const [from, to] of [[bob, alice], [alice, bob]] as const) {
      const accepted = new Promise<Link>(resolve => { to.network.accept(resolve) })
      const link = await from.network.dial(to.peer, throughRelay(to), soon())
      const got = received(await accepted, 1_000)
      link.send([new Uint8Array(1_000)])
      expect((await got).byteLength).toBe(1_000)
      expect(link.transport).toBe('relay')
    }
  })

  it('refuses a place to who showed nothing, and to whom it has refused, and says why', async () => {
    const world = await createRelayWorld()
    const stranger = await world.member()
    const member = await world.member()
    const { answers } = await introduce(world, stranger,
      await stranger.credential(one, { key: await generateKey() }), await stranger.credential(one, { notAfter: Date.now() - 1 }), await member.credential(one), new Uint8Array([1, 2, 3]))
    expect(answers.map(({ admitted }) => admitted)).toEqual([false, false, false, false])
    expect(answers.slice(0, 3).map(({ reason }) => reason)).toEqual(['it is not signed by the realm', 'it has expired', 'it is of another device'])
    await expect(stranger.network.reserve(world.address)).rejects.toMatchObject({ code: 'PEER_REFUSED', message: expect.stringMatching(/PERMISSION_DENIED/) as string })
    expect(throughRelay(stranger)).toEqual([])
  })

  it('cuts off who shows one credential after another of which none holds', async () => {
    const world = await createRelayWorld()
    const stranger = await world.member()
    const link = await stranger.network.reach(world.address, relayProtocol, soon())
    const bad = relayFrame(await stranger.credential(one, { notAfter: Date.now() - 1 }))
    let answers = 0
    const frames = relayFrames()
    const cut = new Promise<number>(resolve => {
      link.listen({
        data (chunk) { for (let left = frames(chunk).length; left > 0; left--) { answers++; link.send([bad]) } },
        drained () {},
        closed () { resolve(answers) }
      })
    })
    link.send([bad])
    const before = performance.now()
    expect(await cut).toBeLessThanOrEqual(64)
    expect(performance.now() - before).toBeLessThan(8_000) // not for its 10 s
  })

  it('joins nobody with a peer of whose groups it is in none', async () => {
    const world = await createRelayWorld()
    const [alice, mallory] = [await placed(world, one), await placed(world, other)]
    await expect(mallory.network.dial(alice.peer, throughRelay(alice), soon())).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    expect(world.relay.status.circuits).toBe(0)
  })

  it('takes no more peers than it was told', async () => {
    const world = await createRelayWorld({ peers: 1 })
    await placed(world, one)
    const late = await world.member()
    const { answers } = await introduce(world, late, await late.credential(one))
    expect(answers).toEqual([{ admitted: false, reason: 'the relay is full: it takes 1 peers' }])
  })

  it('has room again for others when a peer has gone', async () => {
    const world = await createRelayWorld({ peers: 1 })
    for (let i = 0; i < 3; i++) {
      const { network } = await placed(world, one)
      expect(network.addresses().filter(address => address.includes('/p2p-circuit'))).toHaveLength(1)
      await network.stop()
      await vi.waitFor(() => { expect(world.relay.status.peers).toBe(0) }, 5_000)
    }
  })

  it('admits nobody whose link ended while its credential was judged', async () => {
    const { member, realm } = await createRelayWorld()
    const { peer, credential } = await member()
    const service = createRelayService({ realm, log () {} })
    let take: (link: Link) => void = () => undefined
    await service.serve({ serve (_, handler) { take = handler; return Promise.resolve() } })
    const shown = relayFrame(await credential(one))
    const ears: Parameters<Link['listen']>[0][] = []
    const answered = Promise.withResolvers<undefined>()
    const link: Link = { peer, transport: 'tcp', address: '/ip4/127.0.0.1/tcp/1', inbound: true, unsentBytes: 0, send () { answered.resolve(undefined); return true }, listen (ear) { ears.push(ear) }, pause () {}, resume () {}, close: () => Promise.resolve(), abort () {} }
    take(link)
    ears[0]?.data(shown)
    ears[0]?.closed(undefined)
    const isDenied = (): unknown => service.parts.connectionGater?.denyInboundRelayReservation?.(peerIdFromString(peer))
    // long enough for the first: this one, which is admitted, was judged after it
    const other = await member()
    take({ ...link, peer: other.peer })
    ears[1]?.data(relayFrame(await other.credential(one)))
    await answered.promise
    expect(service.status.peers).toBe(1)
    expect(isDenied()).toBe(true)
    ears[1]?.closed(undefined)
  })

  it('holds no more than a few MiB for a reader that stops, and loses nothing', async () => {
    const world = await createRelayWorld()
    const [alice, bob] = [await placed(world, one), await placed(world, one)]
    const accepted = new Promise<Link>(resolve => { alice.network.accept(resolve) })
    const link = await bob.network.dial(alice.peer, throughRelay(alice), soon())
    const far = await accepted // nobody listens there yet: it reads nothing
    const total = 48 * 1024 * 1024
    const bytes = new Uint8Array(256 * 1024)
    let sent = 0
    const fill = (): void => { while (sent < total) { sent += bytes.byteLength; if (!link.send([bytes])) return } }
    link.listen({ data () {}, drained: fill, closed () {} })
    fill()
    let before = -1
    await vi.waitFor(() => {
      const now = world.relay.status.bytes
      const isStill = now === before
      before = now
      expect(isStill).toBe(true)
    }, { timeout: 20_000, interval: 1_000 })
    expect(before).toBeLessThan(20 * 1024 * 1024)
    expect((await received(far, total)).byteLength).toBe(total)
  }, 60_000)

  it('holds no more for members who open bare circuits, one sending without end and the other never reading', async () => {
    const world = await createRelayWorld()
    const { credential } = await world.member()
    const [greedy, lazy] = [await rawMember(world, credential, one), await rawMember(world, credential, one)]
    const stream = await greedy.open(lazy.peer)
    await lazy.accepted
    for (let i = 0; i < 256; i++) stream.send(new Uint8Array(256 * 1024))
    let before = -1
    await vi.waitFor(() => {
      const now = world.relay.status.bytes
      const isStill = now === before && now > 0
      before = now
      expect(isStill).toBe(true)
    }, { timeout: 20_000, interval: 1_000 })
    expect(world.relay.status.circuits).toBe(1)
    expect(before).toBeLessThan(32 * 1024 * 1024)
    stream.abort(new Error('Enough.'))
    await vi.waitFor(() => { expect(world.relay.status.circuits).toBe(0) }, 5_000)
  }, 60_000)

  it('keeps to a rate', async () => {
    const rate = 2 * 1024 * 1024
    const world = await createRelayWorld({ rate })
    const [alice, bob] = [await placed(world, one), await placed(world, one)]
    const accepted = new Promise<Link>(resolve => { alice.network.accept(resolve) })
    const link = await bob.network.dial(alice.peer, throughRelay(alice), soon())
    const got = received(await accepted, 7 * rate)
    const from = performance.now()
    link.send(Array.from({ length: 28 }, () => new Uint8Array(rate / 4)))
    await got
    // a second's worth may pass at once, and one read of two windows may overdraw it
    expect(performance.now() - from).toBeGreaterThan(1_000)
  }, 20_000)
})

describe('a peer that keeps its relays', () => {
  it('takes a place when there is a group to use it for, loses it with the relay, and takes it again when that is back, and gives it up at the end', async () => {
    const world = await createRelayWorld()
    const member = await world.member()
    const stop = new AbortController()
    const groups = new Set<GroupId>()
    const told: boolean[] = []
    const kept = keepRelays({
      network: member.network, relays: [world.address], signal: stop.signal, groups: () => groups,
      mine: group => member.credential(group), changed: (_, has) => { told.push(has) }, log () {}
    })
    expect(throughRelay(member)).toEqual([])
    groups.add(one)
    await vi.waitFor(() => { expect(told).toEqual([true]) }, 5_000)
    expect(throughRelay(member)).toEqual([`${world.address}/p2p-circuit`])
    await world.restart()
    await vi.waitFor(() => { expect(told).toEqual([true, false]) }, 5_000)
    expect(throughRelay(member)).toEqual([])
    await vi.waitFor(() => { expect(told).toEqual([true, false, true]) }, 10_000)
    const late = await placed(world, one)
    const accepted = new Promise<Link>(resolve => { member.network.accept(resolve) })
    await late.network.dial(member.peer, throughRelay(member), soon())
    expect((await accepted).transport).toBe('relay')
    stop.abort()
    await kept
    expect(throughRelay(member)).toEqual([])
  }, 30_000)

  it('tells once that a relay cannot be reached, and that it is back', async () => {
    const world = await createRelayWorld()
    const member = await world.member()
    const stop = new AbortController()
    const told: string[] = []
    const failed: string[] = []
    await world.relay.stop()
    const kept = keepRelays({
      network: member.network, relays: [world.address], signal: stop.signal, groups: () => new Set([one]), mine: group => member.credential(group),
      changed () {}, missed (relay, error) { told.push(`${relay} ${error === 'back' ? error : error.name}`) }, log: line => { failed.push(line) }
    })
    await vi.waitFor(() => { expect(failed.length).toBeGreaterThan(1) }, 10_000)
    expect(told).toEqual([`${world.address} ShoalError`])
    await world.restart()
    await vi.waitFor(() => { expect(told).toEqual([`${world.address} ShoalError`, `${world.address} back`]) }, 10_000)
    stop.abort()
    await kept
  }, 30_000)

  it('tries again when its link ended while a credential was fetched', async () => {
    const world = await createRelayWorld()
    const member = await world.member()
    const stop = new AbortController()
    const told: boolean[] = []
    let asked = 0
    const kept = keepRelays({
      network: member.network, relays: [world.address], signal: stop.signal, groups: () => new Set([one]),
      async mine (group) {
        if (asked++ === 0) await world.restart()
        return member.credential(group)
      },
      changed: (_, has) => { told.push(has) }, log () {}
    })
    await vi.waitFor(() => { expect(told).toEqual([true]) }, 8_000)
    stop.abort()
    await kept
  }, 30_000)

  it('takes its place anew when it was lost with another connection to the same machine, as when the tracker is the relay', async () => {
    const world = await createRelayWorld()
    const member = await world.member()
    let other: Promise<{ readonly link: Link }> | undefined
    const stop = new AbortController()
    const told: boolean[] = []
    const kept = keepRelays({
      network: member.network, relays: [world.address], signal: stop.signal, groups: () => new Set([one]),
      async mine (group) {
        await (other ??= introduce(world, member)) // the newer connection: libp2p takes the place over that
        return member.credential(group)
      },
      changed: (_, has) => { told.push(has) }, log () {}
    })
    await vi.waitFor(() => { expect(told).toEqual([true]) }, 5_000)
    const newer = await other
    newer?.link.abort(new Error('The tracker is not needed any more.'))
    await vi.waitFor(() => { expect(told).toEqual([true, true]) }, 5_000)
    const late = await placed(world, one)
    await late.network.dial(member.peer, throughRelay(member), soon())
    stop.abort()
    await kept
  }, 30_000)
})
