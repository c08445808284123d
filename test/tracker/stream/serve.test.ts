import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { tcp } from '../../../plugins/transport-tcp/index.ts'
import type { TrackerEvent, TrackerService } from '../../../src/contract/index.ts'
import { maxOpenRequests, windowBytes } from '../../../src/contract/api/frames.ts'
import type { Headers } from '../../../src/contract/api/frames.ts'
import { generateKey } from '../../../src/keys/ed25519.ts'
import { callerOf } from '../../../src/tracker/stream/serve.ts'
import { trackerIdentity } from '../../../src/tracker/stream/index.ts'
import { rawClient } from './raw-client.ts'
import type { RawClient } from './raw-client.ts'
import { startStream } from './running.ts'
import type { RunningOptions, RunningStream } from './running.ts'

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const release of releases.splice(0).reverse()) await release() })

const start = async (options: RunningOptions = {}): Promise<RunningStream> => {
  const running = await startStream(() => tcp(), options)
  releases.push(() => running.stop())
  return running
}
const connect = async (running: RunningStream): Promise<RawClient> => await rawClient(await running.network(), running.station.address)

/** A service that answers every token with this session. */
const withSession = (session: object) => (service: TrackerService): TrackerService => ({ ...service, resume: () => Promise.resolve(session as Awaited<ReturnType<TrackerService['resume']>>) })
const request = (id: number, over: { readonly method?: string, readonly path?: string, readonly headers?: Headers, readonly body?: string } = {}) =>
  ({ type: 'request' as const, id, method: 'GET', path: '/v1/realm', headers: [], ...over, body: new TextEncoder().encode(over.body) })
/** Notices until it is aborted, as many as are read. */
const flood = (text: string): { watch (from: string | undefined, signal: AbortSignal): AsyncIterable<TrackerEvent> } => ({
  async * watch (_, signal) {
    for (let i = 0; !signal.aborted; i++) {
      yield { type: 'file', cursor: String(i), group: 'a'.repeat(64), groupName: 'g', name: text, user: 'u', change: 'shared' } as TrackerEvent
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
})

/** More than half a window of them. */
const groups = Array.from({ length: 4_000 }, () => ({ id: 'a'.repeat(64), name: 'g', owner: 'u', state: 'none', policy: 'owner', head: { seq: 1, hash: 'b'.repeat(64) } }))

/** Never a notice. */
const silence = {
  watch: (_: unknown, signal: AbortSignal): AsyncIterable<TrackerEvent> => ({
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(resolve => { signal.addEventListener('abort', () => { resolve({ done: true, value: undefined }) }) }) })
  })
}

