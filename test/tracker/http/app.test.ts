import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryState } from '../../../plugins/state-memory/index.ts'
import { maxBodyBytes, statuses } from '../../../src/contract/api/index.ts'
import type { WireCode } from '../../../src/contract/api/index.ts'
import { ShoalError } from '../../../src/contract/index.ts'
import type { TrackerEvent, TrackerService, TrackerSession } from '../../../src/contract/index.ts'
import { loginStatement } from '../../../src/core/vouch.ts'
import { generateKey } from '../../../src/keys/ed25519.ts'
import { createApp } from '../../../src/tracker/http/app.ts'
import type { App, AppOptions } from '../../../src/tracker/http/app.ts'
import { createTrackerService } from '../../../src/tracker/index.ts'
import { cheapPasswords } from '../signers.ts'

const key = new Uint8Array(32).fill(7)
const keyText = Buffer.from(key).toString('base64')

let service: TrackerService
let token = ''
let log: string[] = []
let stopping = new AbortController()
const state = memoryState()

beforeEach(async () => {
  service = await createTrackerService({ state, passwordCost: cheapPasswords })
  log = []
  stopping = new AbortController()
  await service.register('alice', { salt: new Uint8Array(16), ...cheapPasswords }, key)
  const device = await generateKey()
  const at = Date.now()
  token = (await service.login({ user: 'alice', key, device: device.peer, at, signature: await device.sign(loginStatement(service.realm.pin, 'alice', device.peer, at)) }, 'test')).token
})
afterEach(() => service.stop())

const appOf = (options: Partial<AppOptions> = {}): App => createApp({
  service, proof: { spki: new Uint8Array(91), signature: new Uint8Array(64) }, log: line => { log.push(line) }, stopping: stopping.signal, ...options
})

interface Answer { readonly status: number, readonly body: Record<string, unknown> }

const ask = async (method: string, path: string, { app = appOf(), body, headers = {} }: { readonly app?: App, readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>, readonly headers?: Record<string, string> } = {}): Promise<Answer> => {
  const request = new Request(`https://tracker${path}`, {
    method, headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body, duplex: 'half', headers: { authorization: `Bearer ${token}`, ...headers } })
  })
  const response = await app.fetch(request, { address: '192.0.2.1', cut: () => { throw new Error('Nobody is to be cut here.') } })
  expect(response.headers.get('content-type')).toBe('application/json')
  return { status: response.status, body: await response.json() as Record<string, unknown> }
}

/** A service whose sessions throw at every call. */
const throwing = (error: unknown): TrackerService => ({
  ...service,
  resume: async given => ({ ...await service.resume(given), peers: () => { throw error } })
})

/** A service whose sessions are watched with this. */
const watching = (watch: TrackerSession['watch']): TrackerService => ({ ...service, resume: async given => ({ ...await service.resume(given), watch }) })

