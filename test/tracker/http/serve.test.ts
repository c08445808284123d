import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createTcpServer, connect as connectTcp } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { tlsStatement } from '../../../src/core/vouch.ts'
import { generateKey, verifyWithKey } from '../../../src/keys/ed25519.ts'
import { startTracker } from './running.ts'
import type { RunningTracker } from './running.ts'

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const release of releases.splice(0).reverse()) await release() })

const start = async (...options: Parameters<typeof startTracker>): Promise<RunningTracker> => {
  const tracker = await startTracker(...options)
  releases.push(() => tracker.stop())
  return tracker
}

const secure = async (port: number): Promise<TLSSocket> => {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  releases.push(() => { socket.destroy(); return Promise.resolve() })
  socket.on('error', () => { /* cut by the tracker: what the test is about */ })
  await once(socket, 'secureConnect')
  return socket
}

/** All that comes until the other side ends. */
const rest = async (socket: TLSSocket): Promise<string> => {
  let text = ''
  for await (const part of socket) text += String(part)
  return text
}

const get = async (port: number, path: string, headers = ''): Promise<{ readonly head: string, readonly body: string, readonly spki: Uint8Array }> => {
  const socket = await secure(port)
  const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' }) ?? new Uint8Array()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: tracker\r\nConnection: close\r\n${headers}\r\n`)
  const [head = '', body = ''] = (await rest(socket)).split('\r\n\r\n')
  return { head, body, spki }
}

