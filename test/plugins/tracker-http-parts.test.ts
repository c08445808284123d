import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { announcer } from '../../src/plugin/tracker-client/announcing.ts'
import type { CarriedReply } from '../../src/plugin/tracker-client/carriage.ts'
import { eventLines } from '../../src/plugin/tracker-client/event-lines.ts'
import { realmCheck } from '../../src/plugin/tracker-client/realm-check.ts'
import { createClient } from '../../src/plugin/tracker-client/client.ts'
import { httpsCarriage } from '../../plugins/tracker-http/https-carriage.ts'
import { watchEvents } from '../../src/plugin/tracker-client/watching.ts'
import * as api from '../../src/contract/api/index.ts'
import type { Announced, Announcement, ContentId, GroupId, Sighting, TrackerEvent } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { createTrackerService } from '../../src/tracker/index.ts'
import { memoryState } from '../../plugins/state-memory/index.ts'
import { proofOf, startImpostor } from './tracker-http-impostor.ts'

describe('server-sent events', () => {
  const text = ': hello\n\nid: 1\ndata: {"a":1}\n\n\n:\nevent: error\r\ndata: one\r\ndata: two\r\n\r\ndata\ndata:three: 3\nretry: 9\n\nevent: none\n\ndata: ä😀\n\ndata: unfinished'
  const events = [{ type: 'message', data: '{"a":1}' }, { type: 'error', data: 'one\ntwo' }, { type: 'message', data: '\nthree: 3' }, { type: 'message', data: 'ä😀' }]

  it('are the same however their text was cut', () => {
    fc.assert(fc.property(fc.array(fc.nat({ max: text.length })), cuts => {
      const lines = eventLines()
      const places = [0, ...cuts.sort((a, b) => a - b), text.length]
      expect(places.slice(1).flatMap((end, i) => lines.push(text.slice(places[i], end)))).toEqual(events)
    }))
  })

  it('are refused when a line or an event is too long', () => {
    expect(() => eventLines(10).push('data: 12345')).toThrow('a line of more than 10')
    expect(() => eventLines(10).push('data: 1\ndata: 2\n')).toThrow('an event of more than 10')
    const lines = eventLines(10)
    for (let i = 0; i < 100; i++) expect(lines.push(':\n\ndata: 1\n\n')).toHaveLength(1)
  })
})

it('a reply that comes when nobody waits for it any more is ended', async () => {
  const late = Promise.withResolvers<CarriedReply>()
  const client = createClient({ api, where: 'there', timeoutMs: 5000, check: realmCheck({ where: 'there', pin: undefined, onFirstPin: undefined }), carriage: { send: () => late.promise, stop () {} } })
  const stop = new AbortController()
  const asking = client.open('watch', {}, { signal: stop.signal })
  stop.abort()
  await expect(asking).rejects.toMatchObject({ code: 'INTERRUPTED' })
  await new Promise<void>(resolve => { late.resolve({ status: 200, used: false, body: (async function * () { /* nothing yet */ })(), destroy: resolve }) })
})

