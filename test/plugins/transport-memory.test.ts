import { runSuite, transportRig, transportSuite } from 'shoal/testing'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { networkOf } from '../network/networks.ts'

runSuite('transport-memory', transportSuite({
  cannot: { ports: 'a transport inside one process has no ports', silence: 'inside one process an address answers at once, or does not exist' }
}), () => transportRig({ transport: memoryTransport, network: (transport, listen) => networkOf(transport, { listen }) }))
