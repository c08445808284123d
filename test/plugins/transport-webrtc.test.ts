import { createSocket } from 'node:dgram'
import { runSuite, transportRig, transportSuite } from 'shoal/testing'
import { afterAll, beforeAll } from 'vitest'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import type { Transport } from '../../src/contract/index.ts'
import { networkOf } from '../network/networks.ts'
import { doomed } from './peer-process.ts'

/** Takes every packet and says nothing. */
const silent = createSocket('udp4')
beforeAll(() => new Promise<void>(resolve => { silent.bind(0, '127.0.0.1', resolve) }))
afterAll(() => new Promise<void>(resolve => { silent.close(resolve) }))

/** It listens on a port of its own, so that of the network is given as its option. */
const make = (port = 0): Promise<Transport> => webrtc(port === 0 ? {} : { port }, { log () {} })
const made = await make()

runSuite('transport-webrtc', transportSuite({
  doomed: () => doomed('webrtc')
}), () => transportRig({
  transport: () => made,
  deadlineMs: 25_000, // 64 MiB both ways are 2 s of CPU in this process
  network: async (_, listen) => networkOf(await make(listen?.port), { listen }),
  silentAddress: `/ip4/127.0.0.1/udp/${silent.address().port}/webrtc-direct/certhash/u${Buffer.from([0x12, 32, ...new Uint8Array(32)]).toString('base64url')}`
}))
