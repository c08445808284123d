import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import type { Network, Transport } from '../../src/contract/index.ts'
import { dialable, startError } from '../../src/network/listening.ts'
import type { NetworkOptions } from '../../src/network/index.ts'
import { networkOf } from './networks.ts'

const open: Network[] = []
afterEach(async () => { await Promise.all(open.splice(0).map(network => network.stop())) })
const make = async (options: Partial<NetworkOptions>, transports: Transport[] = [tcp()]): Promise<Network> => {
  const network = await networkOf(transports, options)
  open.push(network)
  return network
}
const refusal = (code: string, message: string): unknown => expect.objectContaining({ code, message: expect.stringContaining(message) as string })

describe('a listening network', () => {
  it('is the peer of its key, given as bytes, too', async () => {
    const seed = new Uint8Array(32).fill(7)
    const { createPrivateKey, createPublicKey } = await import('node:crypto')
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
    const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({ format: 'der', type: 'spki' }).subarray(-32)
    const secret = Uint8Array.from([...seed, ...publicKey])
    expect((await make({ key: secret })).peer).toBe(peerIdFromPrivateKey(privateKeyFromRaw(secret)).toString())
  })

  it('on all interfaces tells the addresses of each, loopback last', async () => {
    const addresses = (await make({ listen: { host: '0.0.0.0', port: 0 } })).addresses()
    expect(addresses.at(-1)).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*$/)
    expect(addresses.join()).not.toContain('0.0.0.0')
  })

  it('tells public addresses, too, and none twice', () => {
    const listening = ['/ip4/127.0.0.1/tcp/1', '/ip4/8.8.8.8/tcp/1', '/ip4/192.168.1.2/tcp/1', '/ip4/8.8.8.8/tcp/1', '/ip6/::1/tcp/1', '/memory/a'].map(text => multiaddr(text))
    expect(dialable(listening)).toEqual(['/ip4/8.8.8.8/tcp/1', '/ip4/192.168.1.2/tcp/1', '/memory/a', '/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1'])
  })

  it('looks up the name of a host', async () => {
    expect((await make({ listen: { host: 'localhost', port: 0 } })).addresses()[0]).toMatch(/^\/ip(4\/127\.0\.0\.1|6\/::1)\/tcp\/\d+$/)
  })

  it('refuses the name of no host, and what is none', async () => {
    await expect(make({ listen: { host: 'nobody.invalid', port: 0 } })).rejects.toEqual(refusal('ADDRESS_UNAVAILABLE', '"nobody.invalid": no such host'))
    await expect(make({ listen: { host: 'a b', port: 0 } })).rejects.toEqual(refusal('BAD_OPTION', '"a b"'))
  })

  it('has no addresses when it only dials', async () => {
    expect((await make({ listen: undefined })).addresses()).toEqual([])
  })

  it('tells what is wrong with an address in words', () => {
    const at = { host: '192.0.2.7', port: 80 }
    expect(startError(new AggregateError([Object.assign(new Error('x'), { code: 'EADDRINUSE' })]), at)).toEqual(refusal('PORT_IN_USE', 'Cannot listen on 192.0.2.7:80: another program listens there.'))
    expect(startError(new Error('listen EACCES: permission denied'), at)).toEqual(refusal('ADDRESS_UNAVAILABLE', 'Choose a port above 1023.'))
    expect(startError(new Error('x', { cause: new Error('EADDRNOTAVAIL') }), at)).toEqual(refusal('ADDRESS_UNAVAILABLE', 'no address 192.0.2.7'))
    for (const text of ['bind: (os error 98)', 'Address already in use', 'Failed to register ICE UDP mux listener']) expect(startError(new Error(text), at)).toEqual(refusal('PORT_IN_USE', '192.0.2.7:80'))
    expect(startError(new Error('\n  /ip4/192.0.2.7/udp/81/quic-v1: Address already in use (os error 98)\n'), at)).toEqual(refusal('PORT_IN_USE', 'Cannot listen on 192.0.2.7:81 over UDP: another program'))
    expect(startError(new Error('Cannot assign requested address (os error 99)'), at)).toEqual(refusal('ADDRESS_UNAVAILABLE', 'no address 192.0.2.7'))
    expect(startError(new Error('odd\nstack'), at)).toEqual(refusal('ADDRESS_UNAVAILABLE', 'Error: odd. Give'))
  })
})

describe('what is announced', () => {
  it('stands instead of what is listened on, in the form of each transport that has ports', async () => {
    const announce = ['203.0.113.5:4000', '[2001:db8::5]:4000', 'peer.example:4000', '/ip4/203.0.113.6/tcp/1']
    expect((await make({ announce }, [tcp(), memoryTransport()])).addresses())
      .toEqual(['/ip4/203.0.113.5/tcp/4000', '/ip6/2001:db8::5/tcp/4000', '/dns/peer.example/tcp/4000', '/ip4/203.0.113.6/tcp/1'])
  })

  it('may be told by one that does not listen', async () => {
    expect((await make({ listen: undefined, announce: ['203.0.113.5:4000'] })).addresses()).toEqual(['/ip4/203.0.113.5/tcp/4000'])
  })

  it('is refused when nobody could dial it', async () => {
    await expect(make({ announce: ['203.0.113.5:0'] })).rejects.toEqual(refusal('BAD_OPTION', 'port 0'))
    await expect(make({ announce: ['203.0.113.5'] })).rejects.toEqual(refusal('BAD_OPTION', 'the port is missing'))
    await expect(make({ announce: ['/ip4/203.0.113.5/udp/1/quic-v1'] })).rejects.toEqual(refusal('BAD_OPTION', 'no address of tcp'))
    await expect(make({ announce: ['203.0.113.5:1'] }, [memoryTransport()])).rejects.toEqual(refusal('BAD_OPTION', 'memory has no hosts and ports'))
  })
})
