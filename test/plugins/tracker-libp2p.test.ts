import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSuite, trackerSuite } from 'shoal/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import plugin, { libp2pTracker } from '../../plugins/tracker-libp2p/index.ts'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import quic from '../../plugins/transport-quic/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import webrtc from '../../plugins/transport-webrtc/index.ts'
import { clientFrames, encodeFrame, trackerProtocol } from '../../src/contract/api/frames.ts'
import type { RequestFrame } from '../../src/contract/api/frames.ts'
import { toBase64 } from '../../src/contract/index.ts'
import type { Link, Network, PeerId, Tracker, TrackerService, Transport } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { networkOf } from '../network/networks.ts'
import { startStream } from '../tracker/stream/running.ts'
import type { RunningStream } from '../tracker/stream/running.ts'
import { trackerRealm } from '../tracker/signers.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-stream-'))
afterAll(() => { rmSync(folder, { recursive: true }) })
const context = { log: () => { /* quiet */ } }

const transports: Readonly<Record<string, () => Promise<Transport> | Transport>> = {
  memory: () => memoryTransport(),
  tcp: () => tcp(),
  quic: () => quic().create(context),
  webrtc: () => webrtc().create(context)
}

for (const [name, transport] of Object.entries(transports)) {
  runSuite(`tracker libp2p over ${name}`, trackerSuite, async () => {
    const running = await startStream(transport)
    return { subject: trackerRealm(() => running.client()), release: () => running.stop() }
  })
}

const secret = 'a secret that nobody may hear'
const releases: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const release of releases.splice(0).reverse()) await release() })

const start = async (...options: Parameters<typeof startStream> extends [unknown, ...infer Rest] ? Rest : never): Promise<RunningStream> => {
  const running = await startStream(() => tcp(), ...options)
  releases.push(() => running.stop())
  return running
}
const keeping = <T extends { stop (): Promise<void> }>(part: T): T => {
  releases.push(() => part.stop())
  return part
}
const tryAll = async (tracker: Tracker): Promise<readonly unknown[]> => {
  const device = await generateKey()
  const results = await Promise.allSettled([tracker.realm(), tracker.register('alice', secret), tracker.login('alice', secret, device)])
  return results.map(result => result.status === 'rejected' ? (result.reason as { code?: string }).code : 'worked')
}

/** A network that counts the links it opens. */
const counted = (network: Network): Network & { readonly links: readonly Link[] } => {
  const links: Link[] = []
  return {
    ...network, links,
    async reach (...args) {
      const link = await network.reach(...args)
      links.push(link)
      return link
    }
  }
}

/** Speaks the protocol under an identity of its own, and answers every request with that. */
const impostor = async (answer: (path: string, peer: PeerId) => Promise<{ readonly status: number, readonly body: string }>): Promise<{ readonly address: string, readonly received: readonly RequestFrame[] }> => {
  const network = keeping(await networkOf(tcp()))
  const received: RequestFrame[] = []
  await network.serve(trackerProtocol, link => {
    const reader = clientFrames()
    const reply = async (frame: RequestFrame): Promise<void> => {
      received.push(frame)
      const { status, body } = await answer(frame.path, network.peer)
      for (const each of [{ type: 'head', id: frame.id, status, headers: [] }, { type: 'body', id: frame.id, bytes: new TextEncoder().encode(body) }, { type: 'end', id: frame.id }] as const) link.send(encodeFrame(each))
    }
    link.listen({ data (chunk) { for (const frame of reader.push(chunk)) if (frame.type === 'request') void reply(frame) }, drained () { /* short */ }, closed () { /* its end is the client's matter */ } })
  })
  return { address: `${network.addresses()[0] ?? ''}/p2p/${network.peer}`, received }
}
const proofOf = async (service: TrackerService, peer: PeerId): Promise<string> => JSON.stringify({
  key: toBase64(service.realm.key), peer, signature: toBase64(await service.proveChannel({ kind: 'peer', peer }))
})