describe('a link of a client', () => {
  it('carries many requests at once, each with its own reply', async () => {
    const client = await connect(await start())
    for (let id = 1; id <= maxOpenRequests; id++) client.ask(id, id % 2 === 0 ? '/v1/realm' : '/healthz')
    const replies = await Promise.all(Array.from({ length: maxOpenRequests }, (_, i) => client.reply(i + 1)))
    expect(replies.map(({ status, end }) => `${status ?? 0} ${end}`)).toEqual(replies.map(() => '200 whole'))
    expect(replies.map(({ text }) => text.includes('"peer"'))).toEqual(replies.map((_, i) => i % 2 === 1))
  })

  it('is answered as over HTTPS: unknown paths, wrong methods, bodies that are none', async () => {
    const client = await connect(await start())
    client.say(request(1, { path: '/v2/x' }), request(2, { method: 'HEAD' }), request(3, { method: 'POST', path: '/v1/users', body: '[1' }), request(4, { method: 'POST', path: '/v1/users', body: 'x'.repeat(65_537) }), request(5, { path: '/v1/groups' }),
      request(6, { method: 'POST', path: '/v1/users', headers: [['Content-Length', '5']], body: 'x'.repeat(65_537) }))
    const statuses = await Promise.all([1, 2, 3, 4, 5, 6].map(async id => (await client.reply(id)).status))
    expect(statuses).toEqual([404, 405, 400, 413, 401, 413])
  })

  const wrong: readonly (readonly [string, RegExp, (client: RawClient) => void])[] = [
    ['bytes that are no frame', /type 72 is not known/, client => { client.bytes(new TextEncoder().encode('HEAD / HTTP/1.1\r\n\r\n')) }],
    ['a length of four gigabytes', /4294967295 bytes, and may have 81920/, client => { client.bytes(Uint8Array.of(2, 0, 0, 0, 1, 255, 255, 255, 255)) }],
    ['a request with a number that is open', /Request 1 is open/, client => { client.ask(1, '/v1/events', 'x'); client.ask(1, '/v1/realm') }],
    ['more requests than may be open', /More than 32/, client => { for (let id = 0; id < 33; id++) client.ask(id, '/v1/events', 'x') }],
    ['a request that is none of HTTP', /is not one of HTTP/, client => { client.say(request(1, { headers: [['a b', 'c']] })) }],
    ['a method that none may have', /is not one of HTTP/, client => { client.say(request(1, { method: 'TRACE' })) }],
    ['a path that is none', /path/, client => { client.say(request(1, { path: '//evil\u0000' })) }],
    ['a grant of more than a window', /granted/, client => { client.ask(1, '/v1/events', 'x'); client.say({ type: 'grant', id: 1, bytes: windowBytes + 1 }) }],
    ['a payload with bytes left over', /bytes/, client => { client.bytes(Uint8Array.of(6, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1)) }]
  ]
  it.each(wrong)('is closed with the reason on %s', async (_, reason, act) => {
    const running = await start({ wrap: withSession(flood('x')) })
    const client = await connect(running)
    act(client)
    expect((await client.frame('goodbye')).reason).toMatch(reason)
    await client.closed
    const other = await connect(running)
    other.ask(1, '/healthz')
    expect((await other.reply(1)).status).toBe(200)
    expect(running.log).toEqual([])
  })

  it('counts a request that was cancelled until its work has ended, and gives every request one end', async () => {
    const gate = Promise.withResolvers<never[]>()
    const client = await connect(await start({ wrap: withSession({ groups: () => gate.promise }) }))
    for (let id = 0; id < maxOpenRequests; id++) {
      client.ask(id, '/v1/groups', 'x')
      client.say({ type: 'cancel', id })
    }
    client.say({ type: 'cancel', id: 4_000_000_000 })
    gate.resolve([])
    expect((await client.reply(0)).end).toBe('it was cancelled')
    for (let id = 1; id < maxOpenRequests; id++) await client.reply(id)
    client.ask(7, '/healthz')
    expect(await client.reply(7)).toMatchObject({ end: 'it was cancelled' }) // the first end of that number
    expect(client.heard.filter(frame => frame.type === 'reset')).toHaveLength(maxOpenRequests)
    const stubborn = await connect(await start({ wrap: withSession({ groups: () => new Promise(() => undefined) }) }))
    for (let id = 0; id <= maxOpenRequests; id++) {
      stubborn.ask(id, '/v1/groups', 'x')
      stubborn.say({ type: 'cancel', id })
    }
    expect((await stubborn.frame('goodbye')).reason).toContain('More than 32')
  })

  it('is sent no more of a body than a window until it grants more', async () => {
    const name = 'n'.repeat(900)
    const client = await connect(await start({ wrap: withSession({ groups: () => Promise.resolve([...groups, ...groups]) }) }))
    const bodyBytes = (): number => client.heard.reduce((sum, frame) => sum + (frame.type === 'body' && frame.id === 1 ? frame.bytes.byteLength : 0), 0)
    client.ask(1, '/v1/groups', name)
    await expect.poll(bodyBytes, { timeout: 5_000 }).toBe(windowBytes)
    client.ask(2, '/healthz')
    expect((await client.reply(2)).status).toBe(200) // another reply is not held up
    expect(bodyBytes()).toBe(windowBytes)
    client.say({ type: 'grant', id: 1, bytes: 1000 })
    await expect.poll(bodyBytes, { timeout: 5_000 }).toBe(windowBytes + 1000)
    client.say({ type: 'grant', id: 1, bytes: windowBytes })
    const reply = await client.reply(1)
    expect([reply.end, (JSON.parse(reply.text) as { groups: unknown[] }).groups.length]).toEqual(['whole', 8_000])
  })

  it('loses a stream of events that it does not read, and nothing else', async () => {
    const client = await connect(await start({ wrap: withSession(flood('x'.repeat(200))), streams: { maxQueuedBytes: 16_384 } }))
    client.ask(1, '/v1/events', 'x')
    expect(await client.reply(1)).toMatchObject({ status: 200, length: windowBytes, end: 'it was not read' })
    client.ask(2, '/healthz')
    expect((await client.reply(2)).status).toBe(200)
  })

  it('loses a reply of which it grants no more, and nothing else', async () => {
    const client = await connect(await start({ stalledMs: 300, wrap: withSession({ groups: () => Promise.resolve([...groups, ...groups]) }) }))
    client.ask(1, '/v1/groups', 'x')
    expect(await client.reply(1)).toMatchObject({ status: 200, length: windowBytes, end: 'no more of it was asked for within 0.3 s' })
    client.ask(2, '/healthz')
    expect((await client.reply(2)).status).toBe(200)
  })

  it('is cut when it takes nothing of what waits for it', async () => {
    const client = await connect(await start({ stalledMs: 300, wrap: withSession({ groups: () => Promise.resolve(groups) }) }))
    client.link.pause()
    for (let id = 0; id < maxOpenRequests; id++) client.ask(id, '/v1/groups', 'x')
    expect(await client.closed).toBeInstanceOf(Error)
  })

  it('is closed when nothing is asked, and not while a stream of events is open', async () => {
    const running = await start({ idleMs: 200, wrap: withSession(silence) })
    const [silent, dripping, watching] = [await connect(running), await connect(running), await connect(running)]
    watching.ask(1, '/v1/events', 'x')
    dripping.bytes(Uint8Array.of(2, 0))
    for (const idle of [silent, dripping]) {
      expect((await idle.frame('goodbye')).reason).toMatch(/nothing was asked/)
      await idle.closed
    }
    watching.ask(2, '/healthz')
    expect((await watching.reply(2)).status).toBe(200)
    await running.station.served.stop()
    expect((await watching.frame('goodbye')).reason).toMatch(/stopping/)
    await watching.closed
  })
})