describe('a request to the tracker', () => {
  it('is refused when its body is no JSON object', async () => {
    for (const body of ['', '{', 'null', '[]', '"text"', '{"user":1}{', new Uint8Array([0x7b, 0xff, 0x7d]), '['.repeat(60_000)]) {
      const { status, body: { code, message } } = await ask('POST', '/v1/users', { body })
      expect([status, code]).toEqual([400, 'BAD_REQUEST'])
      expect(message).toMatch(/body is not/)
    }
  })

  it('is refused by the name of the field that is wrong', async () => {
    const cases: readonly (readonly [string, string, string | undefined, string])[] = [
      ['POST', '/v1/password-parameters', '{"user":7}', 'user: '],
      ['POST', '/v1/password-parameters', '{"user":"a","admin":true}', 'admin: is not a field'],
      ['POST', '/v1/password-parameters', '{"__proto__":{"user":"a"}}', '__proto__: is not a field'],
      ['GET', '/v1/groups?nam=x', undefined, 'nam: is not a field'],
      ['GET', '/v1/groups?name=x&name=y', undefined, 'name: stands twice'],
      ['GET', '/v1/groups/short/log?from=0', undefined, 'group: must be 64 lower-case hex digits'],
      ['GET', `/v1/groups/${'a'.repeat(64)}/log`, undefined, 'from: '],
      ['GET', `/v1/groups/${'a'.repeat(64)}/log?from=0&group=${'b'.repeat(64)}`, undefined, 'group: stands in the path'],
      ['POST', `/v1/groups/${'a'.repeat(64)}/log`, `{"entry":"AAAA","group":"${'b'.repeat(64)}"}`, 'group: stands in the path']
    ]
    for (const [method, path, body, problem] of cases) {
      const { status, body: failure } = await ask(method, path, body === undefined ? {} : { body })
      expect([status, failure.code, failure.message], path).toEqual([400, 'BAD_REQUEST', expect.stringContaining(problem)])
    }
  })

  it('is refused when its body is too large, whatever it says of its length, and reading stops there', async () => {
    const large = JSON.stringify({ user: 'x'.repeat(maxBodyBytes) })
    expect((await ask('POST', '/v1/password-parameters', { body: large, headers: { 'content-length': String(large.length) } })).body.code).toBe('TOO_LARGE')
    let read = 0
    const endless = new ReadableStream<Uint8Array>({ pull (controller) { read += 10_000; controller.enqueue(new Uint8Array(10_000).fill(0x20)) } })
    const { status, body } = await ask('POST', '/v1/password-parameters', { body: endless })
    expect([status, body.code]).toEqual([413, 'TOO_LARGE'])
    expect(read).toBeLessThan(maxBodyBytes + 40_000)
  })

  it('takes a body just as large as allowed', async () => {
    const body = JSON.stringify({ user: 'x' })
    expect((await ask('POST', '/v1/password-parameters', { body: body.padEnd(maxBodyBytes) })).status).toBe(200)
  })

  it('needs a good token where it needs a session', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer x', `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(0, -4)}AAAA`]) {
      expect((await ask('GET', '/v1/peers', { headers: { authorization } })).body.code, authorization).toBe('SESSION_EXPIRED')
    }
    expect((await ask('GET', '/v1/peers')).body).toEqual({ peers: [] })
  })

  it('to a path that is not there is told so', async () => {
    for (const [method, path] of [['GET', '/'], ['PUT', '/v1/users'], ['GET', '/v2/realm'], ['GET', '/v1/../etc/passwd']] as const) {
      const { status, body } = await ask(method, path)
      expect([status, body.code]).toEqual([404, 'BAD_REQUEST'])
    }
  })

  it('whose body breaks off is no failure of the tracker', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull (controller) { controller.error(new Error('reset by peer')) } })
    const request = new Request('https://tracker/v1/users', { method: 'POST', body: broken, duplex: 'half' })
    expect((await appOf().fetch(request, { address: '', cut: () => { /* nobody */ } })).status).toBe(400)
    expect(log).toEqual([])
  })

  it('for the head of a stream opens none', async () => {
    let opened = 0
    const watched = watching(async function * () { opened++; yield await Promise.resolve({ type: 'reset', cursor: 'c' } as const) })
    const response = await appOf({ service: watched }).fetch(new Request('https://tracker/v1/events', { method: 'HEAD', headers: { authorization: `Bearer ${token}` } }), { address: '', cut: () => { /* nobody */ } })
    expect([response.status, opened]).toEqual([405, 0])
  })

  it('for health is answered as long as the state answers', async () => {
    expect(await ask('GET', '/healthz')).toEqual({ status: 200, body: { ok: true } })
    const failing = { ...service, passwordParameters: () => Promise.reject(new ShoalError('STATE_FAILED', 'Cannot use the database /var/db.')) }
    expect((await ask('GET', '/healthz', { app: appOf({ service: failing }) })).status).toBe(500)
  })
})

describe('an error of the tracker', () => {
  it('crosses with code, message and status when clients act upon it', async () => {
    for (const code of Object.keys(statuses) as WireCode[]) {
      const { status, body } = await ask('GET', '/v1/peers', { app: appOf({ service: throwing(new ShoalError(code, `Cannot do it with "${code}".`)) }) })
      expect({ status, body }).toEqual({ status: statuses[code], body: { code, message: `Cannot do it with "${code}".` } })
    }
    expect(log).toEqual([])
  })

  it('is told without details, which go to the log, when it is the tracker\'s own', async () => {
    for (const error of [new TypeError('x is not a function of /srv/db'), new ShoalError('STATE_FAILED', 'Cannot use the database /srv/db.'), new ShoalError('BUG', 'Broken at /srv/db.'), 'text /srv/db']) {
      log = []
      const { status, body } = await ask('GET', '/v1/peers', { app: appOf({ service: throwing(error) }) })
      expect([status, body.code]).toEqual([500, 'TRACKER_ERROR'])
      expect(body.message).not.toContain('/srv/db')
      expect(log).toHaveLength(1)
      expect(log[0]).toContain('/srv/db')
      expect(log[0]).not.toContain('\n')
    }
  })

  it('never takes a secret into the log', async () => {
    const failing: TrackerService = { ...throwing(new Error('broken')), login: () => Promise.reject(new Error('broken')), register: () => Promise.reject(new Error('broken')) }
    const app = appOf({ service: failing })
    const device = await generateKey()
    await ask('POST', '/v1/sessions', { app, body: JSON.stringify({ user: 'alice', key: keyText, device: device.peer, at: 1, signature: Buffer.alloc(64, 9).toString('base64') }) })
    await ask('POST', '/v1/users', { app, body: JSON.stringify({ user: 'bob', parameters: { salt: Buffer.alloc(16).toString('base64'), memoryKiB: 8, passes: 1, lanes: 1 }, key: keyText }) })
    await ask('GET', '/v1/peers', { app })
    expect(log).toHaveLength(3)
    for (const line of log) for (const secret of [keyText, token, Buffer.alloc(64, 9).toString('base64')]) expect(line).not.toContain(secret)
  })
})