describe('a client of a tracker over libp2p', () => {
  it('refuses another peer than the one in the address before it says anything', async () => {
    const running = await start()
    const other = await start()
    const tracker = await running.client({ where: other.station.address.replace(/[^/]+$/, running.station.network.peer) })
    expect(await tryAll(tracker)).toEqual(['TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED'])
    await expect(tracker.realm()).rejects.toThrow(/another peer than the one in the address.*Nothing secret was sent/)
  })

  it('refuses a realm that is not the pinned one, and somebody who passes on the proof of the true tracker, having asked for the proof alone', async () => {
    const [running, other] = [await start(), await start()]
    const ofAnotherRealm = await impostor(async (_, peer) => ({ status: 200, body: await proofOf(other.service, peer) }))
    const inBetween = await impostor(async () => ({ status: 200, body: await proofOf(running.service, running.station.network.peer) }))
    const unsigned = await impostor(async (_, peer) => ({ status: 200, body: (await proofOf(running.service, peer)).replace(/"signature":"[^"]+"/, `"signature":"${toBase64(new Uint8Array(64))}"`) }))
    for (const { address, received } of [ofAnotherRealm, inBetween, unsigned]) {
      expect(await tryAll(await running.client({ where: address }))).toEqual(['TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED'])
      expect(received.length).toBeGreaterThan(0)
      for (const frame of received) {
        expect([frame.method, frame.path, frame.headers, frame.body.byteLength]).toEqual(['GET', '/v1/realm', [['accept', 'application/json']], 0])
      }
    }
  })

  it('without a pin is told it once, and sends nothing else before it is kept', async () => {
    const asked: string[] = []
    const running = await start({ wrap: service => ({ ...service, newPasswordParameters: () => { asked.push('parameters'); return service.newPasswordParameters() } }) })
    const told: string[] = []
    const kept = Promise.withResolvers<void>()
    const tracker = await running.client({ pin: undefined as never, onFirstPin: pin => { told.push(pin); return kept.promise } })
    const registering = Promise.all(['a', 'b'].map(user => tracker.register(user, secret)))
    await expect.poll(() => told, { timeout: 5_000 }).toEqual([running.service.realm.pin])
    expect(asked).toEqual([])
    kept.resolve()
    await registering
    expect([asked.length, told.length]).toEqual([2, 1])
  })

  it('uses one link for everything that may be repeated, and one more for each call that may not', async () => {
    const running = await start()
    const network = counted(await running.network())
    const tracker = await running.client({}, network)
    await tracker.register('alice', 'x')
    const session = await tracker.login('alice', 'x', await generateKey())
    const stop = new AbortController()
    const events = session.watch(undefined, stop.signal)[Symbol.asyncIterator]()
    expect((await events.next()).value).toMatchObject({ type: 'reset' })
    await Promise.all(Array.from({ length: 100 }, () => session.groups()))
    expect(network.links).toHaveLength(1)
    await expect(session.unshare('a'.repeat(64) as never, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await session.logout()
    expect(network.links).toHaveLength(3)
    stop.abort()
  })

  it('goes on after the tracker was started again: calls by themselves, a watch from its cursor', async () => {
    const running = await start()
    const tracker = await running.client()
    await tracker.register('alice', 'x')
    const session = await tracker.login('alice', 'x', await generateKey())
    for (let restart = 0; restart < 3; restart++) {
      const events = session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
      await events.next()
      const lost = events.next()
      lost.catch(() => undefined)
      await running.restart()
      await expect(lost).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
      expect(await Promise.all(Array.from({ length: 20 }, () => session.groups()))).toHaveLength(20)
      await running.restart()
      await expect(session.unshare('a'.repeat(64) as never, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('says why a tracker cannot be reached', async () => {
    const running = await start()
    const { address } = running.station
    const network = await running.network()
    const silent = keeping(await networkOf(tcp()))
    await expect((await running.client({ where: `${silent.addresses()[0] ?? ''}/p2p/${silent.peer}` }, network)).realm()).rejects.toMatchObject({ code: 'TRACKER_ERROR', message: expect.stringContaining('no tracker') as string })
    await expect((await running.client({ where: address.replace('/tcp/', '/udp/').replace('/p2p/', '/quic-v1/p2p/') }, network)).realm()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE', message: expect.stringMatching(/is for none of tcp/) as string })
    const held = await running.client({}, { ...network, reach: (_, __, signal) => new Promise((___, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error) }) }) })
    const control = new AbortController()
    const [aborted, stopped] = [held.realm(control.signal), held.realm()]
    control.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await held.stop()
    await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' })
    await running.station.stop()
    await expect((await running.client({}, network)).realm()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE', message: expect.stringMatching(/connection refused/) as string })
  })

  it('tells one that answers as no tracker does', async () => {
    const running = await start()
    const answers: readonly (readonly [string, RegExp])[] = [['<html>', /not understood|answers 200|Invalid/], [JSON.stringify({ key: 'AA==' }), /key/], ['x'.repeat(40_000), /more than 16384 bytes/]]
    for (const [body, reason] of answers) {
      const { address } = await impostor(() => Promise.resolve({ status: 200, body }))
      await expect((await running.client({ where: address })).realm(), body.slice(0, 20)).rejects.toMatchObject({ code: 'TRACKER_ERROR', message: expect.stringMatching(reason) as string })
    }
    const rude = keeping(await networkOf(tcp()))
    await rude.serve(trackerProtocol, link => { link.listen({ data () { link.send([Uint8Array.of(10, 0, 0, 0, 1, 255, 255, 255, 255)]) }, drained () { /* short */ }, closed () { /* by the client */ } }) })
    await expect((await running.client({ where: `${rude.addresses()[0] ?? ''}/p2p/${rude.peer}` })).realm()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE', message: expect.stringContaining('4294967295 bytes') as string })
  })

  it.each([['nothing comes any more', false], ['something came after the question, and then nothing', true]])('leaves a link on which %s for another, when the tracker answers there', async (_, isLate) => {
    const running = await start()
    const network = await running.network()
    /** Links whose bytes do not arrive any more, as those of a process that was killed behind UDP. */
    const dead = new Set<Link>()
    const opened: Link[] = []
    const late: (() => void)[] = []
    const tracker = await running.client({}, {
      ...network,
      async reach (...args) {
        const link = await network.reach(...args)
        opened.push(link)
        return { ...link, send: parts => dead.has(link) || link.send(parts), close: signal => link.close(signal), listen (handlers) { late.push(() => { handlers.data(new Uint8Array()) }); link.listen({ ...handlers, data (chunk) { if (!dead.has(link)) handlers.data(chunk) } }) } }
      }
    })
    await tracker.register('alice', 'x')
    const session = await tracker.login('alice', 'x', await generateKey())
    for (const link of opened) dead.add(link)
    if (isLate) setTimeout(() => { late[0]?.() }, 500)
    expect(await Promise.all([session.groups(), session.peers(), session.groups()])).toEqual([[], [], []])
    expect(opened).toHaveLength(2)
  })
})

describe('a client of a tracker that is slow', () => {
  it('waits on the link that it has, since the tracker answers there', async () => {
    const running = await start({
      wrap: service => ({ ...service, resume: async token => ({ ...await service.resume(token), async peers () { await new Promise(resolve => { setTimeout(resolve, 5_000) }); return [] } }) })
    })
    const network = counted(await running.network())
    const tracker = await running.client({}, network)
    await tracker.register('alice', 'x')
    const session = await tracker.login('alice', 'x', await generateKey())
    const before = network.links.length
    expect(await session.peers()).toEqual([])
    expect(await session.groups()).toEqual([])
    expect(network.links.length - before).toBeLessThanOrEqual(1) // asked beside it, and not needed
  }, 20_000)
})

describe('the plugin tracker-libp2p', () => {
  it('says what it needs, and refuses what it does not know', async () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['tracker', 'libp2p'])
    const { peer } = await generateKey()
    const where = `/ip4/127.0.0.1/tcp/7401/p2p/${peer}`
    const reach = (): Promise<never> => Promise.reject(new Error('not here'))
    const wrong: readonly object[] = [{}, { where: '127.0.0.1:7401' }, { where: '/ip4/127.0.0.1/tcp/7401' }, { where: `${where}x` }, { where: { host: 'a', port: 1 } }, { where, pin: 'abc' }, { where, timeoutMs: 'soon' }, { where, proxy: 'x' }]
    for (const options of wrong) await expect(plugin(options as never).create({ ...context, reach }), JSON.stringify(options)).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await expect(plugin({ where }).create(context)).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('no network here') as string })
    expect((await libp2pTracker({ where }, { reach })).where).toBe(where)
  })
})
