/** A server that is no tracker of ours, or answers as none would: records every request that reaches it. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrackerService } from '../../src/contract/index.ts'
import { tlsIdentity } from '../../src/tracker/http/certificate.ts'

export interface Impostor {
  readonly port: number
  readonly spki: Uint8Array
  /** `METHOD PATH`, headers and body of each request, as text. */
  readonly received: readonly string[]
  stop (): Promise<void>
}

export const startImpostor = async (answer: (path: string, response: ServerResponse, spki: Uint8Array) => Promise<void> | void, port = 0): Promise<Impostor> => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-impostor-'))
  const { certificatePem, keyPem, spki } = await tlsIdentity({ folder, log: () => { /* quiet */ } })
  await rm(folder, { recursive: true })
  const received: string[] = []
  const server = createServer({ cert: certificatePem, key: keyPem })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const at = received.push(`${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(request.headers)}`) - 1
    request.on('data', part => { received[at] = `${received[at] ?? ''}${String(part)}` })
    request.on('end', () => { void answer((request.url ?? '').split('?')[0] ?? '', response, spki) })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, spki, received,
    stop: () => new Promise(resolve => {
      server.close(() => { resolve() })
      server.closeAllConnections()
    })
  }
}

export const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** What `/v1/realm` answers. */
export const proofOf = async ({ realm, proveChannel }: Pick<TrackerService, 'realm' | 'proveChannel'>, spki: Uint8Array): Promise<object> => ({
  key: Buffer.from(realm.key).toString('base64'), spki: Buffer.from(spki).toString('base64'), signature: Buffer.from(await proveChannel({ kind: 'tls', spki })).toString('base64')
})
