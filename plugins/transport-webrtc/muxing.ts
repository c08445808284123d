/**
 * Puts yamux in the place of libp2p's one-data-channel-per-stream: both sides of a connection take one channel, opened by the side that dialed, and close all
 * others. Owns the taking, through what @libp2p/webrtc 6.0.33 keeps to itself of its muxer factory; the channel is in one-channel.ts.
 */
import { yamux } from '@chainsafe/libp2p-yamux'
import { boundedYamux } from 'shoal/plugin'
import type { MultiaddrConnection, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { OneChannel } from './one-channel.ts'
import type { DataChannel } from './one-channel.ts'

interface Early { readonly channel: DataChannel, readonly messages: readonly { readonly data: unknown }[] }

/** libp2p's factory of muxers for one connection, as it is inside. */
interface Inside extends StreamMuxerFactory {
  readonly peerConnection: {
    createDataChannel (label: string): DataChannel
    addEventListener (type: 'datachannel', listener: (event: { readonly channel: DataChannel }) => void): void
  }
  readonly earlyDataChannels: Early[]
  /** Closes the early channels, and listens no more for others. */
  close (): void
}

const isInside = (factory: StreamMuxerFactory): factory is Inside =>
  'peerConnection' in factory && 'earlyDataChannels' in factory && Array.isArray(factory.earlyDataChannels) && 'close' in factory

/** Both sides know it: a channel of another name is not ours. */
const label = 'shoal/yamux/1'

const makeYamux = boundedYamux(yamux)

const muxerOn = (connection: MultiaddrConnection, inside: Inside): StreamMuxer => {
  const { peerConnection, earlyDataChannels } = inside
  const one = new OneChannel(connection)
  const dialed = connection.direction === 'outbound'
  const isOurs = (channel: DataChannel): boolean => !dialed && !one.taken && channel.label === label
  const early = earlyDataChannels.find(({ channel }) => isOurs(channel))
  if (early !== undefined) earlyDataChannels.splice(earlyDataChannels.indexOf(early), 1) // before the rest is closed
  inside.close()
  peerConnection.addEventListener('datachannel', ({ channel }) => {
    if (isOurs(channel)) one.use(channel)
    else channel.close()
  })
  const muxer = makeYamux().createStreamMuxer(one)
  if (dialed) one.use(peerConnection.createDataChannel(label))
  else if (early !== undefined) one.use(early.channel, early.messages.map(({ data }) => data))
  return muxer
}

/** @throws Error when the factory is not that of the version that this is made for */
export const yamuxOver = (connection: MultiaddrConnection, factory: StreamMuxerFactory | undefined): StreamMuxerFactory => {
  if (factory === undefined || !isInside(factory)) throw new Error('This version of @libp2p/webrtc keeps its data channels elsewhere than 6.0.33. Install that one.')
  return { protocol: '/yamux/1.0.0', createStreamMuxer: () => muxerOn(connection, factory) }
}
