/**
 * Both directions of one link: messages to bytes and back, with the rules of the protocol held on either. Owns their meeting: what we ask is noted when it is
 * encoded, so that a block is refused from its header. Uses no clock and no link; decides nothing that the session decides.
 */
import { assert, MalformedError, ShoalError } from '../contract/index.ts'
import type { Message } from '../core/message.ts'
import { createChannels } from './channels.ts'
import { createDecoder } from './decoder.ts'
import type { BlockHeader, Received } from './decoder.ts'
import { encode } from './encoder.ts'
import { ProtocolError } from './error.ts'

export interface CodecOptions {
  /** Memory for a block's data: exactly `length` bytes. @default a new array each time */
  allocate?: (length: number) => Uint8Array
}

export interface Codec {
  /**
   * The bytes of a message, in order; call it in the order of sending. A block's data is among them by reference.
   * @throws ShoalError BUG when it is against the protocol: that is our own mistake
   */
  encode (message: Message): readonly Uint8Array[]
  /**
   * The messages that are complete with this chunk, which may be cut anywhere. Iterate to the end, and act on each message before taking the next: what we
   * send in between counts for what comes after it. To stop in between is to give up the link.
   * @throws ProtocolError when the other side broke the protocol; the link is of no use after it
   */
  decode (chunk: Uint8Array): Generator<Message>
  /** Bytes that came of a block that is not complete yet, since this was last asked. */
  takeProgress (): number
}

export const createCodec = ({ allocate = length => new Uint8Array(length) }: CodecOptions = {}): Codec => {
  const channels = createChannels()
  let saidHello = false
  let heardHello = false
  let decoding = false

  const admit = ({ number, piece, offset, length }: BlockHeader): Uint8Array | undefined => {
    if (channels.receivedHeader(number, { piece, offset, length }) === 'late') return undefined
    const data = allocate(length)
    assert(data.byteLength === length, `allocate gave ${data.byteLength} bytes for ${length}`)
    return data
  }
  const decoder = createDecoder({ admit })

  const greeted = (message: Message, before: boolean): void => {
    if ((message.type === 'hello') === before) throw new ProtocolError(before ? 'A second hello.' : `The first message is ${message.type}, not hello.`)
  }

  /** @returns what the session is to hear of it */
  const receive = ({ message, stamp }: Received): Message | undefined => {
    greeted(message, heardHello)
    heardHello = true
    if (message.type !== 'block') return channels.received(message, stamp)
    // it was judged by its header; since then we may have ended its channel
    return channels.isOpen(message.number) ? message : undefined
  }

  const send = (message: Message): readonly Uint8Array[] => {
    greeted(message, saidHello)
    saidHello = true
    const stamp = channels.stamp(message)
    channels.sent(message, stamp)
    return encode(message, stamp)
  }

  return {
    encode (message) {
      try { return send(message) } catch (cause) {
        if (!(cause instanceof ProtocolError || cause instanceof MalformedError || cause instanceof RangeError)) throw cause
        throw new ShoalError('BUG', `A ${message.type} was to be sent that the protocol does not allow: ${cause.message} Please report it.`, { cause })
      }
    },
    * decode (chunk) {
      assert(!decoding, 'a chunk is decoded before the one before it was read to its end')
      decoding = true
      for (const received of decoder.decode(chunk)) {
        const message = receive(received)
        if (message !== undefined) yield message
      }
      decoding = false
    },
    takeProgress: () => decoder.takeProgress()
  }
}