describe('the address of a client', () => {
  it('is its host, as over HTTPS', () => {
    expect(['/ip4/192.0.2.1/tcp/4000', '/ip6/2001:db8::1/udp/1/quic-v1', '/ip6/::ffff:192.0.2.1/tcp/1', '/memory/abc'].map(callerOf)).toEqual(['192.0.2.1', '2001:db8::1', '192.0.2.1', '/memory/abc'])
  })

  it('is what failed logins are counted by, whatever peer they come from', async () => {
    const running = await start()
    const tracker = await running.client()
    await tracker.register('alice', 'right')
    for (let i = 0; i < 10; i++) await expect((await running.client()).login('alice', 'wrong', await generateKey())).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    await expect((await running.client()).login('alice', 'right', await generateKey())).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' })
  })
})

describe('the identity of a tracker', () => {
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), 'shoal-identity-'))
    releases.push(() => rm(made, { recursive: true }))
    return made
  }

  it('is made once, and kept for its owner alone', async () => {
    const place = await folder()
    const { peer } = await trackerIdentity(place)
    expect((await trackerIdentity(place)).peer).toBe(peer)
    expect((await stat(join(place, 'libp2p.key'))).mode & 0o777).toBe(0o600)
    expect((await trackerIdentity(join(await folder(), 'new'))).peer).not.toBe(peer)
  })

  it('is not replaced when its file is damaged: addresses would lead elsewhere', async () => {
    const place = await folder()
    await trackerIdentity(place)
    await writeFile(join(place, 'libp2p.key'), 'damaged')
    await expect(trackerIdentity(place)).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining('libp2p.key') as string })
  })
})
