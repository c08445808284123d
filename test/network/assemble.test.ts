import { yamux } from '@chainsafe/libp2p-yamux'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import type { Libp2pParts, Network, Transport } from '../../src/contract/index.ts'
import { networkOf } from './networks.ts'

const open: Network[] = []
afterEach(async () => { await Promise.all(open.splice(0).map(network => network.stop())) })
const make = async (...transports: Transport[]): Promise<Network> => {
  const network = await networkOf(transports)
  open.push(network)
  return network
}
const altered = (transport: Transport, name: string, parts: Partial<Libp2pParts> = {}): Transport => ({
  ...transport, name, libp2p: () => ({ ...transport.libp2p(), ...parts })
})
const refusal = (message: string, code = 'BAD_OPTION'): unknown => expect.objectContaining({ code, message: expect.stringContaining(message) as string })

describe('a network of several transports', () => {
  it('listens on all of them, and dials in their order', async () => {
    const both = await make(tcp(), memoryTransport())
    expect(both.transports).toEqual(['tcp', 'memory'])
    expect(both.addresses().map(address => address.split('/')[1])).toEqual(expect.arrayContaining(['ip4', 'memory']))
    both.accept(link => { link.listen({ data () {}, drained () {}, closed () {} }) })
    for (const order of [[tcp(), memoryTransport()], [memoryTransport(), tcp()]]) {
      const dialer = await make(...order)
      const link = await dialer.dial(both.peer, both.addresses(), AbortSignal.timeout(10_000))
      expect(link.transport).toBe(order[0]?.name)
    }
  })

  it('lets the first of two that bring the same protocol serve both', async () => {
    let made = 0
    const counted = altered(memoryTransport(), 'memory', { streamMuxers: [() => { made++; return yamux()() }] })
    const [both, other] = [await make(tcp(), counted), await make(memoryTransport())]
    expect(made).toBe(1)
    expect((await other.dial(both.peer, both.addresses(), AbortSignal.timeout(10_000))).transport).toBe('memory')
  })

  it('refuses two of one name, and says which', async () => {
    await expect(make(tcp(), altered(memoryTransport(), 'tcp'))).rejects.toEqual(refusal('"tcp" and "tcp" together: both bring the name "tcp"'))
  })

  it('refuses two that bring the same libp2p transport, and says which', async () => {
    await expect(make(tcp(), altered(tcp(), 'other'))).rejects.toEqual(refusal('"tcp" and "other" together: both bring the libp2p transport "@libp2p/tcp"'))
  })

  it('refuses two that bring the same service or gate, and says which', async () => {
    const service = { services: { beacon: () => ({}) } }
    await expect(make(altered(tcp(), 'a', service), altered(memoryTransport(), 'b', service))).rejects.toEqual(refusal('"a" and "b" together: both bring the service "beacon"'))
    const gate = { connectionGater: { denyDialPeer: () => false } }
    await expect(make(altered(tcp(), 'a', gate), altered(memoryTransport(), 'b', gate))).rejects.toEqual(refusal('"a" and "b" together: both bring the gate "denyDialPeer"'))
  })

  it('is not made of none, nor of one that brings nothing', async () => {
    await expect(make()).rejects.toEqual(refusal('without a transport'))
    await expect(make(altered(tcp(), 'empty', { transports: [] }))).rejects.toEqual(refusal('"empty" brings no libp2p transport', 'PLUGIN_SHAPE'))
  })

  it('refuses a transport that listens where it does not belong', async () => {
    await expect(make({ ...tcp(), listen: () => ['/memory/x'] })).rejects.toEqual(refusal('"tcp" wants to listen on "/memory/x"', 'PLUGIN_SHAPE'))
    await expect(make({ ...tcp(), listen: () => ['garbage'] })).rejects.toEqual(refusal('"garbage"', 'PLUGIN_SHAPE'))
  })
})
