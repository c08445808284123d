import { failures, transportRig, transportSuite } from 'shoal/testing'
import type { Doomed } from 'shoal/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import type { Link, Network } from '../../src/contract/index.ts'
import { networkOf } from '../network/networks.ts'
import { breaks } from './broken-transport.ts'

const sound: Network[] = []
afterEach(async () => { await Promise.all(sound.splice(0).map(network => network.stop())) })

/** In this process nobody can be killed: a peer that aborts its links says as little. */
const doomed = async (): Promise<Doomed> => {
  const network = await networkOf(memoryTransport())
  sound.push(network)
  const links: Link[] = []
  network.accept(link => { link.listen({ data () {}, drained () {}, closed () {} }); links.push(link) })
  return { peer: network.peer, addresses: network.addresses(), missedMs: 600, kill () { for (const link of links.splice(0)) link.abort(new Error('Killed.')) } }
}

const cases = transportSuite({ cannot: { ports: 'memory has none', silence: 'memory has none' }, doomed })

describe('the transport suite fails when', () => {
  for (const [fault, change] of Object.entries(breaks)) {
    it(fault, async () => {
      const meant = cases.filter(({ name, skip }) => skip === undefined && name.includes(change.noticed))
      expect(meant).not.toEqual([])
      const failed = await failures(meant, () => transportRig({
        transport: memoryTransport,
        deadlineMs: 600,
        async network (transport, listen) {
          const network = await networkOf(transport, { listen })
          sound.push(network)
          return change.broken(network)
        }
      }))
      expect([...failed.keys()]).toEqual(meant.map(({ name }) => name))
    })
  }
})
