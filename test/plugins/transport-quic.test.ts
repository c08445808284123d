import { createSocket } from 'node:dgram'
import { runSuite, transportRig, transportSuite } from 'shoal/testing'
import { afterAll, beforeAll } from 'vitest'
import { quic } from '../../plugins/transport-quic/index.ts'
import { networkOf } from '../network/networks.ts'
import { doomed } from './peer-process.ts'

/** Takes every packet and says nothing. */
const silent = createSocket('udp4')
beforeAll(() => new Promise<void>(resolve => { silent.bind(0, '127.0.0.1', resolve) }))
afterAll(() => new Promise<void>(resolve => { silent.close(resolve) }))

runSuite('transport-quic', transportSuite({ doomed: () => doomed('quic') }), () => transportRig({
  transport: quic,
  network: (transport, listen) => networkOf(transport, { listen }),
  silentAddress: `/ip4/127.0.0.1/udp/${silent.address().port}/quic-v1`
}))
