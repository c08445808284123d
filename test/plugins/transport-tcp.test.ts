import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { runSuite, transportRig, transportSuite } from 'shoal/testing'
import { afterAll, beforeAll } from 'vitest'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import { networkOf } from '../network/networks.ts'
import { doomed } from './peer-process.ts'

/** Takes every connection and says nothing. */
const sockets = new Set<Socket>()
const silent = createServer(socket => { sockets.add(socket.on('error', () => undefined)) })
beforeAll(() => new Promise<void>(resolve => { silent.listen(0, '127.0.0.1', resolve) }))
afterAll(() => new Promise<void>(resolve => {
  for (const socket of sockets) socket.destroy()
  silent.close(() => { resolve() })
}))

runSuite('transport-tcp', transportSuite({ doomed: () => doomed('tcp') }), () => transportRig({
  transport: tcp,
  network: (transport, listen) => networkOf(transport, { listen }),
  silentAddress: `/ip4/127.0.0.1/tcp/${(silent.address() as AddressInfo).port}`
}))
