import { multiaddr } from '@multiformats/multiaddr'
import { runSuite, transportRig, transportSuite } from 'shoal/testing'
import { describe, expect, it } from 'vitest'
import plugin, { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { networkOf } from '../network/networks.ts'

runSuite('transport-memory', transportSuite({
  cannot: { ports: 'a transport inside one process has no ports', silence: 'inside one process an address answers at once, or does not exist', death: 'inside one process nobody is killed without the others' }
}), () => transportRig({ transport: memoryTransport, network: (transport, listen) => networkOf(transport, { listen }) }))

describe('the plugin', () => {
  it('is a transport named memory, for Node and browsers', async () => {
    expect(await plugin().create({ log () {} })).toMatchObject({ name: 'memory', runs: ['node', 'browser'] })
  })

  it('refuses options that it does not know, and values that make no sense', () => {
    expect(() => memoryTransport({ latencyMs: 1, ...{ latency: 5 } })).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('"latency"') as string }))
    for (const latencyMs of [-1, 60_001, Number.NaN]) expect(() => memoryTransport({ latencyMs })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  it('listens on an address of its own each time', () => {
    const transport = memoryTransport()
    const [first = '', second = ''] = [...transport.listen('0.0.0.0', 4000), ...transport.listen('0.0.0.0', 4000)]
    expect(first).not.toBe(second)
    expect([first, second, '/ip4/127.0.0.1/tcp/1'].map(text => transport.matches(multiaddr(text)))).toEqual([true, true, false])
  })

  it('adds the latency that it is told to', async () => {
    const [near, far] = await Promise.all([networkOf(memoryTransport({ latencyMs: 20 })), networkOf(memoryTransport({ latencyMs: 20 }))])
    far.accept(link => { link.listen({ data (chunk) { link.send([chunk]) }, drained () {}, closed () {} }) })
    const link = await near.dial(far.peer, far.addresses(), AbortSignal.timeout(10_000))
    const from = performance.now()
    await new Promise<void>(resolve => {
      link.listen({ data () { resolve() }, drained () {}, closed () {} })
      link.send([new Uint8Array(1)])
    })
    expect(performance.now() - from).toBeGreaterThan(35)
    await Promise.all([near.stop(), far.stop()])
  })
})
