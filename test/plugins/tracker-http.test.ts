import { runSuite, trackerSuite } from 'shoal/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import plugin, { httpTracker } from '../../plugins/tracker-http/index.ts'
import { derivePassword } from '../../src/contract/api/password.ts'
import type { RealmPin, Tracker, TrackerService } from '../../src/contract/index.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import { defaultPasswordCost } from '../../src/tracker/accounts.ts'
import { startTracker } from '../tracker/http/running.ts'
import type { RunningTracker } from '../tracker/http/running.ts'
import { trackerRealm } from '../tracker/signers.ts'
import { json, proofOf, startImpostor } from './tracker-http-impostor.ts'
import type { Impostor } from './tracker-http-impostor.ts'

runSuite('tracker http', trackerSuite, async () => {
  const running = await startTracker()
  return { subject: trackerRealm(() => running.client()), release: () => running.stop() }
})

const secret = 'a secret that nobody may hear'
let running: RunningTracker
const releases: (() => Promise<unknown>)[] = []
beforeEach(async () => { running = await startTracker() })
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
  await running.stop()
})

/** Instead of the one that runs. */
const startedWith = async (wrap: (service: TrackerService) => TrackerService): Promise<RunningTracker> => {
  await running.stop()
  running = await startTracker({ wrap })
  return running
}