describe('a tracker on HTTPS', () => {
  it('proves by its realm key that the TLS key of the connection is its own', async () => {
    const { served, service } = await start()
    const { body, spki } = await get(served.address.port, '/v1/realm')
    const { key, signature } = JSON.parse(body) as { key: string, signature: string }
    expect(createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex')).toBe(service.realm.pin)
    expect(await verifyWithKey(Buffer.from(key, 'base64'), tlsStatement(spki), Buffer.from(signature, 'base64'))).toBe(true)
    expect(served.url).toBe(`https://127.0.0.1:${served.address.port}#sha256=${service.realm.pin}`)
  })

  it('keeps its self-made certificate over restarts, in a file for its owner only', async () => {
    const { served, serve, folder } = await start()
    const path = join(folder, 'tls.pem')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const certificate = new X509Certificate(await readFile(path))
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    expect(Date.parse(certificate.validTo) - Date.now()).toBeGreaterThan(9.9 * 365 * 86_400_000)
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now())
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    const before = await get(served.address.port, '/healthz')
    await served.stop()
    await serve()
    expect((await get(served.address.port, '/healthz')).spki).toEqual(before.spki)
  })

  it('makes another certificate when the file is damaged, and says so', async () => {
    const { served, serve, folder, log } = await start()
    await served.stop()
    await writeFile(join(folder, 'tls.pem'), 'half a certif')
    await serve()
    expect((await get(served.address.port, '/healthz')).body).toBe('{"ok":true}')
    expect(log).toEqual([expect.stringContaining('cannot be read')])
  })

  it('uses a certificate and key that it is given, if they are a pair', async () => {
    const { folder, serve } = await start()
    const other = await start()
    const [mine, theirs] = [join(folder, 'tls.pem'), join(other.folder, 'tls.pem')]
    const served = await serve({ port: 0, stateFolder: '/nowhere', certificate: theirs, key: theirs })
    expect((await get(served.address.port, '/healthz')).spki).toEqual((await get(other.served.address.port, '/healthz')).spki)
    for (const files of [{ certificate: mine, key: theirs }, { certificate: mine }, { key: mine }, { certificate: '/nowhere', key: mine }]) {
      await expect(serve({ port: 0, ...files }), JSON.stringify(files)).rejects.toMatchObject({ code: 'BAD_OPTION' })
    }
  })

  it('says so when its folder cannot be written', async () => {
    const { serve, folder } = await start()
    await expect(serve({ port: 0, stateFolder: join(folder, 'tls.pem', 'below') })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })

  it('says which port is taken, and which address is not of this machine', async () => {
    const { serve, served } = await start()
    await expect(serve()).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(`127.0.0.1:${served.address.port}`) as string })
    await expect(serve({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE', message: expect.stringContaining('192.0.2.1') as string })
    await expect(serve({ host: 'no-such-host.invalid', port: 0 })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
  })

  it('stops within a second, whatever is open, and starts again at once on its port', async () => {
    const tracker = await start()
    const { port } = tracker.served.address
    const client = await tracker.client()
    await client.register('alice', 'x')
    const session = await client.login('alice', 'x', await generateKey())
    const watch = session.watch(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    expect((await watch.next()).value).toMatchObject({ type: 'reset' })
    const [mute, dripping] = [connectTcp(port, '127.0.0.1'), await secure(port)]
    mute.on('error', () => { /* cut */ })
    dripping.write('GET /v1/realm HTTP/1.1\r\nHost: ')
    await get(port, '/healthz')
    const began = performance.now()
    await Promise.all([tracker.served.stop(), tracker.served.stop()])
    expect(performance.now() - began).toBeLessThan(1000)
    await expect(watch.next()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
    await expect(session.groups()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
    await tracker.serve()
    expect(await session.groups()).toEqual([])
    mute.destroy()
  })

  it('answers a header that is too large, or no HTTP at all, and goes on', async () => {
    const { served } = await start()
    expect((await get(served.address.port, '/healthz', `X: ${'x'.repeat(17_000)}\r\n`)).head).toMatch(/^HTTP\/1\.1 431/)
    const socket = await secure(served.address.port)
    socket.write('\u0016\u0003\u0001 nonsense\r\n\r\n')
    expect(await rest(socket)).toMatch(/^HTTP\/1\.1 400/)
    const plain = connectTcp(served.address.port, '127.0.0.1')
    plain.on('error', () => { /* cut */ })
    plain.write('GET / HTTP/1.1\r\nHost: tracker\r\n\r\n')
    await once(plain, 'close')
    expect((await get(served.address.port, '/healthz')).body).toBe('{"ok":true}')
  })

  it('tells the domain at once when a watching client dies', async () => {
    const ended = Promise.withResolvers<number>()
    const began = Promise.withResolvers<void>()
    const { served, service } = await start({
      wrap: inner => ({
        ...inner,
        async resume (token) {
          const session = await inner.resume(token)
          return {
            ...session,
            async * watch (from, signal) {
              began.resolve()
              yield * session.watch(from, signal)
              ended.resolve(performance.now())
            }
          }
        }
      })
    })
    const device = await generateKey()
    const parameters = { ...service.newPasswordParameters() }
    await service.register('alice', parameters, new Uint8Array(32))
    const { loginStatement } = await import('../../../src/core/vouch.ts')
    const at = Date.now()
    const { token } = await service.login({ user: 'alice', key: new Uint8Array(32), device: device.peer, at, signature: await device.sign(loginStatement(service.realm.pin, 'alice', device.peer, at)) }, 'test')
    const socket = await secure(served.address.port)
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: tracker\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    await began.promise
    const died = performance.now()
    socket.destroy()
    expect(await ended.promise - died).toBeLessThan(500)
  })

  it('cuts a client that watches and does not read', async () => {
    const ended = Promise.withResolvers<void>()
    const { served, client } = await start({
      wrap: inner => ({
        ...inner,
        async resume (token) {
          const event = { type: 'reset', cursor: 'x'.repeat(256) } as const
          return {
            ...await inner.resume(token),
            async * watch (_, signal) {
              while (!signal.aborted) {
                for (let i = 0; i < 100; i++) yield event
                await new Promise<void>(resolve => { setImmediate(resolve) })
              }
              ended.resolve()
            }
          }
        }
      })
    })
    const tracker = await client()
    await tracker.register('alice', 'x')
    const stream = (await tracker.login('alice', 'x', await generateKey())).watch(undefined, AbortSignal.timeout(20_000))[Symbol.asyncIterator]()
    expect((await stream.next()).value).toMatchObject({ type: 'reset' })
    await ended.promise
    expect((await get(served.address.port, '/healthz')).body).toBe('{"ok":true}')
    const read = async (): Promise<void> => { while ((await stream.next()).done !== true) { /* what came before the cut */ } }
    await expect(read()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
  })

  it('sees where a request comes from, IPv4 as IPv4 also on a socket for both', async () => {
    const seen: string[] = []
    const { served, serve } = await start({ wrap: inner => ({ ...inner, login: (request, from) => { seen.push(from); return inner.login(request, from) } }) })
    const both = await serve({ host: '::', port: 0 })
    for (const { port } of [served.address, both.address]) {
      const socket = await secure(port)
      const body = JSON.stringify({ user: 'a', key: Buffer.alloc(32).toString('base64'), device: (await generateKey()).peer, at: 1, signature: Buffer.alloc(64).toString('base64') })
      socket.write(`POST /v1/sessions HTTP/1.1\r\nHost: tracker\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      expect(await rest(socket)).toContain('BAD_REQUEST')
    }
    expect(seen).toEqual(['127.0.0.1', '127.0.0.1'])
  })
})

describe('a folder of a tracker', () => {
  it('is made when it is missing, for its owner only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-http-'))
    releases.push(() => rm(folder, { recursive: true }))
    const { serve } = await start()
    const taken = createTcpServer().listen(0, '127.0.0.1')
    releases.push(() => new Promise(resolve => { taken.close(resolve) }))
    await once(taken, 'listening')
    await expect(serve({ stateFolder: join(folder, 'a', 'b'), port: (taken.address() as AddressInfo).port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    expect((await stat(join(folder, 'a', 'b'))).mode & 0o777).toBe(0o700)
  })
})
