import { createSocket } from 'node:dgram'
import { runSuite, transportRig, transportSuite } from 'shoal/testing'
import { afterAll, beforeAll } from 'vitest'
import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import { networkOf } from '../network/networks.ts'
import { doomed } from './peer-process.ts'

/** Takes every packet and says nothing. */
const silent = createSocket('udp4')
beforeAll(() => new Promise<void>(resolve => { silent.bind(0, '127.0.0.1', resolve) }))
afterAll(() => new Promise<void>(resolve => { silent.close(resolve) }))

const made = await webrtc({}, { log () {} })

runSuite('transport-webrtc', transportSuite({
  cannot: {
    ports: 'HOST:PORT is not its port: it has one of its own, which its library cannot listen on again in the same process; transport-webrtc-port.test.ts tells the rest',
    release: 'its native library keeps one UDP socket for each pair of networks that had a link, until the process ends'
  },
  doomed: () => doomed('webrtc')
}), () => transportRig({
  transport: () => made,
  network: (transport, listen) => networkOf(transport, { listen }),
  silentAddress: `/ip4/127.0.0.1/udp/${silent.address().port}/webrtc-direct/certhash/u${Buffer.from([0x12, 32, ...new Uint8Array(32)]).toString('base64url')}`
}))