describe('an event stream', () => {
  const open = async (options: Partial<AppOptions>, { path = '/v1/events', headers = {}, cut = () => undefined }: { readonly path?: string, readonly headers?: Record<string, string>, readonly cut?: () => void } = {}) => {
    const gone = new AbortController()
    const request = new Request(`https://tracker${path}`, { headers: { authorization: `Bearer ${token}`, ...headers }, signal: gone.signal })
    const response = await appOf(options).fetch(request, { address: '192.0.2.1', cut })
    return { response, gone, reader: (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream()).getReader() }
  }
  const readUntil = async (reader: ReadableStreamDefaultReader<string>, wanted: string): Promise<string> => {
    let text = ''
    while (!text.includes(wanted)) {
      const { done, value } = await reader.read()
      if (done) return `${text}END`
      text += value
    }
    return text
  }
  const forever = (signal: AbortSignal): Promise<void> => new Promise(resolve => { signal.addEventListener('abort', () => { resolve() }) })

  it('begins at once, gives each event with its cursor, and a comment as heartbeat', async () => {
    const events: readonly TrackerEvent[] = [{ type: 'reset', cursor: '5.1' }, { type: 'peer', user: 'bob' as never, peer: (await generateKey()).peer, change: 'online' }]
    const watched = watching(async function * (_, signal) { yield * events; await forever(signal) })
    const { response, reader } = await open({ service: watched, streams: { heartbeatMs: 5 } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const text = await readUntil(reader, '\n\n:\n\n:\n\n')
    expect(text.startsWith(`:\n\nid: 5.1\ndata: {"type":"reset","cursor":"5.1"}\n\ndata: ${JSON.stringify(events[1])}\n\n`)).toBe(true)
    await reader.cancel()
  })

  it('resumes where the request says, and rather where Last-Event-ID says', async () => {
    const seen: (string | undefined)[] = []
    const watched = watching(async function * (from, signal) { seen.push(from); yield { type: 'reset', cursor: 'c' }; await forever(signal) })
    for (const [path, headers] of [['/v1/events', {}], ['/v1/events?from=7', {}], ['/v1/events?from=7', { 'last-event-id': '9' }]] as const) {
      const { reader } = await open({ service: watched }, { path, headers })
      await readUntil(reader, 'reset')
      await reader.cancel()
    }
    expect(seen).toEqual([undefined, '7', '9'])
    expect((await ask('GET', '/v1/events', { headers: { 'last-event-id': 'a b' } })).body.message).toContain('Last-Event-ID from: must be')
    expect((await ask('GET', '/v1/events', { headers: { authorization: 'Bearer x' } })).body.code).toBe('SESSION_EXPIRED')
  })

  it('ends the watch when the reader goes, and ends when the tracker stops', async () => {
    const ended: string[] = []
    const watched = watching(async function * (from, signal) { yield { type: 'reset', cursor: 'c' }; await forever(signal); ended.push(from ?? '') })
    const first = await open({ service: watched }, { path: '/v1/events?from=cancelled' })
    await readUntil(first.reader, 'reset')
    await first.reader.cancel()
    const second = await open({ service: watched }, { path: '/v1/events?from=gone' })
    await readUntil(second.reader, 'reset')
    second.gone.abort()
    expect(await readUntil(second.reader, 'never')).toBe('END')
    const third = await open({ service: watched }, { path: '/v1/events?from=stopped' })
    await readUntil(third.reader, 'reset')
    stopping.abort()
    expect(await readUntil(third.reader, 'never')).toBe('END')
    expect(ended).toEqual(['cancelled', 'gone', 'stopped'])
  })

  it('tells an error as an event, and ends', async () => {
    const watched = watching(async function * () { yield await Promise.resolve({ type: 'reset', cursor: 'c' } as const); throw new ShoalError('SESSION_EXPIRED', 'It ended. Log in again.') })
    const { reader } = await open({ service: watched })
    expect(await readUntil(reader, 'never')).toContain('event: error\ndata: {"code":"SESSION_EXPIRED","message":"It ended. Log in again."}\n\nEND')
  })

  it('cuts a reader who does not read, and ends the watch', async () => {
    const cut = Promise.withResolvers<number>()
    let events = 0
    const ended = Promise.withResolvers<void>()
    const watched = watching(async function * (_, signal) {
      while (!signal.aborted) { events++; yield await Promise.resolve({ type: 'reset', cursor: 'x'.repeat(200) } as const) }
      ended.resolve()
    })
    const request = new Request('https://tracker/v1/events', { headers: { authorization: `Bearer ${token}` } })
    const response = await appOf({ service: watched, streams: { maxQueuedBytes: 10_000 } }).fetch(request, { address: '', cut: () => { cut.resolve(events) } })
    expect(await cut.promise).toBeLessThan(40)
    await ended.promise
    await response.body?.cancel()
  })
})
