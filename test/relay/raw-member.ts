/** A member who uses the relay as no Shoal peer does: bare circuits, without the encryption and the windows that two peers put on them. Knows libp2p's messages by their bytes. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { RELAY_V2_HOP_CODEC, RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { onTestFinished } from 'vitest'
import type { GroupId, PeerId } from '../../src/contract/index.ts'
import { relayFrame, relayProtocol } from '../../src/core/relay.ts'
import { generateKey } from '../../src/keys/ed25519.ts'
import type { Member, RelayWorld } from './world.ts'

const reserve = Uint8Array.of(2, 0x08, 0)
const accept = Uint8Array.of(4, 0x08, 1, 0x20, 100)
const connect = (peer: PeerId): Uint8Array => {
  const id = peerIdFromString(peer).toMultihash().bytes
  return Uint8Array.of(id.byteLength + 6, 0x08, 1, 0x12, id.byteLength + 2, 0x0a, id.byteLength, ...id)
}

const answer = (stream: Stream): Promise<Uint8Array> => new Promise((resolve, reject) => {
  stream.addEventListener('message', ({ data }) => { resolve(data.subarray()) }, { once: true })
  stream.addEventListener('close', ({ error }) => { reject(error ?? new Error('It was closed.')) }, { once: true })
})

export interface RawMember {
  readonly peer: PeerId
  /** The circuit that another one opens to it. It is not read. */
  readonly accepted: Promise<Stream>
  /** Opens a circuit. */
  open (peer: PeerId): Promise<Stream>
}

export const rawMember = async (world: RelayWorld, credential: Member['credential'], group: GroupId): Promise<RawMember> => {
  const { libp2p: privateKey, peer } = await generateKey()
  const node = await createLibp2p({ privateKey, transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()], connectionMonitor: { enabled: false } })
  onTestFinished(() => node.stop())
  const accepted = Promise.withResolvers<Stream>()
  await node.handle(RELAY_V2_STOP_CODEC, async stream => {
    await answer(stream)
    stream.pause()
    stream.send(accept)
    accepted.resolve(stream)
  })
  const connection = await node.dial(multiaddr(world.address))
  const ask = async (protocol: string, bytes: Uint8Array): Promise<Stream> => {
    const stream = await connection.newStream(protocol)
    const answered = answer(stream)
    stream.send(bytes)
    await answered
    return stream
  }
  await ask(relayProtocol, relayFrame(await credential(group, { device: peer })))
  await ask(RELAY_V2_HOP_CODEC, reserve)
  return { peer, accepted: accepted.promise, open: to => ask(RELAY_V2_HOP_CODEC, connect(to)) }
}
