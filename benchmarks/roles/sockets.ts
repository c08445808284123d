/**
 * The baselines without libp2p: bytes through node:net or node:tls, from memory to memory (what the machine and Node can carry), or from file to file (what they
 * can do with a disk at both ends; no pieces, no verification, no resuming).
 */
import 'reflect-metadata'
import { randomFillSync, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import * as net from 'node:net'
import { pipeline } from 'node:stream/promises'
import * as tls from 'node:tls'
import * as x509 from '@peculiar/x509'
import type { RoleOptions, Stage } from '../role.ts'
import { numberOf, textOf } from './options.ts'

/** 64 KiB halves the speed of TLS; more than this gains nothing. */
const chunkBytes = 256 * 1024
/** As plugins/storage-file has it: what was written goes to the disk while more is written, one sync at a time, and all of it at the end. */
const syncBytes = 8 * 2 ** 20

const certificate = async (): Promise<{ key: string, cert: string }> => {
  x509.cryptoProvider.set(webcrypto)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=baseline', keys, signingAlgorithm: algorithm })
  return { cert: made.toString('pem'), key: x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY') }
}

const sendMemory = async (socket: net.Socket, bytes: number): Promise<void> => {
  const buffer = randomFillSync(new Uint8Array(16 * chunkBytes))
  for (let sent = 0; sent < bytes;) {
    const at = sent % buffer.byteLength
    const part = buffer.subarray(at, at + Math.min(chunkBytes, bytes - sent))
    sent += part.byteLength
    if (!socket.write(part)) await once(socket, 'drain')
  }
  socket.end()
}

/** Options: over `net` or `tls`, host, port (0: a free one), bytes or file. */
export const serve = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  const { file } = options
  const send = (socket: net.Socket): void => {
    const work = typeof file === 'string' ? pipeline(createReadStream(file, { highWaterMark: chunkBytes }), socket) : sendMemory(socket, numberOf(options, 'bytes'))
    work.catch((error: unknown) => { process.stderr.write(`${String(error)}\n`) })
  }
  const server = textOf(options, 'over') === 'tls' ? tls.createServer(await certificate(), send) : net.createServer(send)
  server.listen(numberOf(options, 'port'), textOf(options, 'host'))
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  say({ port: address.port })
  while (await cue() !== undefined);
}

const connect = (options: RoleOptions): net.Socket => {
  const where = { host: textOf(options, 'host'), port: numberOf(options, 'port') }
  return textOf(options, 'over') === 'tls' ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where)
}

const toMemory = async (options: RoleOptions): Promise<number> => {
  const socket = connect(options)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => { bytes += chunk.byteLength })
  await once(socket, 'end')
  socket.destroy()
  return bytes
}

const toFile = async (options: RoleOptions, path: string): Promise<number> => {
  const file = await open(path, 'w')
  try {
    const socket = connect(options)
    let fresh = 0
    let syncing: Promise<void> | undefined
    socket.on('data', (chunk: Buffer) => {
      fresh += chunk.byteLength
      if (fresh < syncBytes || syncing !== undefined) return
      fresh = 0
      syncing = file.datasync().finally(() => { syncing = undefined })
    })
    await pipeline(socket, createWriteStream(path, { flags: 'r+', highWaterMark: 4 * chunkBytes }))
    await syncing
    await file.sync()
    return (await file.stat()).size
  } finally { await file.close() }
}

/** Options: over, host, port, file or none. Begins at a line of input, and says how many bytes came. */
export const fetch = async (options: RoleOptions, { say, cue }: Stage): Promise<void> => {
  say({ ready: true })
  while (await cue() !== undefined) say({ bytes: typeof options['file'] === 'string' ? await toFile(options, options['file']) : await toMemory(options) })
}
