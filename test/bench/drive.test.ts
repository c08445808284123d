import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { copyFile, link, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { judgeCopy, writeRandom } from '../../benchmarks/drive/files.ts'
import { createProcesses } from '../../benchmarks/drive/processes.ts'
import { bencode, torrentOf } from '../../benchmarks/parts/neighbours/torrent.ts'
import { relay } from '../../benchmarks/roles/relay.ts'

const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'shoal-bench-drive-'))
  onTestFinished(() => rm(made, { recursive: true }))
  return made
}

describe('a copy', () => {
  const pair = async (): Promise<{ readonly from: string, readonly to: string }> => {
    const at = await folder()
    const from = join(at, 'original')
    await writeRandom(from, 5 * 2 ** 20 + 7)
    return { from, to: join(at, 'copy') }
  }
  it('of the same bytes is accepted, and removed', async () => {
    const { from, to } = await pair()
    await copyFile(from, to)
    expect(await judgeCopy(from, to)).toBeUndefined()
    await expect(stat(to)).rejects.toThrow('ENOENT')
  })
  it('that differs is refused', async () => {
    const { from, to } = await pair()
    await writeFile(to, 'something else')
    expect(await judgeCopy(from, to)).toContain('differs')
  })
  it('that is a link is refused', async () => {
    const { from, to } = await pair()
    await link(from, to)
    expect(await judgeCopy(from, to)).toContain('link')
  })
})

describe('a process of a run', () => {
  it('is gone after the run, whatever it does', async () => {
    const processes = createProcesses()
    const running = processes.start([process.execPath, '-e', 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'])
    expect(await running.line()).toBe('up')
    await processes.killAll()
    expect(() => process.kill(running.pid, 0)).toThrow('ESRCH')
  })
  it.runIf(process.platform === 'linux')('takes with it what it started, in whatever group that is', async () => {
    const processes = createProcesses()
    const running = processes.start([process.execPath, '-e', 'console.log(require("node:child_process").spawn("sleep", ["1000"], { detached: true }).pid); setInterval(() => {}, 1000)'])
    const child = Number(await running.line())
    const words = (): Promise<string> => readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '') // none once it has ended, buried or not
    expect(await words()).toContain('sleep')
    await processes.killAll()
    await expect.poll(words).toBe('')
  })
  it('that ends before it answers is told with what it said', async () => {
    const running = createProcesses().start([process.execPath, '-e', 'console.error("no luck"); process.exit(3)'])
    await expect(running.line()).rejects.toThrow('no luck')
  })
})

describe.runIf(process.platform === 'linux')('the relay that delays', () => { // it needs a second loopback address
  const oneWayMs = 40
  const [far, near] = ['127.0.0.1', '127.0.0.2']
  const lay = async (kind: 'tcp' | 'udp', port: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const { promise: ready, resolve: isReady } = Promise.withResolvers<undefined>()
    onTestFinished(() => { resolve(undefined) })
    void relay({ host: near, to: far, delayMs: oneWayMs, [kind]: [port] }, { say () { isReady(undefined) }, cue: () => promise })
    await ready
  }

  it('brings TCP there and back after both delays, and much at once in little more', async () => {
    const server = createServer(socket => { socket.pipe(socket) }).listen(0, far)
    await once(server, 'listening')
    onTestFinished(() => { server.close() })
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await lay('tcp', port)
    const socket = connect({ host: near, port })
    onTestFinished(() => { socket.destroy() })
    await once(socket, 'connect')
    const from = performance.now()
    socket.write('x')
    await once(socket, 'data')
    expect(performance.now() - from).toBeGreaterThanOrEqual(2 * oneWayMs - 2)
    const much = 16 * 2 ** 20
    let back = 0
    const all = new Promise<void>(resolve => { socket.on('data', (chunk: Buffer) => { back += chunk.byteLength; if (back >= much) resolve() }) })
    const begun = performance.now()
    socket.write(Buffer.alloc(much))
    await all
    expect((performance.now() - begun) / (2 * oneWayMs)).toBeLessThan(much / 65_536 / 8) // one window of 64 KiB per round trip would take 256 of them
  })

  it('brings UDP there and back after both delays', async () => {
    const server = createSocket('udp4', (packet, { port, address }) => { server.send(packet, port, address) })
    server.bind(0, far)
    await once(server, 'listening')
    onTestFinished(() => { server.close() })
    await lay('udp', server.address().port)
    const socket = createSocket('udp4')
    onTestFinished(() => { socket.close() })
    const from = performance.now()
    socket.send('x', server.address().port, near)
    await once(socket, 'message')
    expect(performance.now() - from).toBeGreaterThanOrEqual(2 * oneWayMs - 2)
  })
})

describe('a torrent', () => {
  it('has its keys in order, and lengths before strings', () => { expect(bencode({ b: 1, a: { c: 'xyz' } }).toString()).toBe('d1:ad1:c3:xyze1:bi1ee') })
  it('has one hash of 20 bytes for each piece of 512 KiB, the last one shorter', async () => {
    const path = join(await folder(), 'file')
    await writeRandom(path, 2 ** 20 + 1)
    expect((await torrentOf(path, 'http://x/')).toString('latin1')).toContain('4:name4:file12:piece lengthi524288e6:pieces60:')
  })
})
