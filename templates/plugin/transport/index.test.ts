import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { runPluginSuite } from 'shoal/testing'
import plugin from './index.ts'

/** Takes every connection and says nothing: an address that must not hold up a dial. */
const silent = createServer(socket => { socket.on('error', () => undefined).unref() }).listen(0, '127.0.0.1').unref()
await once(silent, 'listening')

runPluginSuite(plugin, { silentAddress: `/ip4/127.0.0.1/tcp/${(silent.address() as AddressInfo).port}` })