const impostor = async (...args: Parameters<typeof startImpostor>): Promise<Impostor> => {
  const started = await startImpostor(...args)
  releases.push(() => started.stop())
  return started
}
const client = async (port: number, options: Partial<Parameters<typeof httpTracker>[0]> = {}): Promise<Tracker> => {
  const tracker = await httpTracker({ where: { host: '127.0.0.1', port }, ...options })
  releases.push(() => tracker.stop())
  return tracker
}
/** A server that is not even TLS. @returns its port */
const tcpServer = async (greet: (socket: Socket) => void): Promise<number> => {
  const sockets: Socket[] = []
  const server = createTcpServer(socket => {
    sockets.push(socket)
    socket.on('error', () => { /* cut by the client */ })
    greet(socket)
  })
  releases.push(() => new Promise(resolve => {
    server.close(resolve)
    for (const socket of sockets) socket.destroy()
  }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const tryAll = async (tracker: Tracker): Promise<readonly unknown[]> => {
  const device = await generateKey()
  const results = await Promise.allSettled([tracker.realm(), tracker.register('alice', secret), tracker.login('alice', secret, device), tracker.login('alice', secret, device)])
  return results.map(result => result.status === 'rejected' ? (result.reason as { code?: string }).code : 'worked')
}
const refusedAll = ['TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED', 'TRACKER_KEY_CHANGED']

/** That nothing but the question for the proof came. */
const heardNothing = ({ received }: Impostor): void => {
  expect(received.length).toBeGreaterThan(0)
  for (const request of received) {
    expect(request).toMatch(/^GET \/v1\/realm \{/)
    expect(request).not.toMatch(/authorization|content|alice/i)
  }
}

describe('a client of a tracker that pinned its realm key', () => {
  it('refuses a tracker of another realm before it says anything', async () => {
    const other = await startTracker()
    releases.push(() => other.stop())
    const fake = await impostor(async (_, response, spki) => { json(response, 200, await proofOf(other.service, spki)) })
    const tracker = await client(fake.port, { pin: running.service.realm.pin })
    expect(await tryAll(tracker)).toEqual(refusedAll)
    heardNothing(fake)
    await expect(tracker.realm()).rejects.toThrow(new RegExp(`sha256=${other.service.realm.pin}.*sha256=${running.service.realm.pin} is pinned`))
  })

  it('refuses somebody in between who passes on the proof of the true tracker', async () => {
    const proof = await (await fetchProof(running)).json() as object
    const fake = await impostor((_, response) => { json(response, 200, proof) })
    expect(await tryAll(await client(fake.port, { pin: running.service.realm.pin }))).toEqual(refusedAll)
    heardNothing(fake)
  })

  it('refuses a proof that is not signed, and a key that is none', async () => {
    const { realm } = running.service
    for (const signature of [new Uint8Array(64), new Uint8Array(64).fill(255)]) {
      const fake = await impostor(async (_, response, spki) => { json(response, 200, await proofOf({ realm, proveChannel: () => Promise.resolve(signature) }, spki)) })
      expect(await tryAll(await client(fake.port, { pin: realm.pin }))).toEqual(refusedAll)
      heardNothing(fake)
    }
  })

  it('goes on when the tracker has another TLS key that the realm key signed', async () => {
    const tracker = await running.client()
    await tracker.register('alice', secret)
    const session = await tracker.login('alice', secret, await generateKey())
    await running.served.stop()
    await running.serve({ stateFolder: `${running.folder}/other` })
    expect(await session.groups()).toEqual([])
  })

  it('notices when another takes the place of the tracker, also in the middle of a session', async () => {
    const tracker = await running.client()
    await tracker.register('alice', secret)
    const session = await tracker.login('alice', secret, await generateKey())
    await running.served.stop()
    const other = await startTracker()
    releases.push(() => other.stop())
    const fake = await impostor(async (_, response, spki) => { json(response, 200, await proofOf(other.service, spki)) }, running.served.address.port)
    await expect(session.groups()).rejects.toMatchObject({ code: 'TRACKER_KEY_CHANGED' })
    await expect(session.logout()).rejects.toMatchObject({ code: 'TRACKER_KEY_CHANGED' })
    await expect(session.watch(undefined, AbortSignal.timeout(5000))[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'TRACKER_KEY_CHANGED' })
    heardNothing(fake)
  })
})

const fetchProof = async ({ service }: RunningTracker): Promise<Response> => {
  const { createApp } = await import('../../src/tracker/http/app.ts')
  return await createApp({ service, proof: { spki: new Uint8Array(91), signature: await service.proveChannel({ kind: 'tls', spki: new Uint8Array(91) }) }, log: () => { /* quiet */ }, stopping: new AbortController().signal })
    .fetch(new Request('https://tracker/v1/realm'), { address: '', cut: () => { /* nobody */ } })
}

describe('a client of a tracker without a pin', () => {
  it('tells the pin once, before anything is sent, and keeps to it', async () => {
    const told: RealmPin[] = []
    const kept = Promise.withResolvers<void>()
    const asked: string[] = []
    const tracker = await (await startedWith(service => ({ ...service, newPasswordParameters: () => { asked.push('parameters'); return service.newPasswordParameters() } })))
      .client({ pin: undefined as never, onFirstPin: pin => { told.push(pin); return kept.promise } })
    const registering = Promise.all(['a', 'b', 'c'].map(user => tracker.register(user, secret)))
    const realm = tracker.realm()
    await expect.poll(() => told).toEqual([running.service.realm.pin])
    expect(asked).toEqual([])
    kept.resolve()
    await registering
    expect(asked).toHaveLength(3)
    expect((await realm).pin).toBe(running.service.realm.pin)
    expect(told).toHaveLength(1)
    await running.served.stop()
    const other = await startTracker()
    releases.push(() => other.stop())
    const fake = await impostor(async (_, response, spki) => { json(response, 200, await proofOf(other.service, spki)) }, running.served.address.port)
    await expect(tracker.register('d', secret)).rejects.toMatchObject({ code: 'TRACKER_KEY_CHANGED' })
    heardNothing(fake)
  })

  it('sends nothing when the pin could not be kept', async () => {
    const fake = await impostor(async (path, response, spki) => { json(response, 200, path === '/v1/realm' ? await proofOf(running.service, spki) : {}) })
    let full = true
    const tracker = await client(fake.port, { onFirstPin: () => full ? Promise.reject(new Error('disk full')) : undefined })
    for (let i = 0; i < 2; i++) await expect(tracker.register('alice', secret)).rejects.toMatchObject({ code: 'STATE_FAILED', message: expect.stringContaining('disk full') as string })
    heardNothing(fake)
    full = false
    await tracker.realm()
  })
})

describe('a tracker that cannot be reached', () => {
  const code = 'TRACKER_UNREACHABLE'

  it('is told with the reason and the hint about 127.0.0.1', async () => {
    const free = createTcpServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const closed = (free.address() as AddressInfo).port
    await new Promise(resolve => { free.close(resolve) })
    const silent = await tcpServer(() => { /* says nothing */ })
    const babbling = await tcpServer(socket => { socket.end('SSH-2.0-OpenSSH_9.0\r\n') })
    for (const [at, reason] of [[closed, 'nothing listens there'], [silent, 'no answer within 0.2 s'], [babbling, 'does not speak TLS']] as const) {
      await expect((await client(at, { timeoutMs: 200 })).register('alice', 'x')).rejects.toMatchObject({ code, message: expect.stringMatching(new RegExp(`${reason}.*127\\.0\\.0\\.1 is seen from its own machine only`)) as string })
    }
    const nowhere = await httpTracker({ where: { host: 'no-such-host.invalid', port: 7400 }, timeoutMs: 5000 })
    await expect(nowhere.realm()).rejects.toMatchObject({ code, cause: expect.objectContaining({ code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) as string }) as Error })
    await nowhere.stop()
  })

  it('does not hold who aborts, or stops', async () => {
    const tracker = await client(await tcpServer(() => { /* says nothing */ }))
    const control = new AbortController()
    const [aborted, stopped] = [tracker.realm(control.signal), tracker.realm()]
    control.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' })
    const watched = running.client().then(async other => {
      await other.register('alice', 'x')
      const session = await other.login('alice', 'x', await generateKey())
      const stream = session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
      await stream.next()
      const next = stream.next()
      await other.stop()
      return next
    })
    await tracker.stop()
    await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(watched).rejects.toMatchObject({ code })
    await expect(tracker.realm()).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('is tried once more over a fresh connection when the kept ones died with a restart', async () => {
    const tracker = await running.client()
    await tracker.register('alice', 'x')
    const session = await tracker.login('alice', 'x', await generateKey())
    await Promise.all(Array.from({ length: 20 }, () => session.groups()))
    let served = running.served
    for (let restart = 0; restart < 3; restart++) {
      await served.stop()
      served = await running.serve()
      expect(await Promise.all(Array.from({ length: 20 }, () => session.groups()))).toHaveLength(20)
      await served.stop()
      served = await running.serve()
      await expect(session.unshare('a'.repeat(64) as never, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

describe('a server that is no tracker', () => {
  /** Proves the realm, and answers the rest so. */
  const answering = async (answer: Parameters<typeof startImpostor>[0]): Promise<Tracker> => {
    const fake = await impostor(async (path, response, spki) => {
      if (path === '/v1/realm') json(response, 200, await proofOf(running.service, spki))
      else await answer(path, response, spki)
    })
    return await client(fake.port, { pin: running.service.realm.pin, timeoutMs: 5000 })
  }

  it('is told as one, whatever it answers', async () => {
    const answers: readonly Parameters<typeof startImpostor>[0][] = [
      (_, response) => { response.writeHead(200).end('<html>') },
      (_, response) => { response.writeHead(302, { location: 'https://elsewhere/' }).end() },
      (_, response) => { json(response, 404, { error: 'not here' }) },
      (_, response) => { json(response, 200, { salt: 'AA==', memoryKiB: 1e9, passes: 1, lanes: 1 }) },
      (_, response) => { response.writeHead(200); response.write('x'.repeat(70 * 1024 * 1024)); response.end() }
    ]
    for (const answer of answers) await expect((await answering(answer)).register('alice', 'x')).rejects.toMatchObject({ code: 'TRACKER_ERROR' })
    const web = await impostor((_, response) => { response.writeHead(200).end('<html>') })
    await expect((await client(web.port)).realm()).rejects.toMatchObject({ code: 'TRACKER_ERROR' })
  })

  it('cannot steer a terminal with its messages, nor hide behind a code that is not known', async () => {
    const nasty = await answering((_, response) => { json(response, 409, { code: 'USER_EXISTS', message: 'taken\u001b[2J\u0007\r\nok\u202e' }) })
    await expect(nasty.register('alice', 'x')).rejects.toMatchObject({ code: 'USER_EXISTS', message: 'taken [2J   ok ' })
    const later = await answering((_, response) => { json(response, 400, { code: 'OF_LATER', message: 'A new rule.' }) })
    await expect(later.register('alice', 'x')).rejects.toMatchObject({ code: 'TRACKER_ERROR', message: 'OF_LATER: A new rule.' })
  })
})

describe('making and logging in 200 accounts', () => {
  it('derives its 400 keys in less than a minute of one core', async () => {
    const began = process.cpuUsage()
    for (let i = 0; i < 5; i++) await derivePassword(`password ${i}`, { salt: new Uint8Array(16), ...defaultPasswordCost })
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1e6 * 80).toBeLessThan(60)
  })
})

describe('the plugin tracker-http', () => {
  it('says what it needs, and refuses what it does not know', async () => {
    expect([plugin.kind, plugin.pluginName]).toEqual(['tracker', 'http'])
    const where = { host: '127.0.0.1', port: 7400 }
    const wrong: readonly object[] = [{}, { where: { host: '', port: 1 } }, { where: { host: 'a', port: 70_000 } }, { where, pin: 'abc' }, { where, timeoutMs: 'soon' }, { where, proxy: 'http://x' }]
    for (const options of wrong) {
      const make = async (): Promise<unknown> => await plugin(options as never).create({ log: () => { /* quiet */ } })
      await expect(make(), JSON.stringify(options)).rejects.toMatchObject({ code: 'BAD_OPTION' })
    }
    expect((await httpTracker({ where: { host: '::1', port: 7400 } })).where).toBe('https://[::1]:7400')
  })
})
