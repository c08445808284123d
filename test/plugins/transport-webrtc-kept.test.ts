import { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { certificateIn, fileName } from '../../plugins/transport-webrtc/certificate.ts'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { WebrtcOptions } from '../../plugins/transport-webrtc/index.ts'
import type { Network } from '../../src/contract/index.ts'
import { networkOf } from '../network/networks.ts'
import { killAll, startChild, startPeer } from './transport-webrtc-processes.ts'

let folder = ''
const open: { stop (): Promise<void> }[] = []
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'shoal-webrtc-')) })
afterEach(async () => {
  killAll()
  for (const each of open.splice(0)) await each.stop()
  rmSync(folder, { recursive: true })
})

const network = async (options: WebrtcOptions = {}, given?: string, host = '127.0.0.1'): Promise<Network> => {
  const made = await networkOf(await webrtc(options, given === undefined ? { log () {} } : { folder: given, log () {} }), { listen: { host, port: 0 } })
  open.push(made)
  return made
}

/** Another program on a UDP port. */
const occupy = async (port: number): Promise<number> => {
  const socket = createSocket('udp4')
  open.push({ stop: () => new Promise(resolve => { socket.close(() => { resolve() }) }) })
  await new Promise<void>((resolve, reject) => { socket.once('error', reject).bind(port, '127.0.0.1', resolve) })
  return socket.address().port
}

const portOf = (made: Network): number => Number(/udp\/(\d+)/.exec(made.addresses()[0] ?? '')?.[1])
const certhash = (address: string | undefined): string => /certhash\/(\w[\w-]*)/.exec(address ?? '')?.[1] ?? 'none'

describe('the address of a peer', () => {
  it('is the same after kill -9 and a new start, and leads there', async () => {
    const first = await startPeer(folder)
    await first.kill()
    const again = await startPeer(folder)
    expect(again.addresses).toEqual(first.addresses)
    const link = await (await network()).dial(again.peer, first.addresses, AbortSignal.timeout(10_000))
    link.abort(new Error('Seen.'))
  })

  it('has another port when that of last time is taken, and keeps it', async () => {
    const first = await startPeer(folder)
    await first.kill()
    await occupy(first.port)
    const second = await startPeer(folder)
    expect(second.port).not.toBe(first.port)
    expect(certhash(second.addresses[0])).toBe(certhash(first.addresses[0]))
    await second.kill()
    await open.pop()?.stop()
    expect((await startPeer(folder)).addresses).toEqual(second.addresses)
  })

  it('has a port of its own for each peer of a process, and the same when a peer is started again there', async () => {
    const [first, second] = [await network({}, folder), await network({}, folder)]
    expect(portOf(first)).not.toBe(portOf(second))
    const addresses = second.addresses()
    await second.stop()
    const third = await network({}, folder)
    expect(third.addresses()).toEqual(addresses)
    const linked = Promise.withResolvers<unknown>()
    third.accept(linked.resolve)
    await expect(first.dial(second.peer, addresses, AbortSignal.timeout(10_000))).rejects.toMatchObject({ code: 'PEER_REFUSED' })
    await first.dial(third.peer, addresses, AbortSignal.timeout(10_000))
    await linked.promise
  })

  it.each(['', '0\n', '65536\n', '12345', 'port\n', '-1\n'])('has a free port when the remembered one is %j', async text => {
    writeFileSync(join(folder, 'port'), text)
    const made = await network({}, folder)
    expect(readFileSync(join(folder, 'port'), 'utf8')).toBe(`${portOf(made)}\n`)
  })

  it('has the port that was asked for; one that is taken, by another program or here, and a host of another machine, are told', async () => {
    const taken = await occupy(0)
    await expect(network({ port: taken })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await open.pop()?.stop()
    const asked = await network({ port: taken }, folder)
    expect(portOf(asked)).toBe(taken)
    expect(readdirSync(folder)).toEqual([fileName])
    await expect(network({ port: taken })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await asked.stop()
    expect(portOf(await network({ port: taken }, folder))).toBe(taken)
    await expect(network({}, folder, '192.0.2.1')).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
  })
})

describe('the certificate', () => {
  const noLog = (line: string): void => { throw new Error(line) }

  it('is kept, with its key, for its owner alone', async () => {
    const made = await certificateIn(folder, noLog)
    expect(await certificateIn(folder, noLog)).toEqual(made)
    expect(statSync(join(folder, fileName)).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual([fileName])
    expect(new X509Certificate(made.pem).publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  })

  it('is whole or not there, whenever the process that makes it is killed', async () => {
    for (const waitMs of [0, 1, 2, 3, 5, 8, 13, 21]) {
      const maker = startChild(folder, 'certificates')
      await maker.line()
      await new Promise(resolve => { setTimeout(resolve, waitMs) }) // the moment is the fact
      await maker.kill()
      const { certhash: made } = await certificateIn(folder, noLog)
      expect((await certificateIn(folder, noLog)).certhash).toBe(made)
    }
  }, 60_000)

  it('is another one when it would not last two years more, and that is told', async () => {
    const made = await certificateIn(folder, noLog)
    const expires = Date.parse(new X509Certificate(made.pem).validTo)
    const day = 24 * 3_600_000
    expect((expires - Date.now()) / day / 365).toBeGreaterThan(19)
    expect(await certificateIn(folder, noLog, expires - 732 * day)).toEqual(made)
    const told: string[] = []
    const next = await certificateIn(folder, line => { told.push(line) }, expires - 729 * day)
    expect(next.certhash).not.toBe(made.certhash)
    expect(told).toEqual([expect.stringContaining('expires in less than two years')])
    expect(await certificateIn(folder, noLog)).toEqual(next)
  })

  it('that cannot be read, or is not of its key, is made anew, and that is told', async () => {
    const path = join(folder, fileName)
    const [first, second] = [await certificateIn(folder, noLog), await certificateIn(undefined, noLog)]
    for (const text of ['', 'garbage', first.pem, first.privateKey, `${first.privateKey}${second.pem}`, readFileSync(path, 'utf8').slice(0, -200)]) {
      writeFileSync(path, text)
      const told: string[] = []
      const made = await certificateIn(folder, line => { told.push(line) })
      expect(told).toEqual([expect.stringContaining('cannot be used')])
      expect(await certificateIn(folder, noLog)).toEqual(made)
    }
  })

  it('is one for all peers of a process that has no folder', async () => {
    const [first, second] = [await network(), await network()]
    expect(certhash(first.addresses()[0])).toBe(certhash(second.addresses()[0]))
  })
})