describe('a watch over HTTPS', () => {
  /** What comes of a stream that says this and then nothing more, or ends. */
  const watch = async (text: string, { ends = false, silenceMs = 10_000 }: { readonly ends?: boolean, readonly silenceMs?: number } = {}): Promise<{ readonly events: readonly TrackerEvent[], readonly error: unknown }> => {
    const service = await createTrackerService({ state: memoryState() })
    const server = await startImpostor(async (path, response, spki) => {
      if (path === '/v1/realm') {
        response.end(JSON.stringify(await proofOf(service, spki)))
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(text)
      if (ends) response.end()
    })
    const parts = { api, where: 'there', timeoutMs: 5000, check: realmCheck({ where: 'there', pin: service.realm.pin, onFirstPin: undefined }) }
    const client = createClient({ ...parts, carriage: httpsCarriage({ ...parts, host: '127.0.0.1', port: server.port }) })
    const events: TrackerEvent[] = []
    try {
      for await (const event of watchEvents({ client, token: 'x', from: undefined, signal: AbortSignal.timeout(20_000), silenceMs })) events.push(event)
      return { events, error: undefined }
    } catch (error) { return { events, error } } finally {
      client.stop()
      await server.stop()
      await service.stop()
    }
  }
  const reset = 'data: {"type":"reset","cursor":"1","more":2}\n\n'

  it('is lost when it ends, and when nothing comes for too long', async () => {
    expect(await watch(`:\n\n${reset}`, { ends: true })).toMatchObject({ events: [{ type: 'reset', cursor: '1' }], error: { code: 'TRACKER_UNREACHABLE', message: expect.stringContaining('ended') as string } })
    expect(await watch(`:\n\n${reset}`, { silenceMs: 100 })).toMatchObject({ events: [{ type: 'reset' }], error: { code: 'TRACKER_UNREACHABLE', message: expect.stringContaining('nothing came') as string } })
  })

  it('skips what a later tracker may say, and refuses what none says', async () => {
    const later = 'data: {"type":"weather","is":"fine"}\n\nevent: weather\ndata: fine\n\n'
    expect((await watch(`${later}${reset}`, { ends: true })).events).toEqual([{ type: 'reset', cursor: '1' }])
    for (const nonsense of ['data: {"type":"reset"}\n\n', 'data: nonsense\n\n', 'event: error\ndata: {}\n\n', `data: ${'x'.repeat(2 ** 20)}x`]) {
      expect((await watch(`${nonsense}${reset}`)).error, nonsense.slice(0, 40)).toMatchObject({ code: 'TRACKER_ERROR' })
    }
  })

  it('ends with the error that the stream tells', async () => {
    expect(await watch(`${reset}event: error\ndata: {"code":"SESSION_EXPIRED","message":"It ended.\\u0007"}\n\n`)).toMatchObject({ events: [{ type: 'reset' }], error: { code: 'SESSION_EXPIRED', message: 'It ended. ' } })
  })
})

describe('a long announcement', async () => {
  const item = (i: number): Announced => ({ group: 'a'.repeat(64) as GroupId, content: i.toString(16).padStart(64, '0') as ContentId, role: 'source' })
  const items = (from: number, to: number): readonly Announced[] => Array.from({ length: to - from }, (_, i) => item(from + i))
  const peer = (await generateKey()).peer
  const sighting: Sighting = { ...item(1), peer, user: 'bob' as Sighting['user'], addresses: [] }
  const sent: Announcement[] = []
  const announce = announcer(10, message => {
    sent.push(message)
    return Promise.resolve({ resync: message.sequence === 99, sightings: [sighting], heartbeatMs: 5000 })
  })
  const shown = (): readonly string[] => sent.splice(0).map(({ sequence, full, added, removed, addresses, seek }) =>
    `${sequence}${full ? ' full' : ''} +${added.length} -${removed.length}${addresses === undefined ? '' : ' addresses'}${seek.length > 0 ? ' seek' : ''}`)

  it('goes as several, in sequence: the first replaces, the last seeks, and later ones count on', async () => {
    const reply = await announce({ sequence: 1, full: true, added: items(0, 25), removed: [], addresses: ['/ip4/192.0.2.1'], seek: [item(1)] })
    expect(reply).toEqual({ resync: false, sightings: [sighting, sighting, sighting], heartbeatMs: 5000 })
    expect(shown()).toEqual(['1 full +10 -0 addresses', '2 +10 -0', '3 +5 -0 seek'])
    await announce({ sequence: 2, full: false, added: [], removed: [], seek: [] })
    await announce({ sequence: 3, full: false, added: items(0, 7), removed: items(7, 19), seek: [] })
    expect(shown()).toEqual(['4 +0 -0', '5 +5 -5', '6 +2 -5', '7 +0 -2'])
    await announce({ sequence: 1, full: true, added: [], removed: [], seek: [] })
    expect(shown()).toEqual(['1 full +0 -0'])
  })

  it('stops when everything is to be sent again, and waits for the one before', async () => {
    const [first, second] = [announce({ sequence: 98, full: false, added: items(0, 35), removed: [], seek: [] }), announce({ sequence: 99, full: true, added: [], removed: [], seek: [] })]
    expect([(await first).resync, (await second).resync]).toEqual([true, false])
    expect(shown()).toEqual(['98 +10 -0', '99 +10 -0', '100 full +0 -0'])
  })
})
