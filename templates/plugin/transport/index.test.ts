import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { doomedPeer, runPluginSuite } from 'shoal/testing'
import plugin from './index.ts'

/** Takes every connection and says nothing: an address that must not hold up a dial. */
const silent = createServer(socket => { socket.on('error', () => undefined).unref() }).listen(0, '127.0.0.1').unref()
await once(silent, 'listening')

runPluginSuite(plugin, {
  silentAddress: `/ip4/127.0.0.1/tcp/${(silent.address() as AddressInfo).port}`,
  // a peer in a process of its own, to be killed; the system tells of it at once, and a busy machine takes its time
  doomed: () => doomedPeer(new URL('./index.ts', import.meta.url), 5_000)
})
