/**
 * The baseline: one file over a bare node:tls connection, from disk to disk, by two processes of its own. No pieces, no verification, no resuming: what the
 * machine and Node can do.
 *
 *   node tls-baseline.ts serve FILE     prints its port; serves one connection after another
 *   node tls-baseline.ts fetch PORT DESTINATION
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { connect, createServer } from 'node:tls'
import { webcrypto } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const chunkBytes = 256 * 1024

const certificate = async (): Promise<{ key: string, cert: string }> => {
  x509.cryptoProvider.set(webcrypto)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=baseline', keys, signingAlgorithm: algorithm })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: made.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
}

const serve = async (file: string): Promise<void> => {
  const server = createServer(await certificate(), socket => {
    pipeline(createReadStream(file, { highWaterMark: chunkBytes }), socket).catch((error: unknown) => { process.stderr.write(`${String(error)}\n`) })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
  })
}

const fetchTo = async (port: number, destination: string): Promise<void> => {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await pipeline(socket, createWriteStream(destination, { highWaterMark: 4 * chunkBytes }))
  const file = await open(destination, 'r+')
  await file.datasync()
  await file.close()
}

const [mode, first, second] = process.argv.slice(2)
if (mode === 'serve' && first !== undefined) await serve(first)
else if (mode === 'fetch' && first !== undefined && second !== undefined) await fetchTo(Number(first), second)
else { process.stderr.write('tls-baseline.ts serve FILE | fetch PORT DESTINATION\n'); process.exitCode = 2 }
