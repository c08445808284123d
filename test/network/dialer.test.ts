/** The dialer on connections of the test's making. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tcp } from '../../plugins/transport-tcp/index.ts'
import type { PeerId } from '../../src/contract/index.ts'
import { createDialer } from '../../src/network/dialer.ts'
import type { Connect, Dialer } from '../../src/network/dialer.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

const someone = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString() as PeerId
const dialer = (connect: Connect): Dialer => createDialer({ connect, transports: [tcp()], self: 'us' as PeerId })
const addresses = Array.from({ length: 8 }, (_, i) => `/ip4/192.0.2.${i}/tcp/1`)

/** Never answers, and counts who waits. It heeds its signal only if told. */
const silence = (heeds: boolean) => {
  const counted = { now: 0, most: 0, all: 0, late: [] as (() => void)[] }
  const connect: Connect = (_address, { signal }) => new Promise((resolve, reject) => {
    counted.all++
    counted.most = Math.max(counted.most, ++counted.now)
    if (heeds) signal?.addEventListener('abort', () => { counted.now--; reject(signal.reason as Error) })
    counted.late.push(() => { resolve({ abort: () => { counted.now-- } } as unknown as Connection) })
  })
  return { counted, connect }
}

describe('the dialer', () => {
  it('tries at most 256 addresses at once, however many peers are dialed, and the others in their turn', async () => {
    const { counted, connect } = silence(true)
    const { dial } = dialer(connect)
    const peers = await Promise.all(Array.from({ length: 100 }, someone))
    const over = Promise.allSettled(peers.map(peer => dial(peer, addresses, '/x', AbortSignal.any([]))))
    await vi.advanceTimersByTimeAsync(4_000)
    expect(counted).toMatchObject({ most: 256, now: 256 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await over).map(({ status }) => status)).toEqual(peers.map(() => 'rejected'))
    expect(counted).toMatchObject({ most: 256, now: 0, all: 800 })
  })

  it('ends with its signal at once, also where the transport does not heed that, and lets go of what comes late', async () => {
    const { counted, connect } = silence(false)
    const stop = new AbortController()
    const dialing = expect(dialer(connect).dial(await someone(), addresses, '/x', stop.signal)).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(1_000)
    stop.abort(new Error('enough'))
    await dialing
    expect(counted.now).toBe(3)
    for (const late of counted.late) late()
    await vi.advanceTimersByTimeAsync(0)
    expect(counted.now).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('starts no clock for a transport that tells of an answer when nobody waits for it any more', async () => {
    let tell = (): void => undefined
    const connect: Connect = (_address, { onProgress }) => {
      tell = () => { onProgress({ type: 'upgrader:encrypt-outbound-connection' }) }
      return new Promise(() => undefined)
    }
    const stop = new AbortController()
    const dialing = expect(dialer(connect).dial(await someone(), addresses.slice(0, 1), '/x', stop.signal)).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(100)
    stop.abort(new Error('enough'))
    await dialing
    await vi.advanceTimersByTimeAsync(0)
    tell()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives an address 5 s to answer at all', async () => {
    const { connect } = silence(true)
    const dialing = expect(dialer(connect).dial(await someone(), addresses.slice(0, 1), '/x', AbortSignal.any([]))).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', message: expect.stringContaining('no answer within 5 s') as string })
    await vi.advanceTimersByTimeAsync(5_000)
    await dialing
  })
})
